import { expect, test } from 'vitest';
import { openLedger } from '../../src/persistence/ledger.ts';
import { makeMemoryStore, type MemoryStore } from '../../src/persistence/memory-store.ts';
import type { StoreEntry } from '../../src/vats/store.ts';
import { describeStore, type StoreFixture } from '../contracts/store.ts';

const makeFixture = async (): Promise<StoreFixture & { open(): Promise<MemoryStore> }> => {
  let last: MemoryStore | undefined;
  return {
    async open() {
      last = makeMemoryStore(last?.entries());
      return last;
    },
    dispose: () => Promise.resolve(),
  };
};

describeStore('the memory store', makeFixture);

describeStore('a ledger over the memory store', async () => {
  const { open, dispose } = await makeFixture();
  return {
    open: async () => openLedger(await open(), { randomId: () => 'id', where: 'memory' }),
    dispose,
  };
});

test('a batch is not there before `write` has resolved', async () => {
  const store = makeMemoryStore();
  const writing = store.write([{ type: 'put', key: 'a', value: '1' }]);
  expect(store.get('a')).toBeUndefined();
  await writing;
  expect(store.get('a')).toBe('1');
});

test('a store begins with what it is given, in any order, and gives all it has as a copy', async () => {
  const content: StoreEntry[] = [
    ['\u{10000}', '3'],
    ['\uffff', '2'],
    ['a', '1'],
  ];
  const store = makeMemoryStore(content);
  const before = store.entries();
  expect(before).toEqual([...content].reverse());
  await store.write([{ type: 'del', key: 'a' }]);
  expect(before.length).toBe(3);
  expect(store.entries().length).toBe(2);
  await store.close();
  expect(store.entries().length).toBe(2);
});
