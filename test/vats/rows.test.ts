import { M } from '@endo/patterns';
import { beforeEach, describe, expect, test } from 'vitest';
import { openLedger } from '../../src/persistence/ledger.ts';
import { makeMemoryStore, type MemoryStore } from '../../src/persistence/memory-store.ts';
import { readHeader } from '../../src/vats/collector-rows.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { makeKernel } from '../../src/vats/kernel.ts';
import { defineKind, type DurableMap } from '../../src/vats/kind.ts';
import { decodeRow, encodeRow, stripped } from '../../src/vats/row.ts';
import { openWorkshop, counterKind, type Counter, type Workshop } from './workshop.ts';

interface Thing {
  read(): unknown;
  write(value: unknown): void;
}
const makeThingKind = (label: string, version: number, portrait: unknown = M.any()) =>
  defineKind<unknown, Thing>({
    label,
    version,
    upgrades: Array.from({ length: version - 1 }, () => (value: unknown) => value),
    guard: M.interface('Thing', { read: M.call().returns(M.any()), write: M.call(M.any()).returns() }),
    portrait: portrait as never,
    behave: (bcom, _self, value) => ({ read: () => value, write: (next) => bcom(next) }),
  });

const THING = 'v/test/a/thing/2';
let store: MemoryStore;
let thing: Thing;

const open = async (kind = makeThingKind('thing', 3)): Promise<Workshop> => {
  const shop = await openWorkshop(store);
  shop.vat.register(kind, {});
  return shop;
};

beforeEach(async () => {
  store = makeMemoryStore();
  const kind = makeThingKind('thing', 3);
  const shop = await open(kind);
  thing = (await shop.vat.makeOnce('thing', ({ spawn }) => spawn(kind, { answer: 42 }))) as Thing;
  expect(shop.kernel.nameOf(thing)).toBe('vat:test/thing/2/self');
  await shop.kernel.stop();
});

/** Every way to reach the actor refuses with this code and these words, and no row has changed. */
const expectRefused = async (shop: Workshop, words: RegExp): Promise<void> => {
  const before = store.entries();
  const thing = shop.kernel.refOf('vat:test/thing/2/self') as Thing;
  await expect(E(thing).read()).rejects.toThrow(words);
  await expect(E(thing).write('overwritten')).rejects.toThrow(words);
  // A reference to an actor of no known kind has no methods near.
  const near = shop.turn((_here, it: Thing) => ('write' in it ? it : E(it)).write('overwritten'), thing);
  await expect(near).rejects.toThrow(words);
  expect(store.entries()).toEqual(before);
  // The rest goes on.
  expect(await shop.turn(() => 'works')).toBe('works');
};

describe('a row', () => {
  test('is of version 0 where it is an actor that a collector has stripped, and nowhere else', () => {
    const row = (kind: string) => stripped({ kind, version: 1, change: 1, body: '#{"n":1}', slots: ['x'] });
    expect(decodeRow(THING, row('thing'))).toMatchObject({ version: 0, change: 2, body: '#null', slots: [] });
    for (const [key, kind] of [
      ['v/test/!', 'vat'],
      ['v/test/k', 'kinds'],
      ['v/test/r/a/thing', 'root'],
      ['v/test/m/2/a/thing', 'entry'],
      ['v/test/a/map/2', 'map'],
      ['v/!', 'vats'],
    ] as const) {
      expect(() => decodeRow(key, row(kind))).toThrow(`ROW_DAMAGED: row ${key}: `);
    }
  });

  test('is not written so deep that nobody could read it back; the turn is undone', async () => {
    const shop = await open();
    const it = shop.kernel.refOf('vat:test/thing/2/self') as Thing;
    const deep = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
    const before = store.entries();
    await expect(E(it).write(deep(501))).rejects.toThrow(/^LIMIT_EXCEEDED: JSON with more than 500 levels$/);
    expect(store.entries()).toEqual(before);
    await E(it).write(deep(500));
    await shop.kernel.stop();
    const again = await open();
    expect(await E(again.kernel.refOf('vat:test/thing/2/self') as Thing).read()).toEqual(deep(500));
  });

  test('has the documented form', () => {
    const value = store.get(THING)!;
    expect(JSON.parse(value)).toEqual({ k: 'thing', v: 3, c: 1, b: '#{"answer":42}', s: [] });
  });

  test('of a kind that nobody registered is refused with UNKNOWN_KIND', async () => {
    const shop = await openWorkshop(store);
    await expectRefused(
      shop,
      /^UNKNOWN_KIND: row v\/test\/a\/thing\/2 is of kind thing, known are map, counter, listener, bench$/,
    );
  });

  test('of a newer version is refused with NEWER_VERSION', async () => {
    await expectRefused(
      await open(makeThingKind('thing', 2)),
      /^NEWER_VERSION: row v\/test\/a\/thing\/2: thing version 3, known 2\nhint: use the gobs that wrote it/,
    );
  });

  test('whose portrait has another shape than its kind is refused with BAD_PORTRAIT', async () => {
    await expectRefused(await open(makeThingKind('thing', 3, M.string())), /^BAD_PORTRAIT: row v\/test\/a\/thing\/2: /);
  });

  const written = { k: 'thing', v: 3, c: 1, b: '#1', s: [] as unknown[] };
  test.each([
    ['cut short', (value: string) => value.slice(0, -3)],
    ['empty', () => ''],
    ['no JSON', () => 'answer 42'],
    ['nothing', () => 'null'],
    ['of something else', () => '{"answer":42}'],
    ['without its references', () => JSON.stringify({ ...written, s: 0 })],
    ['with a reference that is no text', () => JSON.stringify({ ...written, s: [1] })],
    ['with a change number that is none', () => JSON.stringify({ ...written, c: '1' })],
    ['with a body that is none', () => JSON.stringify({ ...written, b: '#{"a":' })],
    ['with a reference that cannot be in a row', () => JSON.stringify({ ...written, b: '#"$0"', s: ['host:1'] })],
  ])('that is %s is refused with ROW_DAMAGED', async (_, damage) => {
    store = makeMemoryStore(
      store.entries().map(([key, value]) => [key, key === THING ? damage(value) : value] as const),
    );
    await expectRefused(
      await open(),
      /^ROW_DAMAGED: row v\/test\/a\/thing\/2: .*\nhint: nothing was overwritten; restore a backup$/,
    );
  });
});

