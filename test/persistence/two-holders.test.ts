import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readWitness } from '../support/one-holder.ts';
import { until } from '../support/until.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';

const rounds = 50;
const program = join(import.meta.dirname, 'contend-store.ts');

interface Contender {
  readonly child: ChildProcess;
  /** What it said next. */
  readonly next: () => Promise<string>;
}

let temporary: TemporaryDirectory;
let witness: string;
const alive = new Set<ChildProcess>();

const contend = (...more: string[]): Contender => {
  const words = [program, join(temporary.path, 'state'), witness, ...more];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  alive.add(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, next: async () => String((await lines.next()).value) };
};
const end = async (child: ChildProcess): Promise<void> => {
  alive.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
};

beforeEach(async () => {
  temporary = await makeTemporaryDirectory();
  witness = join(temporary.path, 'witness');
});
afterEach(async () => {
  for (const child of alive) await end(child);
  await temporary.remove();
});

test('of two processes that want one store only one ever has it, also when it is killed while the other tries', async () => {
  let holder = contend();
  const holders = [holder.child.pid];
  expect(await holder.next()).toBe('held 1 0');
  let refusals = 0;
  for (let round = 2; round <= rounds; round += 1) {
    const waiting = contend();
    expect(await waiting.next()).toBe('waits');
    await end(holder.child);
    const [held, count, refused] = (await waiting.next()).split(' ');
    expect([held, Number(count)]).toEqual(['held', round]);
    refusals += Number(refused);
    holder = waiting;
    holders.push(holder.child.pid);
  }
  // Each began after the one before had written its last.
  expect(readWitness(witness).holders).toEqual(holders);
  console.log(`two holders: ${rounds} holders, each killed while another tried; ${refusals} tries refused, never both`);
}, 180_000);

test('two that have it at once would be seen', async () => {
  const first = contend('blind');
  expect(await first.next()).toBe('held 1 0');
  const second = contend('unlocked');
  expect(await second.next()).toMatch(/^held /);
  await until(() => readWitness(witness).holders.length > 3);
  expect(new Set(readWitness(witness).holders)).toEqual(new Set([first.child.pid, second.child.pid]));
});

test('who has it while its lock is taken away acknowledges nothing more once another has opened it', async () => {
  const first = contend();
  expect(await first.next()).toBe('held 1 0');
  const second = contend('unlocked');
  expect(await second.next()).toMatch(/^held /);
  expect(await first.next()).toMatch(/^failed .*another store is there than the one that was opened/);
});
