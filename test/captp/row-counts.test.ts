import { beforeAll, expect, test } from 'vitest';
import { makeLocatorTable } from '../../src/captp/locator-table.ts';
import { makePeerTable } from '../../src/captp/peer-table.ts';
import { makePeerRowCounts } from '../../src/captp/row-counts.ts';
import { makeMemoryStore } from '../../src/persistence/memory-store.ts';
import type { StoreEntry } from '../../src/vats/store.ts';
import { openTestKernel } from '../support/test-kernel.ts';

let rows: readonly StoreEntry[];
const peer = 'p'.repeat(52);

beforeAll(async () => {
  const store = makeMemoryStore();
  const { committer, stop } = openTestKernel(store);
  const locators = makeLocatorTable(committer, (length) => crypto.getRandomValues(new Uint8Array(length)));
  // At once: each must see the one before it, which is not written yet.
  await Promise.all(['vat:a/b/1/self', 'vat:a/b/1/self', 'vat:a/b/2/self'].map(locators.add));
  const table = makePeerTable(committer, peer);
  await Promise.all(['vat:a/b/1/self', 'vat:a/b/2/self'].map(async (name) => table.numberOf(name).written));
  await makePeerTable(committer, 'q'.repeat(52)).noteDialled({ scheme: 'tls', address: {} });
  await stop();
  rows = store.entries();
});

const findingsIn = (all: readonly StoreEntry[]) => {
  const counts = makePeerRowCounts();
  return [...all.flatMap(([key, text]) => counts.row(key, text)), ...counts.end()].map(({ message }) => message);
};

test('what is kept about other peers, and of locators, is as many rows as is counted', () => {
  expect(findingsIn(rows)).toEqual([]);
  expect(rows.find(([key]) => key === 's/!')).toEqual(['s/!', '3']);
});

test('each row of these that is lost is missed', () => {
  const counted = rows.filter(([key]) => !key.startsWith('p/q'));
  expect(counted.length).toBe(3 + 1 + 2 * 2 + 1);
  for (const [lost] of counted) expect(findingsIn(rows.filter(([key]) => key !== lost)), lost).not.toEqual([]);
  expect(findingsIn(rows.filter(([key]) => key !== `p/${peer}/x/2`))).toEqual([
    `row p/${peer}/!: 2 numbers expected, 1 found`,
  ]);
});

test('a count that is none is a finding, not a failure', () => {
  for (const key of ['s/!', `p/${peer}/!`]) {
    for (const text of ['', 'x', 'null', '{"given":"2"}']) {
      const altered = rows.map(([each, value]): StoreEntry => [each, each === key ? text : value]);
      expect(findingsIn(altered), `${key} ${text}`).not.toEqual([]);
    }
  }
});