describe('the row of a map entry', () => {
  test('that is damaged is refused when read and when overwritten; the others are not', async () => {
    const shop = await open();
    const map = (await shop.vat.makeOnce('map', ({ makeMap }) => makeMap())) as DurableMap<unknown>;
    await E(map).set('a', 1);
    await E(map).set('b', 2);
    const key = shop.kernel.nameOf(map)!.replace(/^vat:test\/map\/(\d+)\/self$/, 'v/test/m/$1/a');
    await shop.kernel.stop();
    store = makeMemoryStore(
      store.entries().map(([each, value]) => [each, each === key ? value.slice(1) : value] as const),
    );
    const before = store.entries();
    const again = await open();
    const same = (await again.vat.makeOnce('map', () => expect.unreachable())) as DurableMap<unknown>;
    await expect(E(same).get('a')).rejects.toThrow(/^ROW_DAMAGED: row v\/test\/m\/\d+\/a: /);
    await expect(E(same).set('a', 5)).rejects.toThrow(/^ROW_DAMAGED/);
    await expect(E(same).page({ limit: 5 })).rejects.toThrow(/^ROW_DAMAGED/);
    expect(await E(same).get('b')).toBe(2);
    expect(store.entries()).toEqual(before);
  });
});

describe("a vat's own row", () => {
  const damaged = [
    ['damaged', (value: string) => value.slice(1), /^ROW_DAMAGED: row v\/test\/!/],
    [
      'of a newer version',
      () => encodeRow({ kind: 'vat', version: 2, change: 1, body: '#{}', slots: [] }),
      /^NEWER_VERSION: row v\/test\/!: vat version 2, known 1/,
    ],
  ] as const;
  test.each(damaged)(
    'that is %s keeps it from making anything, and nothing is overwritten',
    async (_, damage, words) => {
      store = makeMemoryStore(
        store.entries().map(([key, value]) => [key, key === 'v/test/!' ? damage(value) : value] as const),
      );
      const before = store.entries();
      const shop = await open();
      await expect(shop.counter(1)).rejects.toThrow(words);
      expect(store.entries()).toEqual(before);
      expect(await shop.turn(() => 'works')).toBe('works');
    },
  );

  test('of a root that is damaged keeps the root from being made again', async () => {
    store = makeMemoryStore(
      store.entries().map(([key, value]) => [key, key === 'v/test/r/thing' ? value.slice(1) : value] as const),
    );
    const before = store.entries();
    const shop = await open();
    await expect(shop.vat.makeOnce('thing', () => expect.unreachable())).rejects.toThrow(
      /^ROW_DAMAGED: row v\/test\/r\/thing/,
    );
    expect(store.entries()).toEqual(before);
  });
});

