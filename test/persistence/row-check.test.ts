import { beforeAll, describe, expect, test } from 'vitest';
import { openLedger } from '../../src/persistence/ledger.ts';
import { makeMemoryStore } from '../../src/persistence/memory-store.ts';
import { makeRowCheck } from '../../src/persistence/row-check.ts';
import { makeRowChecksum } from '../../src/persistence/row-checksum.ts';
import type { RowReader } from '../../src/vats/row-reader.ts';
import type { StoreEntry } from '../../src/vats/store.ts';

let rows: readonly StoreEntry[];
beforeAll(async () => {
  const memory = makeMemoryStore();
  const ledger = await openLedger(memory, { randomId: () => 'id', where: '/state' });
  await ledger.write(['a', 'b', 'c'].map((key) => ({ type: 'put', key, value: `value of ${key}` })));
  rows = memory.entries();
});

/** Remembers what it was given. */
const makeWitness = () => {
  const seen: string[] = [];
  const reader: RowReader = {
    row: (key, text) => {
      seen.push(`${key}=${text}`);
      return key === 'b' ? [{ code: 'ROW_DAMAGED', key, message: 'row b: the reader does not like it' }] : [];
    },
    end: () => [{ code: 'STORE_DAMAGED', key: 'z', message: 'row z: the reader misses it' }],
  };
  return { seen, reader };
};
const ofReader = ['ROW_DAMAGED: row b: the reader does not like it', 'STORE_DAMAGED: row z: the reader misses it'];

const check = (all: readonly StoreEntry[]) => {
  const { seen, reader } = makeWitness();
  const { row, end } = makeRowCheck([reader]);
  const findings = [...all.flatMap(row), ...end()].map(({ code, message }) => `${code}: ${message}`);
  return { seen, findings };
};
const altered = (which: string, change: (value: string) => string) =>
  rows.map(([key, value]): StoreEntry => [key, key === which ? change(value) : value]);

describe('a look at all rows', () => {
  test('gives each sound row of others to the readers, and says what they say', () => {
    expect(check(rows)).toEqual({ seen: ['a', 'b', 'c'].map((key) => `${key}=value of ${key}`), findings: ofReader });
  });

  test('finds a damaged row, which no reader gets', () => {
    const { seen, findings } = check(altered('a', (value) => value.replace('of', 'or')));
    expect(seen).toEqual(['b=value of b', 'c=value of c']);
    expect(findings).toEqual([
      expect.stringMatching(/^ROW_DAMAGED: row a: checksum "[0-9a-f]{8}", expected [0-9a-f]{8}$/),
      ...ofReader,
    ]);
  });

  test.each([
    ['!state', (value: string) => value.slice(1)],
    ['!state', () => makeRowChecksum('id').add('!state', '{"epoch":0,"commits":1}')],
    ['!format', (value: string) => `${value} `],
    ['!format', () => makeRowChecksum('').add('!format', '{"format":1}')],
  ])('finds a damaged %s', (key, change) => {
    const { findings } = check(altered(key, change));
    expect(findings[0]).toMatch(RegExp(`^ROW_DAMAGED: .*row ${key}: `));
  });

  test.each(['!format', '!state'])('misses %s', (lost) => {
    expect(check(rows.filter(([key]) => key !== lost)).findings).toContain(`STORE_DAMAGED: row ${lost} is missing`);
  });

  test('of nothing misses both', () => {
    expect(check([]).findings.slice(0, 2)).toEqual(
      ['!format', '!state'].map((key) => `STORE_DAMAGED: row ${key} is missing`),
    );
  });

  test('finds rows that are not in order, or there twice', () => {
    const [format, state, a, b, c] = rows as [StoreEntry, StoreEntry, StoreEntry, StoreEntry, StoreEntry];
    for (const [key, all] of [
      ['a', [format, state, b, a, c]],
      ['a', [format, state, a, a, b, c]],
    ] as const) {
      expect(check(all).findings).toContain(
        `ROW_DAMAGED: row ${key}: it comes after a row with a greater key, or the same`,
      );
    }
  });
});
