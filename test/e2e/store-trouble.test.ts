/**
 * The medium fails under a boss that runs: what would change something is refused with a typed error, nothing is acknowledged that is not kept, reads go on,
 * and once the cause is gone the boss goes on by itself, or says what to do. Issue 3, done when 2.
 */
import { E } from '@endo/far';
import { existsSync, renameSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { codeOf, describeError } from '../../src/errors/gobs-error.ts';
import type { Boss, MachineAdmin } from '../../src/protocol/remotes.ts';
import { mountFailingDisk } from '../support/failing-disk.ts';
import { enliven, gobs, launchBoss, startBoss, type ServingBoss } from '../support/e2e/gobs.ts';
import { fileOnce } from '../support/e2e/machine-files.ts';
import { killProcessesIn } from '../support/e2e/processes-in.ts';
import { commitsOf } from '../support/e2e/rows-of.ts';
import { makeSandbox, type Ran, type Sandbox } from '../support/e2e/sandbox.ts';
import { mountSmallDisk } from '../support/small-disk.ts';

vi.setConfig({ testTimeout: 180_000 });

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await makeSandbox();
});
afterEach(() => sandbox.end());

/** A boss with a machine, and all that it has acknowledged. */
interface Scene {
  boss: ServingBoss;
  readonly admin: Boss;
  readonly machine: MachineAdmin;
  /** Locators that were given. */
  readonly locators: string[];
}

const makeScene = async (state: string): Promise<Scene> => {
  const boss = await startBoss(sandbox, { state });
  const created = await boss.gobs('machine', 'create', 'web1', '--provider', 'local');
  expect(created).toMatchObject({ code: 0 });
  expect(await setSecret(boss.state, 'before')).toMatchObject({ code: 0 });
  const admin = await boss.admin();
  const machine = await E(admin).machine('web1');
  return { boss, admin, machine, locators: [await E(admin).locatorFor(machine)] };
};

const setSecret = (state: string, name: string) =>
  gobs(sandbox, ['secret', 'set', name, '--state', state], { stdin: 'a text that is secret' });

/** Until one is refused: LevelDB's log may have room left, and the first that is refused may have been written all the same. */
const giveUntilRefused = async ({ admin, machine, locators }: Scene): Promise<unknown> => {
  for (;;) {
    try {
      locators.push(await E(admin).locatorFor(machine));
    } catch (error) {
      return error;
    }
  }
};

/** Every command that would change something, and none of them does. `about`: what it must say. */
const expectChangesRefused = async ({ boss: { state, gobs: ask } }: Scene, about: RegExp): Promise<void> => {
  const document = await sandbox.write('fleet.yaml', 'machines:\n  web3: { provider: local }\n');
  const tried = {
    create: await ask('machine', 'create', 'web2', '--provider', 'local'),
    apply: await ask('apply', document),
    share: await ask('share', 'web1', '--as', 'observer'),
    stop: await ask('machine', 'stop', 'web1'),
    secret: await setSecret(state, 'meanwhile'),
    remove: await ask('secret', 'remove', 'before'),
    destroy: await ask('machine', 'destroy', 'web1', '--yes'),
  };
  for (const [name, { code, stderr }] of Object.entries(tried)) {
    expect({ name, code, stderr }).toEqual({ name, code: 1, stderr: expect.stringMatching(about) as string });
    expect(stderr).toMatch(/^gobs: COMMIT_FAILED: /);
  }
};

const names = (text: string): string[] =>
  (JSON.parse(text) as (string | { name: string })[]).map((each) => (typeof each === 'string' ? each : each.name));

/** A read whose turn comes just while a write fails (the boss tries one every five seconds) hears of that, and is asked again. */
const read = async ({ gobs: ask }: ServingBoss, ...words: readonly string[]): Promise<Ran> => {
  const ran = await ask(...words);
  return ran.code === 1 && /^gobs: COMMIT_FAILED: .*\nhint: /.test(ran.stderr) ? ask(...words) : ran;
};

/** What was there before is, and no more. */
const expectAsBefore = async ({ boss, locators }: Scene, secrets: readonly string[] = ['before']): Promise<void> => {
  const list = await read(boss, 'machine', 'list', '--json');
  expect(list).toMatchObject({ code: 0, stderr: '' });
  expect(names(list.stdout)).toEqual(['web1']);
  expect(await read(boss, 'machine', 'show', 'web1')).toMatchObject({ code: 0 });
  const kept = await read(boss, 'secret', 'list', '--json');
  expect(names(kept.stdout)).toEqual(secrets);
  for (const locator of locators.slice(-5)) {
    const look = async () => E(await enliven<MachineAdmin>(sandbox, locator)).status();
    expect(await look().catch(look)).toMatchObject({ name: 'web1' });
  }
};

