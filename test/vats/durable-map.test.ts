import { beforeEach, describe, expect, test } from 'vitest';
import { makeMemoryStore, type MemoryStore } from '../../src/persistence/memory-store.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { compareKeys } from '../../src/vats/key-order.ts';
import type { DurableMap, MapPage } from '../../src/vats/kind.ts';
import { allRows } from '../support/test-kernel.ts';
import { makeGatedStore, type GatedStore } from './gated-store.ts';
import { openWorkshop, type Workshop } from './workshop.ts';

type Numbers = DurableMap<number>;

let memory: MemoryStore;
let store: GatedStore;
let shop: Workshop;
let map: Numbers;

const open = async (): Promise<void> => {
  shop = await openWorkshop(store, { cacheLimit: 3 });
  map = (await shop.vat.makeOnce('map', ({ makeMap }) => makeMap<number>())) as Numbers;
};

const restart = async (): Promise<void> => {
  await shop.kernel.stop();
  await open();
};

beforeEach(async () => {
  memory = makeMemoryStore();
  store = makeGatedStore(memory);
  await open();
});

const setAll = (keys: readonly string[]): Promise<unknown> =>
  shop.turn((_here, m: Numbers) => keys.forEach((key, n) => m.set(key, n)), map);

const allPages = async (limit: number): Promise<MapPage<number>[]> => {
  const pages: MapPage<number>[] = [];
  for (let after: string | null = ''; after !== null; after = pages.at(-1)!.next) {
    pages.push(await E(map).page({ after, limit }));
  }
  return pages;
};

const keysOf = (pages: readonly MapPage<number>[]): string[] =>
  pages.flatMap(({ entries }) => entries.map(([key]) => key));

const hostileKeys = [
  '__proto__',
  'constructor',
  'a/b',
  '/',
  '!',
  '0',
  '..',
  '\u0000',
  'a\nb',
  'é',
  '\ud7ff',
  '\ue000',
  '\uffff',
  '\u{10000}',
  '\u{10ffff}',
  '#',
  '"',
  'x'.repeat(300),
  '€'.repeat(300),
  '\u{1f600}'.repeat(150),
];

