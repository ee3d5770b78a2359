import { beforeAll, describe, expect, test } from 'vitest';
import { makeMemoryStore } from '../../src/persistence/memory-store.ts';
import { makeVatRowCounts } from '../../src/vats/row-counts.ts';
import { encodeRow } from '../../src/vats/row.ts';
import type { StoreEntry } from '../../src/vats/store.ts';
import { counterKind, openWorkshop } from './workshop.ts';

let rows: readonly StoreEntry[];
const map = 'v/test/a/map/2';

/** Vat `test` has the bench (1), a map (2) of two counters (3, 4); vat `other` has a bench. */
beforeAll(async () => {
  const store = makeMemoryStore();
  const shop = await openWorkshop(store);
  await shop.neighbour('other');
  await shop.turn(({ makeMap, spawn, bcom }) => {
    const made = makeMap();
    for (const key of ['a', 'b', 'gone']) made.set(key, key === 'gone' ? null : spawn(counterKind, 7));
    made.delete('gone');
    bcom(made);
  });
  await shop
    .turn(({ spawn }) => {
      spawn(counterKind, 1);
      throw Error('undone');
    })
    .catch(() => undefined);
  await shop.kernel.stop();
  rows = [...store.entries(), ['b/listen', 'somewhere']];
});

const findingsIn = (all: readonly StoreEntry[]) => {
  const counts = makeVatRowCounts();
  return [...all.flatMap(([key, text]) => counts.row(key, text)), ...counts.end()];
};
const without = (lost: string) => {
  expect(rows.map(([key]) => key)).toContain(lost);
  return rows.filter(([key]) => key !== lost);
};

describe('the rows of vats', () => {
  test('are as many as their headers and maps say; no turn that was undone counts', () => {
    expect(findingsIn(rows)).toEqual([]);
    const headers = rows.filter(([key]) => key.endsWith('/!'));
    expect(headers.map(([, text]) => (JSON.parse(text) as { b: string }).b)).toEqual([
      '#{"actors":1,"next":2,"roots":1}',
      '#{"actors":4,"next":5,"roots":1}',
    ]);
  });

  test.each([
    ['an actor', 'v/test/a/counter/3', 'v/test/!', '4 actors expected, 3 found'],
    ['a root', 'v/test/r/bench', 'v/test/!', '1 roots expected, 0 found'],
    ['an entry', 'v/test/m/2/a', map, '2 entries expected, 1 found'],
    ['a header', 'v/other/!', 'v/other/!', '1 header expected, 0 found'],
  ])('are missed one by one: %s', (_, lost, key, words) => {
    expect(findingsIn(without(lost))).toEqual([{ code: 'STORE_DAMAGED', key, message: `row ${key}: ${words}` }]);
  });

  test('are missed one by one: a map, whose entries nobody counts then', () => {
    expect(findingsIn(without(map)).map(({ message }) => message)).toEqual([
      'row v/test/!: 4 actors expected, 3 found',
      `row ${map}: 0 entries expected, 2 found`,
    ]);
  });

  test('are noticed where there are too many', () => {
    const more = (key: string): readonly StoreEntry[] => [...rows, [key, rows[0]![1]]];
    expect(findingsIn(more('v/test/a/counter/9')).map(({ message }) => message)).toEqual([
      'row v/test/!: 4 actors expected, 5 found',
      'row v/test/!: next 5, but there is an actor 9',
    ]);
    expect(findingsIn(more('v/test/m/2/c'))).toMatchObject([{ key: map }]);
    expect(findingsIn(more('v/test/r/more'))).toMatchObject([{ message: 'row v/test/!: 1 roots expected, 2 found' }]);
  });

  test('that are no headers or maps are findings, not failures', () => {
    const altered = (which: string, text: string) =>
      rows.map(([key, value]): StoreEntry => [key, key === which ? text : value]);
    const row = (body: string) => encodeRow({ kind: 'map', version: 1, change: 1, body, slots: [] });
    for (const text of ['', '{}', row('#null'), row('#{"size":"1"}'), row('#{"next":-1,"actors":0}')]) {
      for (const key of ['v/test/!', map]) {
        expect(findingsIn(altered(key, text))).toContainEqual(expect.objectContaining({ code: 'ROW_DAMAGED', key }));
      }
    }
  });
});
