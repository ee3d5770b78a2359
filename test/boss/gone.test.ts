import { cp, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStore } from '../../src/persistence/open-store.ts';
import { storePowers } from '../persistence/store-powers.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { makeRounds } from './gone/rounds.ts';

const ROUNDS = 40;

let temporary: TemporaryDirectory;
beforeEach(async () => {
  temporary = await makeTemporaryDirectory();
});
afterEach(() => temporary.remove());

/** Rows of a closed store, and its bytes on the disk when it is compacted; without the trace, which is bounded on its own. */
const measure = async (directory: string, copy: string): Promise<{ readonly rows: number; readonly bytes: number }> => {
  await cp(join(directory, 'store'), copy, { recursive: true });
  const level = new ClassicLevel<string, string>(copy);
  await level.clear({ gte: 't/', lt: 't0' });
  const rows = (await level.keys().all()).length;
  await level.compactRange('', '\u{10ffff}');
  await level.close();
  const tables = (await readdir(copy)).filter((name) => name.endsWith('.ldb'));
  const sizes = await Promise.all(tables.map(async (name) => (await stat(join(copy, name))).size));
  return { rows, bytes: sizes.reduce((sum, size) => sum + size, 0) };
};

describe('a boss whose machines come and go', () => {
  test(`has after ${4 * ROUNDS} machines what it had after ${ROUNDS}`, async () => {
    const directory = join(temporary.path, 'state');
    const rounds = makeRounds();
    const after = async (count: number) => {
      const store = await openStore({ ...storePowers, directory, randomId: () => 'id' });
      await rounds.open(store);
      await rounds.run(count);
      await rounds.end();
      await store.close();
      return measure(directory, join(temporary.path, `copy-${count}`));
    };
    const few = await after(ROUNDS);
    const many = await after(3 * ROUNDS);
    console.log(`${ROUNDS} machines: ${JSON.stringify(few)}; ${4 * ROUNDS}: ${JSON.stringify(many)}`);
    expect(many.rows).toBe(few.rows);
    expect(many.bytes).toBeLessThan(1.05 * few.bytes);
  }, 120_000);
});
