/** Two boss processes on one state directory, also over a hard kill of the first: never both. Issue 3, done when 5. */
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { launchBoss, startBoss } from '../support/e2e/gobs.ts';
import { makeSandbox, type Running, type Sandbox } from '../support/e2e/sandbox.ts';
import { readWitness } from '../support/one-holder.ts';

const rounds = 12;
const atOnce = 2;
const program = fileURLToPath(new URL('../support/e2e/witness-boss.ts', import.meta.url));

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await makeSandbox();
});
afterEach(() => sandbox.end());

const witnessAt = (): string => sandbox.at('witness');
const launch = (...more: string[]): Running =>
  sandbox.start(process.execPath, [program, sandbox.at('state'), witnessAt(), ...more]);

/** Whether it serves; if not, it was told that another has the store. */
const serves = async (boss: Running): Promise<boolean> => {
  const served = await boss.stdout.said('"ready":true').then(
    () => true,
    () => false,
  );
  if (served) return true;
  expect(await boss.ended).toMatchObject({ code: 1 });
  expect(boss.stderr.text).toMatch(/^gobs: STORE_IN_USE: .* has the store open\n$/);
  return false;
};

/** Of so many that start at once. */
const serving = async (bosses: readonly Running[]): Promise<readonly Running[]> => {
  const outcomes = await Promise.all(bosses.map(serves));
  return bosses.filter((_boss, at) => outcomes[at]);
};

test('of bosses that start at once, and over a hard kill of the one that serves, one serves and the others are told', async () => {
  const crowd = () => Array.from({ length: atOnce }, () => launch());
  const holders: number[] = [];
  let tries = 0;
  let startTime = 0;
  let holder: Running | undefined;
  let overKill = 0;
  for (let round = 1; round <= rounds; round += 1) {
    let next: readonly Running[] = [];
    for (let attempt = 1; next.length === 0; attempt += 1) {
      const bosses = crowd();
      tries += bosses.length;
      const before = holder;
      holder = undefined;
      // At any moment of their start.
      if (before !== undefined) {
        await delay(Math.random() * 1.3 * startTime);
        await before.kill('SIGKILL');
      }
      const since = performance.now();
      next = await serving(bosses);
      if (round === 1) startTime = performance.now() - since;
      if (before !== undefined) overKill += next.length;
    }
    expect(next).toHaveLength(1);
    [holder] = next;
    holders.push(holder!.pid);
  }
  const found = readWitness(witnessAt());
  expect(found.holders).toEqual(holders);
  // As `gobs boss` itself says it.
  const refused = launchBoss(sandbox);
  expect(await refused.ended).toMatchObject({ code: 1 });
  expect(refused.stderr.text).toMatch(
    RegExp(
      `^gobs: STORE_IN_USE: .*: process ${holder!.pid} \\(since [^)]*\\) has the store open\nhint: stop it with: `,
    ),
  );
  expect((await holder!.kill('SIGTERM')).code).toBe(0);
  expect(await (await startBoss(sandbox)).stop()).toBe(0);
  console.log(
    `two bosses: ${rounds} holders, ${rounds - 1} killed, ${tries} tried (${overKill} had it over a kill, while they started), ${found.lines} writes witnessed: never both`,
  );
}, 180_000);

test('two that have it at once would be seen', async () => {
  const first = launch('blind');
  expect(await serves(first)).toBe(true);
  const second = launch('unlocked');
  // It does not come far: its address is taken.
  expect(await second.ended).toMatchObject({ code: 1 });
  expect(second.stderr.text).toMatch(/^gobs: ADDRESS_UNUSABLE: /m);
  const { holders } = readWitness(witnessAt());
  expect(new Set(holders)).toEqual(new Set([first.pid, second.pid]));
  expect(holders.length).toBeGreaterThan(2);
}, 60_000);
