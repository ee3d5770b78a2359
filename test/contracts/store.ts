/**
 * What every store promises (src/vats/store.ts). Run by each store, and by what wraps one.
 *
 * A fixture is one place that keeps rows: `open` gives a store on it, empty the first time, and with what was written before
 * when the last one was closed. `dispose` leaves nothing behind.
 */
import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { codeOf } from '../../src/errors/gobs-error.ts';
import type { Store, StoreEntry, StoreOp } from '../../src/vats/store.ts';

export interface StoreFixture {
  open(): Promise<Store>;
  dispose(): Promise<void>;
}

const put = (key: string, value: string): StoreOp => ({ type: 'put', key, value });
const del = (key: string): StoreOp => ({ type: 'del', key });

/** Above every key that these tests use, and below none. */
const top = '\u{10ffff}';
/** Keys of these tests are above it; the header rows of a ledger are below. */
const bottom = '.';
const everything = { gt: bottom, lt: top, limit: 10_000 };

const keysOf = (entries: readonly StoreEntry[]): string[] => entries.map(([key]) => key);
const bytesOrder = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const codeFrom = async (attempt: () => unknown): Promise<string> => {
  try {
    await attempt();
  } catch (error) {
    return error instanceof TypeError ? 'TypeError' : codeOf(error);
  }
  return 'nothing';
};

