/** The local provider in a process of its own that is killed with SIGKILL, for what the contract suite's feigned deaths cannot show. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectGone, expectHonest, expectRunning, requestFor } from '../../contracts/provider.ts';
import { makeLocalWorld, type LocalWorld } from '../../support/local-world.ts';
import { machineRef } from '../../support/machine-ref.ts';

let world: LocalWorld;
beforeEach(async () => {
  world = await makeLocalWorld();
});
afterEach(() => world.close());

const script = fileURLToPath(new URL('../../support/doomed-boss.ts', import.meta.url));
/** Node marks the descriptors up to 16 to be closed; this one it passes on. */
const HIGH = 20;

const runBoss = async (effects: number, ...methods: readonly string[]) => {
  const stdio = Array.from({ length: HIGH + 1 }, (_, at) => (at === 2 || at === HIGH ? 'pipe' : 'ignore') as 'pipe');
  const boss = spawn(process.execPath, [script, world.base, String(effects), ...methods], { stdio });
  const inherited = text((boss.stdio as readonly unknown[])[HIGH] as Readable);
  const said = text(boss.stderr!);
  const [code, signal] = (await once(boss, 'exit')) as [number | null, string | null];
  if (code !== 0 && signal !== 'SIGKILL') throw Error(await said);
  await inherited;
  return signal === 'SIGKILL' ? 'killed' : 'ended';
};

describe('a boss in a process of its own', () => {
  it('is outlived by its hobs, which keep nothing open that it had inherited', async () => {
    expect(await runBoss(Infinity, 'create')).toBe('ended');
    await expectRunning(world, world.makeDriver(), 'm1');
  });

  it('can be killed at every step of create', async () => {
    for (let effects = 0; (await runBoss(effects, 'create')) === 'killed'; effects += 1) {
      await expectHonest(world, world.makeDriver(), 'm1');
      await world.makeDriver().create(requestFor(world, 'm1'));
      await expectRunning(world, world.makeDriver(), 'm1');
      await world.makeDriver().destroy(machineRef('m1'));
      await expectGone(world, world.makeDriver(), 'm1');
      expect(await world.pids()).toEqual([]);
    }
  });
});
