/** A medium that becomes read-only under a store that is open: a typed error, nothing acknowledged that is not kept, and how it goes on. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeError } from '../../src/errors/gobs-error.ts';
import type { Ledger } from '../../src/persistence/ledger.ts';
import { openStore } from '../../src/persistence/open-store.ts';
import { mountFailingDisk } from '../support/failing-disk.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { storePowers } from './store-powers.ts';

const open = (directory: string) => openStore({ ...storePowers, directory, randomId: () => 'id' });
const keyOf = (n: number) => `n/${String(n).padStart(5, '0')}`;
const write = (store: Ledger, n: number): Promise<unknown> =>
  store.write([{ type: 'put', key: keyOf(n), value: String(n % 10).repeat(100_000) }]).then(
    () => 'acknowledged',
    (error: unknown) => describeError(error),
  );
/** The first that is refused, and why. */
const writeUntilRefused = async (store: Ledger, from: number): Promise<readonly [number, unknown]> => {
  for (let n = from; ; n += 1) {
    const outcome = await write(store, n);
    if (outcome !== 'acknowledged') return [n, outcome];
  }
};
const refused = (directory: string) => ({
  code: 'STORE_UNUSABLE',
  message: expect.stringMatching(new RegExp(`^${directory}.*[Rr]ead-only file system.*\\(EROFS\\)$`)) as string,
  hint: expect.stringMatching(/^make that file system writable, then try again/) as string,
});
/** All that are there. The one that was refused first may have been written all the same. */
const numbersIn = async (store: Ledger): Promise<readonly number[]> =>
  (await store.page({ gt: 'n/', lt: 'n0', limit: 10_000 })).map(([key]) => Number(key.slice(2)));
const upTo = (end: number) => Array.from({ length: end }, (_, n) => n);

test('a path that becomes read-only fails the write that needs a new file; when it can be written again, the store goes on', async (context) => {
  const disk = await mountSmallDisk({ size: '64m' });
  if ('reason' in disk) return context.skip(disk.reason);
  const directory = join(disk.path, 'state');
  try {
    const store = await open(directory);
    expect(await write(store, 0)).toBe('acknowledged');
    disk.coverReadOnly();
    const [lost, refusal] = await writeUntilRefused(store, 1);
    expect(lost).toBeGreaterThan(10);
    expect(refusal).toEqual(refused(directory));
    expect(await write(store, 99_999)).toEqual(refused(directory));
    expect(store.get(keyOf(lost - 1))).toBeDefined();
    expect(store.get(keyOf(lost))).toBeUndefined();

    disk.uncover();
    expect(await write(store, 99_999)).toMatchObject({ message: expect.stringContaining('opened anew') as string });
    expect(await write(store, lost)).toBe('acknowledged');
    await store.close();
    const again = await open(directory);
    expect(await numbersIn(again)).toEqual(upTo(lost + 1));
    await again.close();
  } finally {
    await disk.unmount();
  }
});

test('a file system that the kernel made read-only fails every write; mounted anew, it has what was acknowledged', async (context) => {
  const disk = await mountFailingDisk();
  if ('reason' in disk) return context.skip(disk.reason);
  const directory = join(disk.path, 'state');
  try {
    const store = await open(directory);
    for (const n of upTo(60)) expect(await write(store, n)).toBe('acknowledged');
    disk.fail();
    expect(await write(store, 60)).toEqual(refused(directory));
    expect(await write(store, 61)).toEqual(refused(directory));
    expect(await numbersIn(store)).toEqual(upTo(60));
    await store.close();
    expect(await open(directory).catch(describeError)).toEqual(refused(directory));

    await disk.mend();
    const again = await open(directory);
    const found = await numbersIn(again);
    expect(found.slice(0, 60)).toEqual(upTo(60));
    expect([[], [60]]).toContainEqual(found.slice(60));
    expect(await write(again, 62)).toBe('acknowledged');
    await again.close();
  } finally {
    await disk.unmount();
  }
});
