/** What was deleted on a host comes back when its machine is started, as long as the hob's state is there. The hobs are stand-ins. */
import { readFile, rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeError } from '../../../../src/errors/gobs-error.ts';
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

const withRelease = (release = newer) => scene.installer(machine, { release });
const at = (path: string) => `${scene.prefix}/${path}`;
const lose = (path: string) => rm(at(path), { recursive: true });
const starts = async () => (await readFile(at('var/lib/gobs/hob/state/starts'), 'utf8')).trim().split('\n');

describe('a hob that was deleted on its host', () => {
  test.each([
    ['its programs', ['opt/gobs'], '1.1.0'],
    ['the hobs', ['opt/gobs/hobs'], '1.1.0'],
    ['what chooses the hob', ['opt/gobs/current'], '1.1.0'],
    ['what starts it', ['opt/gobs/supervise'], '1.0.0'],
  ])('comes back by a start: %s', async (_, paths, version) => {
    await withRelease().stop();
    for (const path of paths) await lose(path);
    expect(await withRelease().look()).toMatchObject({ state: 'broken', hasState: true });
    await withRelease().start();
    expect(await withRelease().look()).toMatchObject({ state: 'running' });
    expect(await starts()).toEqual(['1.0.0', version]);
  });

  test('comes back if the runtime that it was started with has gone', async () => {
    await withRelease().stop();
    await rm(at(`opt/gobs/hobs/${older.name}/node`));
    await withRelease(older).start();
    expect(await starts()).toEqual(['1.0.0', '1.0.0']);
  });

  test('is made whole where it still runs', async () => {
    await lose('opt/gobs');
    await withRelease().start();
    expect(await withRelease().look()).toMatchObject({ state: 'running', current: newer.name });
    expect(await starts()).toEqual(['1.0.0']);
    await withRelease().stop();
    await withRelease().start();
    expect(await starts()).toEqual(['1.0.0', '1.1.0']);
  });

  test('comes back by another creation, of a boss that has another release', async () => {
    await withRelease().stop();
    await lose('opt/gobs/hobs');
    await withRelease().install('another locator');
    expect(await starts()).toEqual(['1.0.0', '1.1.0']);
  });

  test('with its state is lost: whoever starts or makes it is told what to do, and nothing is put there', async () => {
    await withRelease().stop();
    await lose('opt/gobs');
    await lose('var/lib/gobs/hob/state');
    const before = await scene.tree();
    expect(await withRelease().look()).toMatchObject({ state: 'broken' });
    for (const attempt of [() => withRelease().start(), () => withRelease().install('another locator')]) {
      expect(describeError(await attempt().catch((error: unknown) => error))).toMatchObject({
        code: 'PROVIDER_FAILED',
        message: `here: the state of the hob of machine m1 is gone from ${at('var/lib/gobs/hob')}`,
        hint: 'destroy it, and create it again',
      });
    }
    expect(await scene.tree()).toEqual(before);
    expect(await withRelease().uninstall()).toEqual({ remains: [] });
  });
});
