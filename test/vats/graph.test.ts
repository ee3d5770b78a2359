import { expect, test } from 'vitest';
import { makeMemoryStore } from '../../src/persistence/memory-store.ts';
import { E } from '../../src/vats/eventual-send.ts';
import type { DurableMap } from '../../src/vats/kind.ts';
import { openWorkshop, type Counter } from './workshop.ts';

test('a graph has roots, actors with their facets and entries with their keys, of other vats too, and cycles once', async () => {
  const shop = await openWorkshop(makeMemoryStore());
  const other = await shop.neighbour('other');
  const theirs = await other.counter(5);
  await shop.turn(({ bcom, makeMap, self }, it: Counter) => {
    const map: DurableMap<unknown> = makeMap();
    map.set('web1', harden([it, self]));
    bcom(harden({ map, mine: self }));
  }, theirs);
  expect(await shop.kernel.inspector.graph()).toEqual({
    nodes: [
      { name: 'root:test', kind: 'vat' },
      { name: 'root:other', kind: 'vat' },
      { name: 'vat:test/bench/1', kind: 'bench' },
      { name: 'vat:other/bench/1', kind: 'bench' },
      { name: 'vat:test/map/2', kind: 'map' },
      { name: 'vat:other/counter/2', kind: 'counter' },
    ],
    edges: [
      { from: 'root:test', to: 'vat:test/bench/1', label: 'bench' },
      { from: 'root:other', to: 'vat:other/bench/1', label: 'bench' },
      { from: 'vat:test/bench/1', to: 'vat:test/map/2', label: 'map' },
      { from: 'vat:test/bench/1', to: 'vat:test/bench/1', label: 'mine' },
      { from: 'vat:test/map/2', to: 'vat:other/counter/2', label: 'web1' },
      { from: 'vat:test/map/2', to: 'vat:test/bench/1', label: 'web1' },
    ],
    omitted: [],
  });
  expect((await shop.kernel.inspector.graph({ depth: 0 })).omitted).toEqual(['what is more than 0 references away']);
});

test('of a large map the first entries are followed, and it is said that there are more', async () => {
  const shop = await openWorkshop(makeMemoryStore());
  const map = (await shop.vat.makeOnce('map', ({ makeMap }) => makeMap())) as DurableMap<unknown>;
  const all = Array.from({ length: 60 }, (_, n) => E(map).set(`key-${String(n).padStart(2, '0')}`, map));
  await Promise.all(all);
  const { edges, omitted } = await shop.kernel.inspector.graph({ from: 'vat:test/map/2/self', depth: 2 });
  expect(edges).toHaveLength(50);
  expect(edges.at(-1)!.label).toBe('key-49');
  expect(omitted).toEqual(['vat:test/map/2: a map with more than 50 entries']);
});

test('a graph has the roots of vats that are not open, too, and no more nodes than it may', async () => {
  const store = makeMemoryStore();
  const before = await openWorkshop(store);
  await before.neighbour('other');
  await before.kernel.stop();
  const shop = await openWorkshop(store);
  const { nodes, omitted } = await shop.kernel.inspector.graph();
  expect(nodes.map(({ name }) => name)).toContain('vat:other/bench/1');
  expect(omitted).toEqual([]);
  const least = await shop.kernel.inspector.graph({ limit: 1 });
  expect(least.nodes).toHaveLength(1);
  expect(least.omitted).toEqual(['more than 1 actors']);
});
