/**
 * `node power-child.ts DIRECTORY FIRST COUNT synced|unsynced`: opens a store and writes batches, one at a time, each when the one before was acknowledged; says
 * so by `acknowledged N` on its standard output, so that a record of its system calls has it in its place. Batch n sets the same ten keys to n, adds one of its own, and
 * differs in size: some are larger than a block of LevelDB's log and some than its buffer; together they fill its table in memory.
 */
import '../../../src/lockdown.ts';
import { Level } from 'level';
import fs, { writeSync } from 'node:fs';
import process from 'node:process';
import { openStore } from '../../../src/persistence/open-store.ts';
import type { StoreOp } from '../../../src/vats/store.ts';

const [directory, first, count, how] = process.argv.slice(2) as [string, string, string, 'synced' | 'unsynced'];

/** What a store would be that does not sync. */
class UnsyncedLevel extends (Level as unknown as new (...args: unknown[]) => {
  batch(ops: unknown, options: object): Promise<void>;
}) {
  override batch(ops: unknown, options: object): Promise<void> {
    return super.batch(ops, { ...options, sync: false });
  }
}

const sizes = [10, 200, 3_000, 10, 9_000, 30, 20_000, 100];

const store = await openStore({
  Level: how === 'synced' ? Level : (UnsyncedLevel as unknown as typeof Level),
  fs,
  process,
  now: Date.now,
  directory,
  randomId: () => 'power',
});
const end = Number(first) + Number(count);
for (let n = Number(first); n < end; n += 1) {
  const value = `${n} ${String.fromCharCode(97 + (n % 26)).repeat(sizes[n % sizes.length]!)}`;
  const shared = Array.from({ length: 10 }, (_, index): StoreOp => ({ type: 'put', key: `k/${index}`, value }));
  await store.write([
    ...shared,
    { type: 'put', key: `n/${String(n).padStart(6, '0')}`, value: String(n) },
    { type: 'put', key: 'last', value: String(n) },
  ]);
  writeSync(1, `acknowledged ${n}\n`);
}
await store.close();