/** Nobody asks anything of the boss. */
const goesOnByItself = async ({ state }: ServingBoss, before: number): Promise<void> => {
  await fileOnce(`${state}/commits`, (text) => Number.parseInt(text ?? '', 10) > before);
};

/** It was killed, and what it acknowledged is there. */
const expectKept = async (scene: Scene, secrets: readonly string[]): Promise<void> => {
  await scene.boss.kill();
  scene.boss = await startBoss(sandbox, { state: scene.boss.state });
  await expectAsBefore(scene, secrets);
  expect(await setSecret(scene.boss.state, 'after')).toMatchObject({ code: 0 });
  expect(await scene.boss.gobs('down', '--all')).toMatchObject({ code: 0 });
};

describe('under a boss that runs', () => {
  test('a disk becomes full, and has room again', async (context) => {
    const disk = await mountSmallDisk({ size: '32m' });
    if ('reason' in disk) return context.skip(disk.reason);
    try {
      const scene = await makeScene(`${disk.path}/state`);
      disk.fill();
      expect(codeOf(await giveUntilRefused(scene))).toBe('COMMIT_FAILED');
      await expectChangesRefused(scene, /ENOSPC.*\nhint: make room on that file system, then try again/);
      await expectAsBefore(scene);
      const before = commitsOf(scene.boss.state);
      disk.makeRoom();
      await goesOnByItself(scene.boss, before);
      expect(await setSecret(scene.boss.state, 'again')).toMatchObject({ code: 0 });
      await expectAsBefore(scene, ['again', 'before']);
      await expectKept(scene, ['again', 'before']);
    } finally {
      await killProcessesIn(disk.path);
      await disk.unmount();
    }
  });

  test('a file system becomes read-only: until it is mounted anew, and the boss started anew', async (context) => {
    const disk = await mountFailingDisk();
    if ('reason' in disk) return context.skip(disk.reason);
    try {
      const scene = await makeScene(`${disk.path}/state`);
      disk.fail();
      expect(codeOf(await giveUntilRefused(scene))).toBe('COMMIT_FAILED');
      await expectChangesRefused(scene, /EROFS.*\nhint: make that file system writable, then try again/);
      await expectAsBefore(scene);
      await scene.boss.kill();
      const another = launchBoss(sandbox, { state: scene.boss.state });
      expect(await another.ended).toMatchObject({ code: 1 });
      expect(another.stderr.text).toMatch(/STORE_UNUSABLE: .*\(EROFS\)\nhint: /);
      await killProcessesIn(disk.path);
      await disk.mend();
      await expectKept(scene, ['before']);
    } finally {
      await killProcessesIn(disk.path);
      await disk.unmount();
    }
  });

  test('the state directory goes away, and comes back', async () => {
    const scene = await makeScene(sandbox.at('state'));
    const { boss, admin, machine } = scene;
    const before = commitsOf(boss.state);
    renameSync(boss.state, sandbox.at('aside'));
    const refused = /the store is not there any more: it was moved away or removed/;
    const hint = expect.stringMatching(/^put it back where it was, and it goes on/) as string;
    await expect(E(admin).locatorFor(machine)).rejects.toThrow(refused);
    for (const change of [
      () => E(admin).createMachine('web2', { provider: 'local' }),
      () => E(machine).stop(),
      () => E(admin).locatorFor(machine),
    ]) {
      const failure = await change().then(String, (error: unknown) => error);
      const message = expect.stringMatching(refused) as string;
      expect(describeError(failure)).toEqual({ code: 'COMMIT_FAILED', message, hint });
    }
    // Reads go on, for who is connected; others find no boss there, and none is made.
    const look = () => Promise.all([E(admin).machines(), E(machine).status()]);
    expect(await look().catch(look)).toMatchObject([[{ name: 'web1' }], { name: 'web1' }]);
    for (const words of [
      ['machine', 'create', 'web3', '--provider', 'local'],
      ['machine', 'list'],
    ]) {
      const stderr = expect.stringMatching(/^gobs: BOSS_NOT_RUNNING: /) as string;
      expect(await boss.gobs(...words)).toMatchObject({ code: 1, stderr });
    }
    expect(existsSync(boss.state)).toBe(false);

    renameSync(sandbox.at('aside'), boss.state);
    await goesOnByItself(boss, before);
    await expectAsBefore(scene);
    expect(await setSecret(boss.state, 'again')).toMatchObject({ code: 0 });
    await expectKept(scene, ['again', 'before']);
  });
});
