/** The row in which a vat says of which kinds its rows are, and who is refused because of it. */
import { M } from '@endo/patterns';
import { beforeEach, describe, expect, test } from 'vitest';
import { makeMemoryStore, type MemoryStore } from '../../src/persistence/memory-store.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { defineKind } from '../../src/vats/kind.ts';
import { requireKnownKinds, vatsIn } from '../../src/vats/known-kinds.ts';
import { defineRetiredKind } from '../../src/vats/retired-kind.ts';
import { decodeRow } from '../../src/vats/row.ts';
import { makeGatedStore } from './gated-store.ts';
import { letAllArrive, watch } from './watch.ts';
import { benchKind, counterKind, openWorkshop } from './workshop.ts';

const thingKindOf = (version: number, label = 'thing', formerly: readonly string[] = []) =>
  defineKind<unknown, { read(): unknown }>({
    label,
    version,
    formerly,
    upgrades: Array.from({ length: version - 1 }, () => (value: unknown) => value),
    guard: M.interface('Thing', { read: M.call().returns(M.any()) }),
    portrait: M.any(),
    behave: (_bcom, _self, value) => ({ read: () => value }),
  });

let store: MemoryStore;
beforeEach(() => {
  store = makeMemoryStore();
});

/** Of the vat `test`. */
const versions = (): unknown => {
  const value = store.get('v/test/k');
  return value === undefined ? undefined : JSON.parse(decodeRow('v/test/k', value).body.slice(1));
};
const changes = (): number => decodeRow('v/test/k', store.get('v/test/k')!).change;