describe('on a ledger', () => {
  const ledgerOf = (rows: MemoryStore, id: string) => openLedger(rows, { randomId: () => id, where: 'memory' });
  const kind = makeThingKind('thing', 1);
  const openOn = async (rows: MemoryStore, id: string) => {
    const kernel = makeKernel({ store: await ledgerOf(rows, id), now: () => 1, schedule: setImmediate });
    const vat = kernel.openVat('test');
    vat.register(kind, {});
    return { kernel, vat };
  };
  /** The rows of a vat whose root is a thing. */
  const rowsOf = async (id: string): Promise<MemoryStore> => {
    const rows = makeMemoryStore();
    const { kernel, vat } = await openOn(rows, id);
    await vat.makeOnce('thing', ({ spawn }) => spawn(kind, 'mine'));
    await kernel.stop();
    return rows;
  };
  const unmade = () => expect.unreachable();

  test('an altered row is refused, and another that is put in its place', async () => {
    const rows = await rowsOf('one');
    const key = 'v/test/a/thing/1';
    const { vat } = await openOn(rows, 'one');
    const made = (await vat.makeOnce('thing', unmade)) as Thing;
    expect(await E(made).read()).toBe('mine');

    for (const value of [rows.get(key)!.replace('mine', 'mind'), rows.get('v/test/r/thing')!]) {
      const altered = makeMemoryStore(rows.entries().map((row) => (row[0] === key ? [key, value] : row)));
      const thing = (await (await openOn(altered, 'one')).vat.makeOnce('thing', unmade)) as Thing;
      const expected = /^ROW_DAMAGED: row v\/test\/a\/thing\/1: checksum "[0-9a-f]{8}", expected [0-9a-f]{8}\nhint: /;
      await expect(E(thing).read()).rejects.toThrow(expected);
      await expect(E(thing).write('overwritten')).rejects.toThrow(expected);
      expect(altered.get(key)).toBe(value);
    }
  });

  test('rows that were copied in from another store are refused', async () => {
    const [mine, theirs] = [await rowsOf('one'), await rowsOf('two')];
    const own = mine.entries().filter(([key]) => key.startsWith('!'));
    const mixed = makeMemoryStore([...own, ...theirs.entries().filter(([key]) => !key.startsWith('!'))]);
    const refused = (await openOn(mixed, 'three')).vat.makeOnce('thing', unmade);
    await expect(refused).rejects.toThrow(/^ROW_DAMAGED: row v\/test\/r\/thing/);
  });
});

test('an actor whose kind has gone can still be referred to, and called once the kind is back', async () => {
  const kind = makeThingKind('thing', 3);
  const shop = await open(kind);
  const kept = await shop.turn<Thing>(({ spawn, bcom }) => {
    const made = spawn(kind, 'kept');
    bcom({ made });
    return made;
  });
  expect(await E(kept).read()).toBe('kept');
  await shop.kernel.stop();

  const without = await openWorkshop(store);
  const held = await without.turn<Thing>(({ portrait }) => (portrait as { made: Thing }).made);
  await expect(E(held).read()).rejects.toThrow(/^UNKNOWN_KIND/);
  await without.turn(({ bcom, portrait }) => bcom({ ...(portrait as object), more: 1 }));
  await without.kernel.stop();

  const back = await open(kind);
  expect(await back.turn(({ portrait }) => (portrait as { made: Thing }).made.read())).toBe('kept');
});

test('a kind that is registered after a reference to its actors was made is refused, rather than half known', async () => {
  const kind = makeThingKind('thing', 3);
  const shop = await open(kind);
  await shop.turn(({ spawn, bcom }) => bcom(spawn(kind, 'kept')));
  await shop.kernel.stop();
  const late = await openWorkshop(store);
  await late.turn(({ portrait }) => portrait);
  expect(() => late.vat.register(kind, {})).toThrow(/kind thing was needed before it was registered/);
});

test('a reference to an actor that was never made answers NO_SUCH_ACTOR, whatever the name', async () => {
  const shop = await open();
  const names = [
    'vat:test/thing/99/self',
    'vat:test/thing/2/other',
    'vat:nowhere/thing/2/self',
    'eph:test/listener/1/self',
    'host:77',
    'vat:',
    'nonsense',
    '',
    'peer:x/1',
    'vat:test/thing/9007199254740993/self',
  ];
  for (const name of names) {
    await expect(E(shop.kernel.refOf(name) as Thing).read(), name).rejects.toThrow(/^NO_SUCH_ACTOR/);
  }
});

test('a header that is no record is damage to the collector too', () => {
  const header = encodeRow({ kind: 'vat', version: 1, change: 1, body: '#null', slots: [] });
  expect(() => readHeader('v/test/!', header)).toThrow('ROW_DAMAGED: row v/test/!: its portrait is no record');
});

test('eviction forgets the longest unused, keeps identity, and reads rows again', async () => {
  const shop = await openWorkshop(store, { cacheLimit: 5 });
  const counters = await shop.turn<Counter[]>(({ spawn, bcom }) => {
    const made = Array.from({ length: 50 }, (_, n) => spawn(counterKind, n));
    bcom(made);
    return made;
  });
  expect(await shop.kernel.inspector.vats()).toMatchObject([{ name: 'test', cached: 5 }]);
  for (const [n, counter] of counters.entries()) expect(await E(counter).incr(1)).toBe(n + 1);
  const again = await shop.turn<Counter[]>(({ portrait }) => portrait);
  expect(again).toEqual(counters);
  expect(again.every((counter, n) => counter === counters[n])).toBe(true);
  const sum = await shop.turn(
    (_here, all: Counter[]) => all.reduce((total, counter) => total + counter.incr(1), 0),
    counters,
  );
  expect(sum).toBe((49 * 50) / 2 + 100);
  expect(await shop.kernel.inspector.vats()).toMatchObject([{ cached: 5 }]);
});