export const describeStore = (name: string, makeFixture: () => Promise<StoreFixture>): void => {
  describe(name, () => {
    let fixture: StoreFixture;
    let store: Store;

    beforeEach(async () => {
      fixture = await makeFixture();
      store = await fixture.open();
    });
    afterEach(async () => {
      await store.close();
      await fixture.dispose();
    });
    const reopen = async (): Promise<void> => {
      await store.close();
      store = await fixture.open();
    };

    describe('a snapshot', () => {
      test('shows what was there when it was taken, in pages, whatever is written meanwhile', async () => {
        await store.write([put('a', '1'), put('b', '2')]);
        const snapshot = store.snapshot();
        await store.write([put('a', 'other'), del('b'), put('c', '3')]);
        expect(await snapshot.page({ ...everything, limit: 1 })).toEqual([['a', '1']]);
        expect(await snapshot.page({ ...everything, gt: 'a' })).toEqual([['b', '2']]);
        await snapshot.close();
        await snapshot.close();
        expect(await store.page(everything)).toEqual([
          ['a', 'other'],
          ['c', '3'],
        ]);
      });
      test('that was not closed does not keep the store from closing', async () => {
        await store.write([put('a', '1')]);
        store.snapshot();
        await reopen();
        expect(store.get('a')).toBe('1');
      });
      test('cannot be taken of a closed store', async () => {
        await store.close();
        expect(await codeFrom(() => store.snapshot())).toBe('STORE_UNUSABLE');
      });
    });

    describe('a batch', () => {
      test('is read back when it is written, and a key of nothing is undefined', async () => {
        await store.write([put('a', '1'), put('b', '2')]);
        expect([store.get('a'), store.get('b'), store.get('c')]).toEqual(['1', '2', undefined]);
      });

      test('replaces and deletes, and deleting what is not there is no error', async () => {
        await store.write([put('a', '1'), put('b', '2')]);
        await store.write([put('a', '3'), del('b'), del('c')]);
        expect(await store.page(everything)).toEqual([['a', '3']]);
      });

      test('counts the last of several changes to one key', async () => {
        await store.write([put('a', '1'), del('a'), put('b', '1'), put('b', '2'), del('c'), put('c', '3')]);
        expect(await store.page(everything)).toEqual([
          ['b', '2'],
          ['c', '3'],
        ]);
      });

      test('is written after those that were asked for before it, awaited or not', async () => {
        const counts = Array.from({ length: 50 }, (_, count) => count);
        const settled: number[] = [];
        await Promise.all(
          counts.map(async (count) => {
            await store.write([put('last', String(count)), put(`n/${count}`, 'x'), del(`n/${count - 1}`)]);
            settled.push(count);
          }),
        );
        expect(settled).toEqual(counts);
        expect(store.get('last')).toBe('49');
        expect(keysOf(await store.page({ gt: 'n/', lt: 'n0', limit: 99 }))).toEqual(['n/49']);
      });

      test('is there, with all before it, as soon as it resolves', async () => {
        const first = store.write([put('a', '1')]);
        await store.write([put('b', String(2))]);
        expect([store.get('a'), store.get('b')]).toEqual(['1', '2']);
        await first;
      });

      test('is what it was when `write` was called', async () => {
        const op = { type: 'put' as const, key: 'a', value: 'then' };
        const ops: StoreOp[] = [op];
        const blocker = store.write([put('z', '1')]);
        const written = store.write(ops);
        op.value = 'later';
        ops.push(put('b', 'later'));
        await Promise.all([blocker, written]);
        expect(await store.page(everything)).toEqual([
          ['a', 'then'],
          ['z', '1'],
        ]);
      });

      test('of nothing resolves after those before it', async () => {
        const first = store.write([put('a', '1')]);
        await store.write([]);
        expect(store.get('a')).toBe('1');
        await first;
      });
    });

    describe('keys and values', () => {
      test('come in byte order of their UTF-8, where characters outside the BMP are last', async () => {
        const keys = [
          'a',
          'a\u0000',
          'a/',
          'aa',
          'b',
          'é',
          '\ud7ff',
          '\ue000',
          '\ufeff',
          '\uffff',
          '\u{10000}',
          '\u{1f600}',
          '\u{1f600}a',
        ];
        expect(keys).toEqual([...keys].sort(bytesOrder));
        await store.write([...keys].reverse().map((key) => put(key, key)));
        expect(await store.page(everything)).toEqual(keys.map((key) => [key, key]));
        const between = await store.page({ gt: '\ue000', lt: '\u{1f600}', limit: 99 });
        expect(keysOf(between)).toEqual(['\ufeff', '\uffff', '\u{10000}']);
      });

      test('are kept as they are: empty values, zeros, line breaks, byte order marks, long values', async () => {
        const values = ['', '\u0000', 'a\u0000b', '\r\n', '\ufeffx', '\u{1f600}', 'é'.repeat(100_000)];
        await store.write(values.map((value, index) => put(`v${index}`, value)));
        expect(values.map((_, index) => store.get(`v${index}`))).toEqual(values);
        expect((await store.page(everything)).map(([, value]) => value)).toEqual(values);
      });

      test('are told apart whatever their length in bytes', async () => {
        // Lengths around each place where a buffer might be one character too short.
        const keys = Array.from({ length: 300 }, (_, length) => `${'k'.repeat(length)}€`);
        await store.write(keys.flatMap((key) => [put(key, key), put(`${key}end`, `${key}end`)]));
        store.get('k');
        for (const key of keys) expect([store.get(key), store.get(`${key}end`)]).toEqual([key, `${key}end`]);
      });

      test('may be 1,024 bytes long as a key, and no longer', async () => {
        const longest = `${'€'.repeat(341)}k`;
        await store.write([put(longest, 'here')]);
        expect(store.get(longest)).toBe('here');
        expect(await codeFrom(() => store.write([put('a', '1'), put(`${longest}k`, 'no')]))).toBe('TypeError');
        expect(await codeFrom(() => store.write([del(`${longest}k`)]))).toBe('TypeError');
        expect(await codeFrom(() => store.get(`${longest}k`))).toBe('TypeError');
        expect(store.get('a')).toBeUndefined();
      });

      test.each([
        ['an unpaired surrogate in a key', [put('a\ud800', '1')]],
        ['an unpaired surrogate in a value', [put('k', '\udc00a')]],
        ['an empty key', [put('', '1')]],
        ['a value that is no string', [put('k', 7 as unknown as string)]],
        ['an operation of another type', [{ type: 'clear', key: 'k' } as unknown as StoreOp]],
      ])('are refused with TypeError, and nothing of the batch is written: %s', async (_, bad) => {
        expect(await codeFrom(() => store.write([put('a', '1'), ...bad, put('b', '2')]))).toBe('TypeError');
        expect(await store.page(everything)).toEqual([]);
        await store.write([put('a', 'after')]);
        expect(store.get('a')).toBe('after');
      });

      test('are refused when read too', async () => {
        expect(await codeFrom(() => store.get('\ud800'))).toBe('TypeError');
        expect(await codeFrom(() => store.get(''))).toBe('TypeError');
        expect(await codeFrom(() => store.page({ gt: '\ud800', lt: top, limit: 1 }))).toBe('TypeError');
        expect(await codeFrom(() => store.page({ gt: 'a', lt: top, limit: 0 }))).toBe('TypeError');
      });
    });

    describe('a page', () => {
      test('that may end when it has so many bytes has one row at least, and those after it follow', async () => {
        const content = Array.from({ length: 40 }, (_, n): StoreEntry => [`k/${n}`, 'x'.repeat(n === 7 ? 9_000 : 100)]);
        await store.write(content.map(([key, value]) => put(key, value)));
        const met: StoreEntry[] = [];
        for (let gt = bottom; ;) {
          const page = await store.page({ gt, lt: top, limit: 1_000, bytes: 500 });
          if (page.length === 0) break;
          met.push(...page);
          gt = page.at(-1)![0];
        }
        expect(met).toEqual(content.toSorted(([a], [b]) => bytesOrder(a, b)));
        expect(await codeFrom(() => store.page({ gt: bottom, lt: top, limit: 1, bytes: 0 }))).toBe('TypeError');
      });

      test('has neither end of its range', async () => {
        await store.write(['a', 'b', 'c', 'd'].map((key) => put(key, key)));
        expect(keysOf(await store.page({ gt: 'a', lt: 'd', limit: 99 }))).toEqual(['b', 'c']);
        expect(keysOf(await store.page({ gt: 'a\u0000', lt: 'cc', limit: 99 }))).toEqual(['b', 'c']);
      });

      test('of an empty or a reversed range is empty', async () => {
        await store.write(['a', 'b', 'c'].map((key) => put(key, key)));
        expect(await store.page({ gt: 'b', lt: 'b', limit: 9 })).toEqual([]);
        expect(await store.page({ gt: 'c', lt: 'a', limit: 9 })).toEqual([]);
        expect(await store.page({ gt: 'x', lt: 'y', limit: 9 })).toEqual([]);
        expect(await store.page({ gt: 'x', lt: '', limit: 9 })).toEqual([]);
      });

      test('has its limit of entries; paging on meets each of 10,000 once, in order', async () => {
        const keys = Array.from({ length: 10_000 }, (_, n) => `k/${String((n * 7_919) % 10_000).padStart(5, '0')}`);
        await store.write(keys.map((key) => put(key, 'x'.repeat(100))));
        const met: string[] = [];
        for (let gt = 'k/'; ;) {
          const page = await store.page({ gt, lt: 'k0', limit: 1_000 });
          if (page.length === 0) break;
          expect(page.length).toBe(1_000);
          met.push(...keysOf(page));
          gt = met.at(-1)!;
        }
        expect(met).toEqual([...keys].sort());
      });

      test('has its limit of entries also where they are large', async () => {
        const value = 'x'.repeat(100_000);
        await store.write(Array.from({ length: 60 }, (_, n) => put(`k${n}`, value)));
        expect((await store.page({ gt: bottom, lt: top, limit: 50 })).length).toBe(50);
        expect((await store.page(everything)).length).toBe(60);
      });

      test('is of one moment, not before the call, while batches are written', async () => {
        const keys = Array.from({ length: 40 }, (_, n) => `k${String(n).padStart(2, '0')}`);
        const filler = 'x'.repeat(60_000);
        const batch = (n: number) => keys.map((key) => put(key, `${n} ${filler}`));
        await store.write(batch(0));
        for (let round = 1; round <= 8; round += 1) {
          const writing = store.write(batch(round));
          const pages = await Promise.all([store.page(everything), store.page(everything)]);
          await writing;
          const seen = pages.map((page) => [...new Set(page.map(([, value]) => Number(value.split(' ')[0])))]);
          for (const rounds of seen) {
            expect(rounds.length).toBe(1);
            expect([round - 1, round]).toContain(rounds[0]);
          }
        }
      });

      test('stays what it was, and cannot be changed', async () => {
        await store.write([put('a', '1')]);
        const page = await store.page(everything);
        await store.write([put('a', '2')]);
        expect(page).toEqual([['a', '1']]);
        expect(Object.isFrozen(page) && Object.isFrozen(page[0])).toBe(true);
      });
    });

    describe('closing', () => {
      test('waits for the writes under way; the store opened again has them, and all else', async () => {
        await store.write([put('a', '1'), put('b', '2'), put('\u{1f600}', '')]);
        const counts = Array.from({ length: 100 }, (_, count) => String(count));
        const writing = [...counts.map((count) => store.write([put('c', count)])), store.write([del('b')])];
        await reopen();
        await Promise.all(writing);
        expect(await store.page(everything)).toEqual([
          ['a', '1'],
          ['c', '99'],
          ['\u{1f600}', ''],
        ]);
      });

      test('can be done twice, and at once', async () => {
        await Promise.all([store.close(), store.close()]);
        await store.close();
      });

      test('makes every other call fail with STORE_UNUSABLE', async () => {
        await store.write([put('a', '1')]);
        const closing = store.close();
        expect(await codeFrom(() => store.write([put('b', '1')]))).toBe('STORE_UNUSABLE');
        await closing;
        expect(await codeFrom(() => store.get('a'))).toBe('STORE_UNUSABLE');
        expect(await codeFrom(() => store.page(everything))).toBe('STORE_UNUSABLE');
        expect(await codeFrom(() => store.write([put('b', '1')]))).toBe('STORE_UNUSABLE');
        store = await fixture.open();
        expect(await store.page(everything)).toEqual([['a', '1']]);
      });
    });

    test('does what a sorted list would, through any writes, pages and reopenings', async () => {
      const key = fc.string({
        unit: fc.constantFrom('a', 'b', '\u0000', 'é', '\uffff', '\u{10000}'),
        minLength: 1,
        maxLength: 3,
      });
      const op = fc.oneof(
        fc.record({
          type: fc.constant('put' as const),
          key: key.map((rest) => `k${rest}`),
          value: fc.string({ unit: 'grapheme' }),
        }),
        fc.record({ type: fc.constant('del' as const), key: key.map((rest) => `k${rest}`) }),
      );
      const step = fc.oneof(
        { weight: 6, arbitrary: fc.array(op, { maxLength: 8 }).map((ops) => ({ kind: 'write' as const, ops })) },
        {
          weight: 3,
          arbitrary: fc.record({
            kind: fc.constant('page' as const),
            gt: key,
            lt: key,
            limit: fc.integer({ min: 1, max: 5 }),
          }),
        },
        { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
          const left = await store.page(everything);
          await store.write(left.map(([each]) => del(each)));
          const model = new Map<string, string>();
          const sorted = () => [...model].sort(([a], [b]) => bytesOrder(a, b));
          for (const each of steps) {
            if (each.kind === 'reopen') await reopen();
            else if (each.kind === 'page') {
              const [gt, lt] = [`k${each.gt}`, `k${each.lt}`];
              const expected = sorted().filter(([k]) => bytesOrder(gt, k) < 0 && bytesOrder(k, lt) < 0);
              expect(await store.page({ gt, lt, limit: each.limit })).toEqual(expected.slice(0, each.limit));
            } else {
              await store.write(each.ops);
              for (const o of each.ops) {
                if (o.type === 'put') model.set(o.key, o.value);
                else model.delete(o.key);
              }
            }
          }
          expect(await store.page(everything)).toEqual(sorted());
          for (const [k, value] of model) expect(store.get(k)).toBe(value);
        }),
        { numRuns: 40 },
      );
    });
  });
};