describe('the row of kinds', () => {
  test('has the highest version of each kind that was written, and is written only when one is new', async () => {
    const shop = await openWorkshop(store);
    expect(versions()).toEqual({ bench: 1 });
    const counter = await shop.counter(1);
    expect(versions()).toEqual({ bench: 1, counter: 1 });
    const before = changes();
    await E(counter).incr(1);
    await shop.counter(2);
    expect(changes()).toBe(before);
    await shop.turn(({ makeMap }) => makeMap());
    expect(versions()).toEqual({ bench: 1, counter: 1, map: 1 });
  });

  test('rises with an upgrade, keeps the labels that a kind had, and is not lowered', async () => {
    const open = async (version: number, label?: string, formerly?: string[]) => {
      const shop = await openWorkshop(store);
      const kind = thingKindOf(version, label, formerly);
      shop.vat.register(kind, {});
      const thing = (await shop.vat.makeOnce('thing', ({ spawn }) => spawn(kind, 1))) as { read(): unknown };
      await E(thing).read();
      await shop.kernel.stop();
      return shop;
    };
    await open(1);
    expect(versions()).toEqual({ bench: 1, thing: 1 });
    await open(3);
    expect(versions()).toEqual({ bench: 1, thing: 3 });
    await open(4, 'object', ['thing']);
    expect(versions()).toEqual({ bench: 1, thing: 3, object: 4 });
  });

  test('is as the store has it after a turn that was undone', async () => {
    const shop = await openWorkshop(store);
    const undone = shop.turn(({ spawn }) => {
      spawn(counterKind, 1);
      throw Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(versions()).toEqual({ bench: 1 });
    await shop.counter(1);
    expect(versions()).toEqual({ bench: 1, counter: 1 });
  });

  test('is as the store has it after a batch that failed', async () => {
    const gated = makeGatedStore(store);
    const shop = await openWorkshop(gated);
    gated.shut();
    const lost = watch(shop.counter(1));
    await gated.refuseOne(Error('disk full'));
    await letAllArrive();
    expect(lost.outcome).toBe('COMMIT_FAILED');
    gated.open();
    await shop.turn(() => 1);
    expect(versions()).toEqual({ bench: 1 });
    await shop.counter(1);
    expect(versions()).toEqual({ bench: 1, counter: 1 });
  });

  test('is not written for what is never written', async () => {
    const shop = await openWorkshop(store);
    await shop.turn(({ makeMap }) => void makeMap);
    expect(Object.keys(versions() as object)).not.toContain('listener');
  });

  test('that is damaged keeps the vat from writing what it would have to tell', async () => {
    const shop = await openWorkshop(store);
    await shop.kernel.stop();
    const [key, value] = ['v/test/k', store.get('v/test/k')!];
    for (const [damaged, words] of [
      [value.slice(1), /^ROW_DAMAGED: row v\/test\/k/],
      [value.replace('\\"bench\\":1', '\\"bench\\":\\"x\\"'), /^ROW_DAMAGED: row v\/test\/k: is no table/],
      [value.replace('"v":1', '"v":2'), /^NEWER_VERSION: row v\/test\/k: kinds version 2, known 1/],
    ] as const) {
      expect(damaged).not.toBe(value);
      await store.write([{ type: 'put', key, value: damaged }]);
      const again = await openWorkshop(store);
      await expect(again.counter(1)).rejects.toThrow(words);
      expect(store.get(key)).toBe(damaged);
      await again.kernel.stop();
    }
  });
});

describe('a program', () => {
  const two = async (): Promise<void> => {
    const shop = await openWorkshop(store);
    const kind = thingKindOf(2);
    shop.vat.register(kind, {});
    await shop.vat.makeOnce('thing', ({ spawn }) => spawn(kind, 1));
    await shop.neighbour('test-2');
    await shop.neighbour('other');
    await shop.kernel.stop();
  };

  test('that knows all kinds goes on, whatever else it knows', async () => {
    await two();
    await requireKnownKinds(store, [benchKind, thingKindOf(2), counterKind]);
    await requireKnownKinds(store, [benchKind, thingKindOf(5, 'object', ['thing'])]);
    await requireKnownKinds(store, [
      benchKind,
      defineRetiredKind({ label: 'old', formerly: ['thing'], version: 2, upgrades: [() => 1] }),
    ]);
  });

  test('that lacks one is told which, in which vat, and what it knows', async () => {
    await two();
    await expect(requireKnownKinds(store, [benchKind, counterKind])).rejects.toThrow(
      'UNKNOWN_KIND: vat test has actors of kind thing, this gobs knows map, bench, counter\n' +
        'hint: nothing was changed; use the gobs that wrote it, or a newer one',
    );
  });

  test('that knows an older version only is told which, found and known', async () => {
    await two();
    await expect(requireKnownKinds(store, [benchKind, thingKindOf(1)])).rejects.toThrow(
      'NEWER_VERSION: vat test has actors of kind thing version 2, this gobs knows 1\n' +
        'hint: nothing was changed; use the gobs that wrote it, or a newer one',
    );
  });

  test('goes on with an empty store, and with vats that have no rows of kinds', async () => {
    await requireKnownKinds(makeMemoryStore(), []);
    await requireKnownKinds(makeMemoryStore([['v/test/!', 'x']]), []);
  });

  test('is told of a row of kinds that is damaged', async () => {
    await expect(requireKnownKinds(makeMemoryStore([['v/test/k', 'x']]), [])).rejects.toThrow(/^ROW_DAMAGED/);
  });

  test('cannot know two kinds of one label', async () => {
    await expect(requireKnownKinds(store, [thingKindOf(1), thingKindOf(1, 'object', ['thing'])])).rejects.toThrow(
      /two kinds are, or were, called thing/,
    );
  });

  test('finds every vat, however their names begin', async () => {
    const names = ['a', 'a-b', 'a0', 'a-', 'aa', 'b'];
    const rows = makeMemoryStore(
      names.flatMap((name) => [[`v/${name}/!`, 'x'] as const, [`v/${name}/a/x/1`, 'x'] as const]),
    );
    await rows.write([
      { type: 'put', key: 'v/!', value: 'x' },
      { type: 'put', key: 'w/x/!', value: 'x' },
      { type: 'put', key: 'p/x', value: 'x' },
    ]);
    expect([...(await vatsIn(rows))].sort()).toEqual([...names].sort());
  });
});
