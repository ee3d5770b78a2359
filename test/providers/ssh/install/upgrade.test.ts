/** One hob takes over from another on a host, or does not. The hobs are stand-ins; test/hosts has real ones. */
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeError } from '../../../../src/errors/gobs-error.ts';
import { processesIn } from '../../../support/e2e/processes-in.ts';
import { makeSandbox, type Sandbox } from '../../../support/e2e/sandbox.ts';
import { standInRelease } from '../../../support/stand-in-release.ts';
import { makeInstallerScene, type InstallerScene } from './installer-scene.ts';

const older = standInRelease('1.0.0');
const newer = standInRelease('1.1.0');
const machine = { machineId: 'm1', boss: 'b'.repeat(52) };

let sandbox: Sandbox;
let scene: InstallerScene;
beforeEach(async () => {
  sandbox = await makeSandbox();
  scene = await makeInstallerScene(sandbox, older);
  await scene.installer(machine).install('the locator');
});
afterEach(() => sandbox.end());

const withRelease = (release = newer, patience = 60) => scene.installer(machine, { release, patience });
const state = (name: string) => `${scene.prefix}/var/lib/gobs/hob/state/${name}`;
const letBossIn = () => writeFile(state('boss-is-there'), '');
const starts = async () => (await readFile(state('starts'), 'utf8')).trim().split('\n');
const hobs = () => readdir(`${scene.prefix}/opt/gobs/hobs`);
const leftovers = async () =>
  (await scene.tree()).filter((path) => /taking|taken|giving|before|failed|previous|\.new|\.part/.test(path));

describe('a newer hob', () => {
  test('takes over once it has reached its boss and reported; what the older one needed goes', async () => {
    await letBossIn();
    expect(await withRelease().upgrade()).toBe('upgraded');
    expect(await withRelease().look()).toMatchObject({ state: 'running', current: newer.name, releases: [newer.name] });
    expect(await starts()).toEqual(['1.0.0', '1.1.0']);
    expect(await leftovers()).toEqual([]);
    expect(await processesIn(scene.prefix)).toHaveLength(2);
    expect(await withRelease().upgrade()).toBe('current');
  });

  test('that does not is given up: the older one goes on, with its state as it was', async () => {
    const { message } = describeError(
      await withRelease(newer, 2)
        .upgrade()
        .catch((error: unknown) => error),
    );
    expect(message).toBe(
      'here: the new hob has not taken over, and the one that was there goes on: within 2 seconds it did not reach its boss and report',
    );
    await scene.installer(machine).start();
    expect(await withRelease().look()).toMatchObject({ state: 'running', current: older.name, trying: null });
    // What the newer one wrote is not there any more.
    expect(await starts()).toEqual(['1.0.0', '1.0.0']);
    expect(await leftovers()).toEqual([]);
    expect(await hobs()).toContain(older.name);
    await letBossIn();
    expect(await withRelease().upgrade()).toBe('upgraded');
  });

  test('that cannot be loaded there changes nothing', async () => {
    const broken = { ...standInRelease('1.1.0', 'syntax error'), version: '1.1.0' };
    const { code, message } = describeError(
      await withRelease(broken)
        .upgrade()
        .catch((error: unknown) => error),
    );
    expect({ code, message }).toMatchObject({
      code: 'HOST_RUNTIME_UNSUPPORTED',
      message: expect.stringContaining('SyntaxError') as string,
    });
    expect(await withRelease().look()).toMatchObject({ state: 'running', current: older.name });
    expect(await starts()).toEqual(['1.0.0']);
  });

  test('takes over in the middle of another take-over, which is given up, also where that was interrupted', async () => {
    await letBossIn();
    const { current } = await withRelease().look();
    // As a host that went down leaves it: the other is tried, and nobody waits for it.
    const other = standInRelease('1.0.5');
    await mkdir(`${scene.prefix}/opt/gobs/hobs/${other.name}`);
    await scene.shell
      .run(`cd ${scene.prefix}/opt/gobs && cp hobs/${older.name}/* hobs/${other.name} && ln -s hobs/${current} previous && ln -sfn hobs/${other.name} current
      cd ${scene.prefix}/var/lib/gobs/hob && echo ${other.name} >taking-over && cp -a state state.before && echo 1.0.5 >>state/starts`);
    expect(await withRelease().upgrade()).toBe('upgraded');
    expect(await withRelease().look()).toMatchObject({ current: newer.name, releases: [newer.name], trying: null });
    expect(await starts()).not.toContain('1.0.5');
    expect(await leftovers()).toEqual([]);
  });
});
