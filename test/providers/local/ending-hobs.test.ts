/** Whom the local provider ends, how, and above all whom not. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import process from 'node:process';
import { beforeEach, describe, expect, it } from 'vitest';
import { formatHobPid, parseProcessStat } from '../../../src/protocol/machine-directory.ts';
import { standInHob } from '../../support/local-world.ts';
import {
  create,
  ended,
  failureOf,
  hobsOf,
  isAlive,
  makeDriver,
  pathsOf,
  pidOf,
  startIdle,
  statOf,
  useLocalScene,
} from './local-scene.ts';
import { machineRef } from '../../support/machine-ref.ts';

useLocalScene();

describe('a process that is not the hob', () => {
  const expectLeftAlone = async (child: ChildProcess) => {
    const driver = makeDriver();
    expect(await driver.find(machineRef('m1'))).toEqual({ machineId: 'm1', state: 'stopped' });
    await driver.stop(machineRef('m1'));
    await driver.destroy(machineRef('m1'));
    expect(isAlive(child)).toBe(true);
  };

  beforeEach(async () => {
    await create();
    await makeDriver().stop(machineRef('m1'));
  });

  it('is left alone if it was given the number of a hob that ended', async () => {
    const child = await startIdle('--directory', pathsOf('m1').directory);
    const startTime = parseProcessStat(await statOf(child.pid!))!.startTime - 1;
    await fs.writeFile(pathsOf('m1').hobPid, JSON.stringify({ pid: child.pid, startTime }));
    await expectLeftAlone(child);
  });

  it("is left alone if the directory is a copy and it is the original's hob", async () => {
    await create(makeDriver(), 'm2');
    await fs.copyFile(pathsOf('m2').hobPid, pathsOf('m1').hobPid);
    const hobs = await hobsOf('m2');
    const driver = makeDriver();
    expect(await driver.find(machineRef('m1'))).toEqual({ machineId: 'm1', state: 'stopped' });
    await driver.stop(machineRef('m1'));
    await driver.destroy(machineRef('m1'));
    expect(await hobsOf('m2')).toEqual(hobs);
  });

  it('is left alone if somebody at a terminal names the directory', async () => {
    await expectLeftAlone(await startIdle('--directory', pathsOf('m1').directory));
  });

  it.runIf(process.getuid!() === 0)("is left alone if it is another user's", async () => {
    const words = ['-e', 'setTimeout(() => {}, 300_000)', '--', '--directory', pathsOf('m1').directory];
    const child = ended(spawn(process.execPath, words, { detached: true, stdio: 'ignore', uid: 65_534, cwd: '/' }));
    await once(child, 'spawn');
    await fs.writeFile(pathsOf('m1').hobPid, formatHobPid(await statOf(child.pid!)));
    await expectLeftAlone(child);
  });

  it('is left alone if the note is unreadable', async () => {
    await fs.writeFile(pathsOf('m1').hobPid, 'not json');
    await expectLeftAlone(await startIdle());
  });

  it('is the hob all the same if somebody started it at a terminal and it has the lock', async () => {
    const child = await startIdle('--directory', pathsOf('m1').directory, '--json');
    await fs.writeFile(pathsOf('m1').hobPid, formatHobPid(await statOf(child.pid!)));
    const driver = makeDriver();
    expect(await driver.find(machineRef('m1'))).toEqual({ machineId: 'm1', state: 'running' });
    const ended = once(child, 'exit');
    await driver.stop(machineRef('m1'));
    expect(await ended).toEqual([null, 'SIGTERM']);
  });
});

describe('a hob that does not stop', () => {
  it('is killed after a deadline', async () => {
    await create(makeDriver({ hobCommand: [...standInHob, '--deaf'] }));
    const signals: string[] = [];
    let time = 0;
    const impatient = makeDriver({
      now: () => (time += 5_000),
      kill: (pid, signal) => {
        signals.push(signal);
        process.kill(pid, signal);
      },
    });
    await impatient.stop(machineRef('m1'));
    expect(signals).toEqual(['SIGTERM', 'SIGKILL']);
    expect(await hobsOf('m1')).toEqual([]);
  });

  it('is an error if it cannot be killed', async () => {
    await create();
    let time = 0;
    const powerless = makeDriver({ now: () => (time += 5_000), kill: () => {} });
    const failure = failureOf(powerless.destroy(machineRef('m1')));
    expect(await failure).toMatchObject({ code: 'PROVIDER_FAILED' });
    expect((await failure).message).toContain(`process ${await pidOf('m1')} cannot be ended`);
    expect(await makeDriver().find(machineRef('m1'))).toEqual({ machineId: 'm1', state: 'broken' });
  });
});