describe('a durable map', () => {
  test('gives back what was set, in near and far calls, in another turn and after a restart', async () => {
    expect(
      await shop.turn(
        (_here, m: Numbers) => [
          m.get('a'),
          m.has('a'),
          m.size(),
          m.set('a', 1),
          m.get('a'),
          m.has('a'),
          m.size(),
          m.delete('a'),
          m.delete('a'),
          m.size(),
        ],
        map,
      ),
    ).toEqual([undefined, false, 0, undefined, 1, true, 1, true, false, 0]);
    await E(map).set('b', 2);
    await restart();
    expect([await E(map).get('b'), await E(map).has('c'), await E(map).size()]).toEqual([2, false, 1]);
  });

  test('keeps undefined as a value', async () => {
    await E(map as unknown as DurableMap<undefined>).set('u', undefined);
    expect([await E(map).has('u'), await E(map).get('u'), await E(map).size()]).toEqual([true, undefined, 1]);
    expect(await E(map).page({ limit: 5 })).toEqual({ entries: [['u', undefined]], next: null });
  });

  test('writes one row for a changed entry, and its own only for a new one', async () => {
    await setAll(Array.from({ length: 100 }, (_, n) => `k${n}`));
    store.shut();
    const changed = E(map).set('k7', 700);
    expect((await store.letOneThrough()).map(({ key }) => key)).toEqual([
      expect.stringMatching(/^v\/test\/m\/\d+\/k7$/),
    ]);
    await changed;
    const added = E(map).set('new', 1);
    expect(await store.letOneThrough()).toHaveLength(2);
    await added;
  });

  test('takes any text of 1 to 300 characters as a key, and orders them by their bytes', async () => {
    await setAll(hostileKeys);
    await restart();
    const sorted = [...hostileKeys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect([...hostileKeys].sort(compareKeys)).toEqual(sorted);
    for (const limit of [1, 3, 1_000]) expect(keysOf(await allPages(limit))).toEqual(sorted);
    for (const [n, key] of hostileKeys.entries()) expect(await E(map).get(key), key).toBe(n);
    expect(await E(map).size()).toBe(hostileKeys.length);
  });

  const notKeys = [
    ['an empty text', ''],
    ['a text of 301 characters', 'x'.repeat(301)],
    ['a lone surrogate', 'a\ud800'],
    ['a number', 5],
    ['undefined', undefined],
    ['a symbol', Symbol.for('a')],
  ] as const;
  test.each(notKeys)('refuses to set under %s, near and far, and leaves all rows equal', async (_, key) => {
    await E(map).set('a', 1);
    const before = await allRows(store);
    const near = shop.turn((_here, m: Numbers) => m.set(key as string, 1), map);
    await expect(near).rejects.toThrow(/^a map's key is a text/);
    await expect(E(map).set(key as string, 1)).rejects.toThrow();
    expect(await allRows(store)).toEqual(before);
  });

  test('has nothing under a text that cannot be a key, and refuses to look under what is no text', async () => {
    for (const [, key] of notKeys) {
      const look = shop.turn(
        (_here, m: Numbers) => [m.get(key as string), m.has(key as string), m.delete(key as string)],
        map,
      );
      if (typeof key === 'string') expect(await look).toEqual([undefined, false, false]);
      else await expect(look).rejects.toThrow(TypeError);
    }
  });

  test('keeps its entries apart from those of a map whose number begins with its own', async () => {
    const maps = await shop.turn<Numbers[]>(({ makeMap }) => Array.from({ length: 12 }, () => makeMap<number>()));
    const byNumber = (n: number) => maps.find((m) => shop.kernel.nameOf(m)!.endsWith(`/${n}/self`))!;
    await Promise.all([E(byNumber(3)).set('a', 3), ...[10, 11, 12].map((n) => E(byNumber(n)).set('a', n))]);
    expect(await E(byNumber(3)).page({ limit: 10 })).toEqual({ entries: [['a', 3]], next: null });
    await E(byNumber(11)).delete('a');
    expect([await E(byNumber(11)).size(), await E(byNumber(12)).get('a')]).toEqual([0, 12]);
  });
});

describe('pages', () => {
  const keys = Array.from({ length: 50 }, (_, n) => `k${String(n).padStart(2, '0')}`);

  test.each([1, 7, 25, 50, 51])('of %i meet each entry once, in order, and end', async (limit) => {
    await setAll(keys);
    const pages = await allPages(limit);
    expect(keysOf(pages)).toEqual(keys);
    for (const { entries } of pages) expect(entries.length).toBeLessThanOrEqual(limit);
  });

  test('of an empty map are one, and empty', async () => {
    expect(await allPages(5)).toEqual([{ entries: [], next: null }]);
  });

  test('refuse a limit that is none', async () => {
    for (const limit of [0, -1, 1.5, NaN]) await expect(E(map).page({ limit })).rejects.toThrow(/limit is 1 or more/);
  });

  test('see the writes of their own turn', async () => {
    await setAll(['a', 'b', 'c']);
    const page = await shop.turn((_here, m: Numbers) => {
      m.set('d', 4);
      m.delete('b');
      return m.page({ limit: 10 });
    }, map);
    expect(page).toMatchObject({
      entries: [
        ['a', 0],
        ['c', 2],
        ['d', 4],
      ],
    });
  });

  test('meet exactly once each entry that is there all the while, whatever comes and goes', async () => {
    await setAll(keys);
    const stays = keys.filter((_, n) => n % 3 !== 0);
    let running = true;
    const churn = (async () => {
      for (let n = 0; running; n += 1) {
        const key = keys[(n * 3) % 51] ?? 'k99';
        await Promise.all([
          E(map).delete(key),
          E(map).set(`${key}new`, n),
          E(map).delete(`${key}new`),
          E(map).set(key, n),
        ]);
      }
    })();
    for (const limit of [1, 2, 3, 5, 8, 13]) {
      const met = keysOf(await allPages(limit));
      expect(
        met.filter((key) => stays.includes(key)),
        `by ${limit}`,
      ).toEqual(stays);
      expect([...met].sort(compareKeys)).toEqual(met);
      expect(new Set(met).size).toBe(met.length);
    }
    running = false;
    await churn;
  });
});
