/**
 * One hob is to take over from another on a host, and the script that does it there is killed before and after each thing that it changes. Then it is
 * run again, and there is exactly one hob, with the state that it should have. The hobs are stand-ins; real ones are in test/hosts.
 */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { codeOf } from '../../src/errors/gobs-error.ts';
import type { HobRelease } from '../../src/providers/ssh/install/hob-release.ts';
import { takeOverText } from '../../src/providers/ssh/install/take-over-script.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';
import { processesIn } from '../support/e2e/processes-in.ts';
import { makeDoomedShell } from '../support/local-shell.ts';
import { standInRelease } from '../support/stand-in-release.ts';
import { makeInstallerScene, type InstallerScene } from '../providers/ssh/install/installer-scene.ts';

const release = standInRelease('1.0.0');
const newer = standInRelease('1.1.0');
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

const met = async () => (await stat(counter)).size;
describe('taking over, interrupted at any point', () => {
  /** Seconds: for a hob whose boss is there. */
  const LONG = 60;
  const inState = (name: string) => `${scene.prefix}/var/lib/gobs/hob/state/${name}`;
  const starts = async () => new Set((await readFile(inState('starts'), 'utf8')).trim().split('\n'));
  const leftovers = async () =>
    (await scene.tree()).filter((path) => /taking|taken|giving|before|failed|previous|\.new|\.part/.test(path));

  /** A take-over that is killed on the host at a point. */
  const killedTakeOver = async (to: HobRelease, point: number, patience: number) => {
    const { places } = await installer().look();
    await writeFile(counter, '');
    const text = takeOverText({ places, release: to.name, systemctl: undefined, patience });
    await makeDoomedShell(scene.shell, counter, point)
      .run(text)
      .catch(() => undefined);
  };
  const upgradeTo = (to: HobRelease, patience: number) => installer({ release: to, patience }).upgrade();

  test('is done by doing it again', { timeout: 600_000 }, async () => {
    await installer().install('the locator');
    await writeFile(inState('boss-is-there'), '');
    await upgradeTo(newer, LONG);
    const place = `${scene.prefix}/opt/gobs/hobs`;
    const put = async (to: HobRelease, from: HobRelease) =>
      scene.shell.run(
        `mkdir -p ${place}/${to.name} && cp -P ${place}/${from.name}/node ${place}/${to.name}/ && cat >${place}/${to.name}/gobs-hob.mjs`,
        { input: Buffer.from(to.content).toString() },
      );
    await put(release, newer);
    await killedTakeOver(release, 0, LONG);
    const points = await met();
    expect(points).toBeGreaterThan(20);
    for (let point = 1; point <= points; point += 1) {
      const [to, from] = point % 2 === 0 ? [release, newer] : [newer, release];
      await put(to, from);
      await killedTakeOver(to, point, LONG);
      await upgradeTo(to, LONG);
      expect(await installer().look()).toMatchObject({ state: 'running', current: to.name, trying: null });
      expect({ point, left: await leftovers(), processes: await processes() }).toEqual({
        point,
        left: [],
        processes: 2,
      });
    }
  });

  test('leaves the older one its state when the newer one does not reach its boss', { timeout: 600_000 }, async () => {
    await installer().install('the locator');
    expect(codeOf(await upgradeTo(newer, 1).catch((error: unknown) => error))).toBe('PROVIDER_FAILED');
    await killedTakeOver(newer, 0, 1);
    const points = await met();
    expect(points).toBeGreaterThan(20);
    // Each costs the seconds that a hob is waited for.
    for (let point = 1; point <= points; point += 4) {
      await killedTakeOver(newer, point, 1);
      await upgradeTo(newer, 1).catch(() => undefined);
      await installer().start();
      expect(await installer().look()).toMatchObject({ state: 'running', current: release.name, trying: null });
      expect({ point, left: await leftovers(), processes: await processes() }).toEqual({
        point,
        left: [],
        processes: 2,
      });
      expect(await starts()).toEqual(new Set(['1.0.0']));
    }
  });
});
