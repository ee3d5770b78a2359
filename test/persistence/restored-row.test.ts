import { describe, expect, test } from 'vitest';
import { codeOf, describeError } from '../../src/errors/gobs-error.ts';
import { formatHeader } from '../../src/persistence/header-row.ts';
import { openLedger } from '../../src/persistence/ledger.ts';
import { makeMemoryStore } from '../../src/persistence/memory-store.ts';
import { formatKey, makeRowChecksum } from '../../src/persistence/row-checksum.ts';
import type { StoreEntry } from '../../src/vats/store.ts';

const checksum = makeRowChecksum('x');
const row = (key: string, record: Record<string, string | number>): StoreEntry => [
  key,
  formatHeader(checksum, key, record),
];
const format = row(formatKey, { format: 1, store: 'x' });
const restored = { at: 2_000, taken: 1_000, epoch: 4, numbers: 5_000_000, instances: 1_000_009 };
const open = (entries: readonly StoreEntry[]) =>
  openLedger(makeMemoryStore(entries), { randomId: () => 'new', where: '/state' });

describe('a ledger', () => {
  test('that was never restored says so', async () => {
    const ledger = await open([]);
    expect([ledger.restores, ledger.restored]).toEqual([0, undefined]);
  });

  test('that was restored says how often, and what of the last time, for ever', async () => {
    const memory = makeMemoryStore([
      format,
      row('!state', { epoch: 4, commits: 40, restores: 2 }),
      row('!restored', restored),
    ]);
    for (const epoch of [5, 6]) {
      const ledger = await openLedger(makeMemoryStore(memory.entries()), { randomId: () => 'new', where: '/state' });
      expect([ledger.restores, ledger.restored]).toEqual([2, restored]);
      const again = await openLedger(memory, { randomId: () => 'new', where: '/state' });
      expect(again.epoch).toBe(epoch);
      await again.write([{ type: 'put', key: 'v/x', value: '1' }]);
    }
  });

  test.each([
    ['without the row that says of what', []],
    ['with half of that row', [row('!restored', { at: 1, taken: 1, epoch: 1 })]],
    ['with an altered row', [['!restored', row('!restored', restored)[1].replace('4', '5')] as const]],
  ])('that was restored, %s, is damaged', async (_what, rows) => {
    const refusal: unknown = await open([format, row('!state', { epoch: 4, commits: 40, restores: 2 }), ...rows]).catch(
      (error: unknown) => error,
    );
    expect(codeOf(refusal)).toBe('STORE_DAMAGED');
    expect(describeError(refusal).message).toContain('!restored');
  });
});
