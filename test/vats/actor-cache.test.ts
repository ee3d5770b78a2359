import { beforeEach, describe, expect, test } from 'vitest';
import { makeMemoryStore } from '../../src/persistence/memory-store.ts';
import { makeActorCache, type ActorCache } from '../../src/vats/actor-cache.ts';
import { counterKind, openWorkshop, type Counter } from './workshop.ts';
import { E } from '../../src/vats/eventual-send.ts';

interface Entry {
  readonly id: string;
  readonly address: { readonly instance: number };
  state: { size: number };
}

const entry = (instance: number, size: number): Entry => ({
  id: `n/${instance}`,
  address: { instance },
  state: { size },
});

describe('a cache of actors', () => {
  let cache: ActorCache<Entry>;
  beforeEach(() => {
    cache = makeActorCache<Entry>({ actors: 3, bytes: 100 });
  });

  const left = (...instances: number[]): number[] => instances.filter((n) => cache.get(`n/${n}`) !== undefined);

  test('forgets the longest unused when there are too many', () => {
    for (const n of [1, 2, 3]) cache.put(entry(n, 1));
    cache.get('n/1');
    cache.put(entry(4, 1));
    expect(cache.count).toBe(4);
    cache.evict();
    expect(left(1, 2, 3, 4)).toEqual([1, 3, 4]);
  });

  test('forgets the longest unused when they are too large', () => {
    cache.put(entry(1, 60));
    cache.put(entry(2, 40));
    cache.evict();
    expect(cache.count).toBe(2);
    cache.put(entry(3, 1));
    cache.evict();
    expect(left(1, 2, 3)).toEqual([2, 3]);
  });

  test('counts what became larger, or smaller, or was put in twice', () => {
    const one = entry(1, 50);
    cache.put(one);
    cache.put(one);
    cache.put(entry(2, 40));
    one.state = { size: 61 };
    cache.resized(one, 50);
    cache.evict();
    expect(left(1, 2)).toEqual([2]);
    // It is not in there any more.
    cache.resized(one, 1_000);
    cache.put(entry(3, 60));
    cache.evict();
    expect(left(2, 3)).toEqual([2, 3]);
  });

  test('lets nothing stay that is larger than all', () => {
    cache.put(entry(1, 101));
    cache.evict();
    expect(cache.count).toBe(0);
  });
});

describe('a vat', () => {
  const cached = async (cacheBytes: number): Promise<number> => {
    const shop = await openWorkshop(makeMemoryStore(), { cacheBytes });
    const counters = await shop.turn<Counter[]>(({ spawn }) =>
      Array.from({ length: 20 }, (_, n) => spawn(counterKind, n)),
    );
    for (const counter of counters) await E(counter).add(1);
    const count = (await shop.kernel.inspector.vats())[0]!.cached;
    for (const [n, counter] of counters.entries()) expect(await E(counter).read()).toBe(n + 1);
    return count;
  };

  test('keeps as many actors as fit in so many bytes of rows', async () => {
    expect(await cached(1_000_000)).toBe(21);
    // A row of a counter has some forty characters.
    expect(await cached(400)).toBeGreaterThan(5);
    expect(await cached(400)).toBeLessThan(12);
    expect(await cached(0)).toBe(0);
  });

  test('counts what an undone turn had changed as it was', async () => {
    const shop = await openWorkshop(makeMemoryStore(), { cacheBytes: 3_000 });
    await shop.turn(({ bcom }) => bcom('small'));
    const fail = shop.script(({ bcom }) => {
      bcom('large'.repeat(1_000));
      throw Error('after bcom');
    });
    for (let n = 0; n < 10; n += 1) {
      await E(shop.bench)
        .run(fail)
        .catch(() => {});
    }
    expect((await shop.kernel.inspector.vats())[0]!.cached).toBe(1);
    await shop.turn(({ bcom }) => bcom('large'.repeat(1_000)));
    expect((await shop.kernel.inspector.vats())[0]!.cached).toBe(0);
    expect(await shop.turn(({ portrait }) => portrait)).toHaveLength(5_000);
  });
});
