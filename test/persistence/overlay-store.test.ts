import { expect, test } from 'vitest';
import { makeMemoryStore } from '../../src/persistence/memory-store.ts';
import { makeOverlayStore } from '../../src/persistence/overlay-store.ts';
import type { Store, StoreEntry, StoreOp } from '../../src/vats/store.ts';
import { describeStore, type StoreFixture } from '../contracts/store.ts';

const all = (store: Store): Promise<readonly StoreEntry[]> =>
  store.page({ gt: '', lt: '\u{10ffff}', limit: 1_000_000 });

/** What was written to one is below the next, so that each reopening reads through as well as over. */
const makeFixture = async (): Promise<StoreFixture> => {
  const rows = new Map<string, string>();
  const note = (op: StoreOp) => (op.type === 'put' ? rows.set(op.key, op.value) : rows.delete(op.key));
  return {
    open: async () => {
      const overlay = makeOverlayStore(makeMemoryStore(rows));
      return {
        ...overlay,
        write: (ops) => {
          const copy = [...ops];
          const written = overlay.write(copy);
          return written.then(() => copy.forEach(note));
        },
      };
    },
    dispose: () => Promise.resolve(),
  };
};

describeStore('the overlay store', makeFixture);

const put = (key: string, value: string): StoreOp => ({ type: 'put', key, value });
const del = (key: string): StoreOp => ({ type: 'del', key });

test('what is written over a store does not change it', async () => {
  const below = makeMemoryStore([
    ['a', '1'],
    ['b', '2'],
  ]);
  const overlay = makeOverlayStore(below);
  await overlay.write([put('a', 'other'), del('b'), put('c', '3'), put('d', '4')]);
  await overlay.write([del('d')]);
  expect(await all(overlay)).toEqual([
    ['a', 'other'],
    ['c', '3'],
  ]);
  expect([overlay.get('a'), overlay.get('b'), overlay.get('d')]).toEqual(['other', undefined, undefined]);
  expect(below.entries()).toEqual([
    ['a', '1'],
    ['b', '2'],
  ]);
});

test('a page is full, however many of the rows below are hidden', async () => {
  const keys = Array.from({ length: 100 }, (_, n) => `k${String(n).padStart(3, '0')}`);
  const overlay = makeOverlayStore(makeMemoryStore(keys.map((key) => [key, 'below'] as const)));
  await overlay.write(keys.filter((_, n) => n % 10 !== 9).map(del));
  await overlay.write([put('k000', 'over'), put('k0095', 'between')]);
  const page = await overlay.page({ gt: 'k', lt: 'l', limit: 4 });
  expect(page.map(([key]) => key)).toEqual(['k000', 'k009', 'k0095', 'k019']);
});
