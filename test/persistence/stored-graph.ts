/**
 * The rows of a small store as the parts that ship write them: two vats with actors, a map, references between them; a peer that was given
 * something; a locator. And what somebody could do to them.
 */
import { randomBytes } from 'node:crypto';
import { makeLocatorTable } from '../../src/captp/locator-table.ts';
import { makePeerTable } from '../../src/captp/peer-table.ts';
import { openLedger } from '../../src/persistence/ledger.ts';
import { makeMemoryStore } from '../../src/persistence/memory-store.ts';
import { makeRowChecksum } from '../../src/persistence/row-checksum.ts';
import type { RowSource } from '../../src/persistence/row-source.ts';
import { compareKeys } from '../../src/vats/key-order.ts';
import type { StoreEntry } from '../../src/vats/store.ts';
import { counterKind, openWorkshop } from '../vats/workshop.ts';

export const knownKinds = { bench: 1, counter: 1 };
export const peerId = 'a'.repeat(52);
export const otherPeer = 'b'.repeat(52);

export interface StoredGraph {
  readonly rows: readonly StoreEntry[];
  /** What the locator says that names the first counter. */
  readonly secret: string;
}

/** What portraits can hold, beside references. */
export const everything = harden({
  big: 12n,
  small: -12n,
  nothing: undefined,
  odd: [NaN, Infinity, -Infinity, 0.5, null, true],
  texts: ['', '!', '#undefined', '$0', '+5', '-5', '%x', '&0', 'plain', 'line\nbreak', '\u0000'],
  '!bang': 1,
  '#tag': 'not a tag',
});

export const storeGraph = async (): Promise<StoredGraph> => {
  const memory = makeMemoryStore();
  const ledger = await openLedger(memory, { randomId: () => 'the-store', where: '/state' });
  const { turn, kernel, neighbour } = await openWorkshop(ledger);
  const there = await neighbour('there');
  const far = await there.counter(5);
  await turn(({ spawn, makeMap, bcom }, other) => {
    const map = makeMap();
    const counters = [1, 2, 3].map((count) => spawn(counterKind, count));
    counters.forEach((counter, index) => map.set(`counter ${index}`, { counter, other }));
    makeMap();
    bcom({ map, counters, other, everything });
  }, far);
  const names = ['vat:test/counter/3/self', 'vat:there/counter/2/self', `peer:${otherPeer}/3`];
  const peer = makePeerTable(kernel.committer, peerId);
  for (const name of names) await peer.numberOf(name).written;
  await peer.noteEpoch(4);
  const secret = await makeLocatorTable(kernel.committer, randomBytes).add(names[0]!);
  await kernel.committer.write([{ type: 'put', key: 'b/listen', value: '127.0.0.1:4000' }]);
  await kernel.stop();
  return { rows: memory.entries(), secret };
};

const checksum = makeRowChecksum('the-store');

/** As the store would have written it. */
export const written = (key: string, text: string): StoreEntry => [key, checksum.add(key, text)];

export const textIn = (rows: readonly StoreEntry[], key: string): string => {
  const row = rows.find(([found]) => found === key);
  if (row === undefined) throw Error(`there is no row ${key}`);
  return checksum.check(key, row[1]);
};

/** Instead of what is under their keys, or beside it. */
export const withRows = (rows: readonly StoreEntry[], ...others: readonly StoreEntry[]): readonly StoreEntry[] => {
  const keys = new Set(others.map(([key]) => key));
  const left = rows.filter(([key]) => !keys.has(key));
  return [...left, ...others].toSorted(([a], [b]) => compareKeys(a, b));
};

/** The row with another text, which the store would have written. */
export const edited = (
  rows: readonly StoreEntry[],
  key: string,
  edit: (text: string) => string,
): readonly StoreEntry[] => {
  const before = textIn(rows, key);
  const after = edit(before);
  if (after === before) throw Error(`row ${key} stays as it was`);
  return withRows(rows, written(key, after));
};

export const without = (rows: readonly StoreEntry[], ...keys: readonly string[]): readonly StoreEntry[] => {
  const left = rows.filter(([key]) => !keys.includes(key));
  if (left.length !== rows.length - keys.length) throw Error(`not all of ${keys.join(', ')} are there`);
  return left;
};

export const sourceOf = (rows: readonly StoreEntry[], acknowledged?: number): RowSource => ({
  where: '/state',
  ...(acknowledged === undefined ? {} : { acknowledged }),
  async *pages() {
    for (let at = 0; at < rows.length; at += 3) yield rows.slice(at, at + 3);
  },
  close: async () => {},
});
