/** What the local provider gives to the hobs that it starts, and what becomes of those that do not start as they should. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import { createServer } from 'node:net';
import process from 'node:process';
import { beforeEach, describe, expect, it } from 'vitest';
import { formatHobPid, parseProcessStat } from '../../../src/protocol/machine-directory.ts';
import { makeLocalProvider } from '../../../src/providers/local/local-provider.ts';
import { makeLife } from '../../support/life.ts';
import { localPowers, standInHob } from '../../support/local-world.ts';
import {
  base,
  create,
  ended,
  failureOf,
  hobsOf,
  makeDriver,
  makePipe,
  pathsOf,
  pidOf,
  start,
  statOf,
  tracesOf,
  useLocalScene,
} from './local-scene.ts';
import { machineRef } from '../../support/machine-ref.ts';

useLocalScene();

describe('what a hob is given', () => {
  it('is a session of its own, its directory, and a log', async () => {
    await create();
    const pid = await pidOf('m1');
    expect(parseProcessStat(await statOf(pid))).toMatchObject({ pid, session: pid });
    expect(await fs.readlink(`/proc/${pid}/cwd`)).toBe(pathsOf('m1').directory);
    expect(await fs.readlink(`/proc/${pid}/fd/0`)).toBe('/dev/null');
    expect(await fs.readlink(`/proc/${pid}/fd/1`)).toBe(pathsOf('m1').log);
    expect(await fs.readlink(`/proc/${pid}/fd/2`)).toBe(pathsOf('m1').log);
  });

  it('is no secret in its command line or environment, and little else there', async () => {
    const environment = { ...process.env, TOKEN_OF_A_CLOUD: 'hunter2', NODE_OPTIONS: '--no-warnings' };
    await create(makeDriver({ environment }));
    const pid = await pidOf('m1');
    const words = (await fs.readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').slice(0, -1);
    expect(words).toEqual([...standInHob, '--directory', pathsOf('m1').directory]);
    const variables = (await fs.readFile(`/proc/${pid}/environ`, 'utf8')).split('\0').filter((text) => text !== '');
    expect(variables).toContain(`PATH=${process.env.PATH}`);
    for (const variable of variables) expect(variable).toMatch(/^(PATH|HOME|USER|LOGNAME|LANG|LC_ALL|TZ|TMPDIR)=/);
  });

  it('is none of the files and sockets that the boss has open', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const linksOf = async (pid: number) => {
      const names = await fs.readdir(`/proc/${pid}/fd`);
      return Promise.all(names.map((name) => fs.readlink(`/proc/${pid}/fd/${name}`).catch(() => '')));
    };
    await create();
    const isPrivate = (link: string) => /^(socket|pipe):/.test(link);
    const ours = (await linksOf(process.pid)).filter(isPrivate);
    const theirs = (await linksOf(await pidOf('m1'))).filter(isPrivate);
    server.close();
    expect(ours).not.toEqual([]);
    expect(theirs.filter((link) => ours.includes(link))).toEqual([]);
  });
});

describe('a hob that does not start', () => {
  it('fails the create with its last words and where to read more; the machine can be started later', async () => {
    const failing = makeDriver({ hobCommand: [...standInHob, '--fail', 'NEWER_FORMAT: no'] });
    const { code, message, hint } = await failureOf(create(failing));
    expect([code, hint]).toEqual(['PROVIDER_FAILED', `see ${pathsOf('m1').log}`]);
    expect(message).toContain('it said: NEWER_FORMAT: no');
    expect(await failing.find(machineRef('m1'))).toEqual({ machineId: 'm1', state: 'stopped' });
    await makeDriver().start(machineRef('m1'));
    expect(await hobsOf('m1')).toHaveLength(1);
  });

  it('fails the create if there is no such program', async () => {
    const { code, message } = await failureOf(create(makeDriver({ hobCommand: ['/nowhere/hob'] })));
    expect(code).toBe('PROVIDER_FAILED');
    expect(message).toContain('/nowhere/hob');
  });

  it('is waited for also while its command line cannot be read yet', async () => {
    let isYoung = true;
    const readFile = (async (path: string, encoding: 'utf8') =>
      isYoung && path.endsWith('/cmdline') ? '' : fs.readFile(path, encoding)) as typeof fs.readFile;
    const setTimer = (callback: () => void, milliseconds: number) => {
      isYoung = false;
      const timer = setTimeout(callback, milliseconds);
      return () => clearTimeout(timer);
    };
    await create(makeLocalProvider({ ...localPowers(base()), fs: { ...fs, readFile }, setTimer }));
    expect(await hobsOf('m1')).toHaveLength(1);
  });

  it('is given up after a deadline, and is waited for again when create is repeated', async () => {
    const gate = await makePipe('gate');
    let time = 0;
    const now = () => (time += 30_000);
    const slow = makeDriver({ hobCommand: [...standInHob, '--wait-for', gate], now });
    expect((await failureOf(create(slow))).message).toContain('not ready after 60 s');
    const again = create();
    await fs.writeFile(gate, '');
    await again;
    expect(await hobsOf('m1')).toHaveLength(1);
  });
});

describe('a hob that was started by a boss that was killed at once', () => {
  let gate: string;
  beforeEach(async () => {
    gate = await makePipe('gate');
    const hobCommand = [...standInHob, '--wait-for', gate];
    const life = makeLife();
    const lastDeed = ((...args: Parameters<typeof spawn>) => {
      const child = spawn(...args);
      life.end();
      return child;
    }) as typeof spawn;
    expect((await failureOf(create(makeDriver({ hobCommand, spawn: lastDeed }, life)))).message).toContain('dead');
    expect(await hobsOf('m1')).toHaveLength(1);
    expect(await fs.readdir(pathsOf('m1').directory)).not.toContain('hob.pid');
  });

  it('is found and waited for, not doubled', async () => {
    expect(await makeDriver().find(machineRef('m1'))).toEqual({ machineId: 'm1', state: 'running' });
    const hobs = await hobsOf('m1');
    const created = create();
    await fs.writeFile(gate, '');
    await created;
    expect(await hobsOf('m1')).toEqual(hobs);
  });

  it('is stopped', async () => {
    await makeDriver().stop(machineRef('m1'));
    expect(await hobsOf('m1')).toEqual([]);
  });

  it('is ended when its machine is destroyed', async () => {
    await makeDriver().destroy(machineRef('m1'));
    expect(await tracesOf('m1')).toEqual([]);
  });

  it('is listed and ended also if its directory was removed by hand', async () => {
    const [lost] = await hobsOf('m1');
    await fs.rm(pathsOf('m1').directory, { recursive: true });
    expect(await makeDriver().list()).toEqual([{ machineId: 'm1', state: 'broken' }]);
    await create();
    expect(await hobsOf('m1')).toHaveLength(1);
    expect(await hobsOf('m1')).not.toContain(lost);
    await fs.rm(pathsOf('m1').directory, { recursive: true });
    await makeDriver().destroy(machineRef('m1'));
    expect(await tracesOf('m1')).toEqual([]);
  });
});

describe('of two hobs in one directory', () => {
  it('one stays, whoever started them', async () => {
    const hobs: ChildProcess[] = [];
    const exits: Promise<ChildProcess>[] = [];
    const twice = ((...args: Parameters<typeof spawn>) => {
      const pair = [spawn(...args), spawn(...args)] as const;
      hobs.push(...pair.map(ended));
      exits.push(...pair.map((child) => once(child, 'exit').then(() => child)));
      return pair[1];
    }) as typeof spawn;
    await create(makeDriver({ spawn: twice }));
    const loser = await Promise.race(exits);
    const [winner] = hobs.filter((child) => child !== loser);
    expect(await hobsOf('m1')).toEqual([`process ${winner!.pid}`]);
    expect(await fs.readFile(pathsOf('m1').hobPid, 'utf8')).toBe(formatHobPid(await statOf(winner!.pid!)));
  });

  it('the one that has the lock is waited for when ours has lost', async () => {
    const [forOurs, forOther] = await Promise.all([makePipe('ours'), makePipe('other')]);
    let ours: ChildProcess | undefined;
    let other: ChildProcess | undefined;
    const both = ((program: string, words: readonly string[], options: SpawnOptions) => {
      const [script = '', ...rest] = words;
      other = ended(spawn(program, [script, '--pause', forOther, ...rest], options));
      ours = spawn(program, [script, '--wait-for', forOurs, ...rest], options);
      return ours;
    }) as typeof spawn;
    let looksAfterwards = 0;
    let lookedAgain = () => {};
    const looked = new Promise<void>((resolve) => {
      lookedAgain = resolve;
    });
    const setTimer = (callback: () => void, milliseconds: number) => {
      if (ours?.exitCode === 1) looksAfterwards += 1;
      if (looksAfterwards === 2) lookedAgain();
      const timer = setTimeout(callback, milliseconds);
      return () => clearTimeout(timer);
    };
    const created = create(makeDriver({ spawn: both, setTimer }));
    const otherHasLock = await fs.open(forOther, 'w');
    await fs.writeFile(forOurs, '');
    await Promise.race([looked, created]);
    await otherHasLock.close();
    await created;
    expect(await hobsOf('m1')).toEqual([`process ${other!.pid}`]);
  });

  it('the second ends by itself, also in a machine that was destroyed', async () => {
    await create();
    const hobs = await hobsOf('m1');
    const again = await start([...standInHob, '--directory', pathsOf('m1').directory]);
    expect(await once(again, 'exit')).toEqual([1, null]);
    expect(await hobsOf('m1')).toEqual(hobs);
    await makeDriver().destroy(machineRef('m1'));
    const late = await start([...standInHob, '--directory', pathsOf('m1').directory]);
    expect(await once(late, 'exit')).toEqual([1, null]);
    expect(await tracesOf('m1')).toEqual([]);
  });
});
