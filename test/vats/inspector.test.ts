import { beforeEach, describe, expect, test } from 'vitest';
import { makeMemoryStore } from '../../src/persistence/memory-store.ts';
import { E } from '../../src/vats/eventual-send.ts';
import type { DurableMap } from '../../src/vats/kind.ts';
import { counterKind, listenerKind, openWorkshop, type Counter, type Workshop } from './workshop.ts';

let shop: Workshop;
let other: Workshop;
beforeEach(async () => {
  shop = await openWorkshop(makeMemoryStore());
  other = await shop.neighbour('other');
});

describe('the inspector', () => {
  test('lists vats, with what is in memory, and their roots', async () => {
    await shop.vat.makeOnce('zoo', ({ spawn }) => spawn(counterKind, 1));
    expect(await shop.kernel.inspector.vats()).toEqual([
      { name: 'test', type: null, open: true, cached: 2 },
      { name: 'other', type: null, open: true, cached: 1 },
    ]);
    expect(await shop.kernel.inspector.roots('test')).toEqual(['bench', 'zoo']);
    expect(await shop.kernel.inspector.roots('nowhere')).toEqual([]);
  });

  test('lists the durable actors of a vat in pages', async () => {
    await shop.turn(({ spawn }) => {
      for (let n = 0; n < 25; n += 1) spawn(counterKind, n);
      spawn(listenerKind, []);
    });
    const names: string[] = [];
    let after: string | undefined;
    do {
      const page = await shop.kernel.inspector.actors('test', { limit: 10, ...(after === undefined ? {} : { after }) });
      names.push(...page.actors.map(({ name }) => name));
      after = page.next ?? undefined;
    } while (after !== undefined);
    expect(names).toHaveLength(26);
    expect(new Set(names).size).toBe(26);
    expect(names).toContain('vat:test/counter/26/self');
    expect((await shop.kernel.inspector.actors('other')).actors).toMatchObject([
      { kind: 'bench', version: 1, change: 1 },
    ]);
  });

  test('shows a portrait with the names of its references, and gives no reference', async () => {
    const theirs = await other.counter(5);
    await shop.turn(({ bcom }, it: Counter) => bcom({ it, n: 1n }), theirs);
    expect(shop.kernel.inspector.portrait('vat:test/bench/1/self')).toEqual({
      name: 'vat:test/bench/1/self',
      kind: 'bench',
      version: 1,
      change: 2,
      portrait: '{"it":"$0.Alleged: Reference","n":"+1"}',
      references: [shop.kernel.nameOf(theirs)],
    });
    expect(() => shop.kernel.inspector.portrait('vat:test/bench/9/self')).toThrow(/^NO_SUCH_ACTOR/);
    expect(() => shop.kernel.inspector.portrait('nonsense')).toThrow(/^NO_SUCH_ACTOR/);
  });

  test('finds who refers to an actor: portraits, map entries and roots of every vat', async () => {
    const counter = (await shop.vat.makeOnce('counter', ({ spawn }) => spawn(counterKind, 1))) as Counter;
    const map = (await other.vat.makeOnce('map', ({ makeMap }) => makeMap())) as DurableMap<unknown>;
    await E(map).set('here', [counter]);
    await E(map).set('there', 1);
    await shop.turn(({ bcom }, it: Counter) => bcom({ it }), counter);
    expect(await shop.kernel.inspector.referrers(shop.kernel.nameOf(counter)!)).toEqual([
      'v/test/a/bench/1',
      'v/test/r/counter',
      'v/other/m/2/here',
    ]);
  });
});
