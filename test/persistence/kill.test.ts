import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { openStore } from '../../src/persistence/open-store.ts';
import { makeTemporaryDirectory } from '../support/temporary-directory.ts';
import { storePowers } from './store-powers.ts';

const program = fileURLToPath(new URL('write-store.ts', import.meta.url));

/** Runs until it has acknowledged so many batches, kills it, and gives the last number that it printed. */
const writeAndKill = async (directory: string, batches: number): Promise<number> => {
  const child = spawn(process.execPath, [program, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
  let last = 0;
  let count = 0;
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      last = Number(line);
      count += 1;
      if (count === batches) child.kill('SIGKILL');
    }
  } finally {
    child.kill('SIGKILL');
  }
  expect(await exited).toEqual([null, 'SIGKILL']);
  return last;
};

test('a killed process leaves every acknowledged batch whole, and at most one more, whole', async () => {
  const temporary = await makeTemporaryDirectory();
  const directory = join(temporary.path, 'state');
  try {
    let openings = 0;
    let before = 0;
    for (const batches of [1, 2, 3, 20, 150, 151]) {
      const acknowledged = await writeAndKill(directory, batches);
      expect(acknowledged).toBeGreaterThanOrEqual(before + batches);

      const store = await openStore({ ...storePowers, directory, randomId: () => 'other' });
      openings += 2;
      const found = Number(store.get('last'));
      expect([acknowledged, acknowledged + 1]).toContain(found);
      const shared = await store.page({ gt: 'k/', lt: 'k0', limit: 99 });
      expect(shared.map(([, value]) => value.split(' ')[0])).toEqual(Array.from({ length: 20 }, () => String(found)));
      const own = await store.page({ gt: 'n/', lt: 'n0', limit: 100_000 });
      expect(own.map(([key]) => Number(key.slice(2)))).toEqual(Array.from({ length: found }, (_, n) => n + 1));
      expect([store.storeId, store.epoch, store.commits()]).toEqual(['id', openings, found + openings]);
      await store.close();
      before = found;
    }
  } finally {
    await temporary.remove();
  }
});
