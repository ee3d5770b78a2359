/**
 * What is put on a host, or taken away, is interrupted: the script that does it is killed before and after each thing that it changes. Then it is done
 * again, or undone, and there is exactly what should be. The hob is a stand-in; real ones are in installer.test.ts and test/hosts.
 */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { codeOf } from '../../src/errors/gobs-error.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';
import { processesIn } from '../support/e2e/processes-in.ts';
import { makeDoomedShell } from '../support/local-shell.ts';
import { standInRelease } from '../support/stand-in-release.ts';
import { makeInstallerScene, type InstallerScene } from '../providers/ssh/install/installer-scene.ts';

const release = standInRelease('1.0.0');
const machine = { machineId: 'm1', boss: 'b'.repeat(52) };

let sandbox: Sandbox;
let scene: InstallerScene;
let counter: string;
beforeEach(async () => {
  sandbox = await makeSandbox();
  scene = await makeInstallerScene(sandbox, release);
  counter = sandbox.at('points');
});
afterEach(() => sandbox.end());

const installer = (given = {}) => scene.installer(machine, given);
const processes = async () => (await processesIn(scene.prefix)).length;

/** An installer whose connection is lost at a point; \`met\` says how many points there were. */
const doomed = async (last: number) => {
  await writeFile(counter, '');
  return installer({ shell: makeDoomedShell(scene.shell, counter, last) });
};
const met = async () => (await stat(counter)).size;
const loses = async (work: Promise<unknown>) =>
  expect(codeOf(await work.catch((error: unknown) => error))).toBe('HOST_UNREACHABLE');

/** All that is there of a whole hob that runs; the same whatever came before. */
const whole = async () => ({
  tree: await scene.tree(),
  processes: await processes(),
  received: await readFile(`${scene.prefix}/var/lib/gobs/hob/state/received`, 'utf8'),
});

const isGone = async () => {
  expect(await installer().look()).toMatchObject({ state: 'absent' });
  expect((await scene.tree()).filter((path) => /gobs|hob/.test(path))).toEqual([]);
  expect(await processes()).toBe(0);
};

describe('installing, interrupted at any point', () => {
  test('is made whole by doing it again, and undone by uninstalling', { timeout: 600_000 }, async () => {
    await (await doomed(0)).install('the locator');
    const points = await met();
    expect(points).toBeGreaterThan(30);
    const wanted = await whole();
    expect(wanted.processes).toBe(2);
    for (let point = 1; point <= points; point += 1) {
      await installer().uninstall();
      await isGone();
      await loses((await doomed(point)).install('an older locator'));
      if (point % 2 === 0) {
        expect(await installer().uninstall()).toEqual({ remains: [] });
        await isGone();
        await loses((await doomed(point)).install('an older locator'));
      }
      await installer().install('the locator');
      expect({ point, ...(await whole()) }).toEqual({
        point,
        ...wanted,
        received: expect.stringMatching(/^(the|an older) locator\n$/) as string,
      });
      expect(await installer().look()).toMatchObject({ state: 'running' });
    }
  });
});

describe('uninstalling, interrupted at any point', () => {
  test('is done by doing it again, and another machine can have the host', { timeout: 600_000 }, async () => {
    await installer().install('the locator');
    await (await doomed(0)).uninstall();
    const points = await met();
    expect(points).toBeGreaterThan(10);
    const other = scene.installer({ machineId: 'm2', boss: machine.boss });
    for (let point = 1; point <= points; point += 1) {
      await installer().install('the locator');
      await loses((await doomed(point)).uninstall());
      if ((await installer().look()).owner === null) {
        await other.install('the locator');
        expect(await other.look()).toMatchObject({ state: 'running' });
        expect(await processes()).toBe(2);
        await other.uninstall();
      } else {
        expect(await installer().uninstall()).toEqual({ remains: [] });
      }
      await isGone();
    }
  });
});
