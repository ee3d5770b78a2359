/** One situation at a time; garbage.test.ts has them all at once. */
import { M } from '@endo/patterns';
import { describe, beforeEach, expect, test } from 'vitest';
import { makeMemoryStore, type MemoryStore } from '../../src/persistence/memory-store.ts';
import { E } from '../../src/vats/eventual-send.ts';
import type { VatHandle } from '../../src/vats/kernel.ts';
import { defineKind, type DurableMap, type MapPage } from '../../src/vats/kind.ts';
import type { RefName } from '../../src/vats/names.ts';
import type { Store } from '../../src/vats/store.ts';
import { countingStore } from '../support/counting-store.ts';
import { openTestKernel } from '../support/test-kernel.ts';
import { collectGarbage } from './collect-garbage.ts';
import { errorOf as reasonOf } from './error-of.ts';
import { actorsIn, checkCounts, checkReferences, reachableIn } from './garbage/reachable.ts';
import { makeGatedStore, type GatedStore } from './gated-store.ts';
import {
  benchKind,
  counterKind,
  listenerKind,
  openWorkshop,
  type Bench,
  type Counter,
  type Listener,
  type Workshop,
} from './workshop.ts';

const errorOf = async (promise: Promise<unknown>): Promise<string> => (await reasonOf(promise)).message;

let memory: MemoryStore;
let store: GatedStore;
let shop: Workshop;

beforeEach(async () => {
  memory = makeMemoryStore();
  store = makeGatedStore(memory);
  shop = await openWorkshop(store);
});

const rowsOf = (of: MemoryStore): ReadonlyMap<string, string> => new Map(of.entries());
const actors = (kind = ''): string[] => actorsIn(rowsOf(memory)).filter((key) => key.includes(`/a/${kind}`));
const peer = 'a'.repeat(52);

/** Two cycles: what is in caches is seen to be garbage by the engine after the first. */
const collect = async (of = shop) => {
  await of.kernel.collector.collect();
  await collectGarbage();
  return of.kernel.collector.collect();
};

/** In a function of its own, so that nobody holds what it held. */
const keepCounter = (n: number): Promise<unknown> =>
  shop.turn(({ bcom, spawn }) => bcom({ counter: spawn(counterKind, n) })).then(() => undefined);

const namesOfCounters = (): RefName[] =>
  actors('counter').map((key) => key.replace(/^v\/(.*)\/a\/(.*)$/, 'vat:$1/$2/self'));

describe('an actor', () => {
  test('that its holder has let go of is taken away, and nothing else', async () => {
    await keepCounter(1);
    await keepCounter(2);
    expect(actors('counter')).toHaveLength(2);
    await collect();
    expect(actors('counter')).toHaveLength(1);
    expect(await shop.turn(({ portrait }) => (portrait as { counter: Counter }).counter.read())).toBe(2);
    expect(() => checkCounts(rowsOf(memory))).not.toThrow();
  });

  test('of which nothing is left says so', async () => {
    await keepCounter(1);
    const [name] = namesOfCounters();
    await keepCounter(2);
    await collect();
    expect(await errorOf(E(shop.kernel.refOf(name!) as Counter).read())).toContain('NO_SUCH_ACTOR');
  });

  test('that refers to one that refers to it is taken away with it', async () => {
    await shop.turn(({ bcom, spawn }) => {
      const [one, two] = [spawn(benchKind, null), spawn(benchKind, null)];
      bcom({ one, two });
    });
    const become = shop.script(({ bcom }, other: object) => bcom({ other }));
    await shop.turn(({ portrait }) => {
      const { one, two } = portrait as Record<'one' | 'two', Workshop['bench']>;
      one.run(become, two);
      two.run(become, one);
    });
    await collect();
    expect(actors('bench')).toHaveLength(3);
    await shop.turn(({ bcom }) => bcom(null));
    await collect();
    expect(actors('bench')).toHaveLength(1);
  });

  test('of a vat is held by one of another, and goes in a circle with it', async () => {
    const other = await shop.neighbour('other');
    const hold = other.script(({ bcom }, it: object) => bcom({ it }));
    const circle = async (): Promise<void> => {
      const mine = await shop.turn<Workshop['bench']>(({ spawn }) => spawn(benchKind, null));
      const theirs = await other.turn<Workshop['bench']>(({ spawn }) => spawn(benchKind, null));
      const holdMine = shop.script(({ bcom }, it: object) => bcom({ it }));
      await E(mine).run(holdMine, theirs);
      await E(theirs).run(hold, mine);
      await E(other.bench).run(hold, theirs);
    };
    await circle();
    await collect();
    expect(actors('bench')).toHaveLength(4);
    await other.turn(({ bcom }) => bcom(null));
    await collect();
    expect(actors('bench')).toHaveLength(2);
  });

  test('of a vat that is not open is held by what is, and otherwise goes', async () => {
    const other = await shop.neighbour('other');
    const give = async (): Promise<void> => {
      const theirs = await other.counter(1);
      await other.counter(2);
      await shop.turn(({ bcom }, it: Counter) => bcom({ it }), theirs);
    };
    await give();
    await shop.kernel.stop();
    shop = await openWorkshop(store);
    expect((await collect()).collected + (actors('counter').length - 1)).toBe(0);
    expect(actors('counter')).toHaveLength(1);
    await shop.turn(({ bcom }) => bcom(null));
    await collect();
    expect(actors('counter')).toHaveLength(0);
  });
});

describe('a map', () => {
  const fill = (entries: number): Promise<unknown> =>
    shop
      .turn(({ bcom, makeMap, spawn }) => {
        const map = makeMap<Counter>();
        for (let n = 0; n < entries; n += 1) map.set(`n${n}`, spawn(counterKind, n));
        bcom({ map });
      })
      .then(() => undefined);

  test('holds what is in it, over many pages', async () => {
    await fill(300);
    await collect();
    expect(actors('counter')).toHaveLength(300);
    await shop.turn(({ portrait }) => (portrait as { map: DurableMap<Counter> }).map.delete('n7'));
    await collect();
    expect(actors('counter')).toHaveLength(299);
  });

  test('goes with its entries, and what was in them', async () => {
    await fill(300);
    await shop.turn(({ bcom }) => bcom(null));
    await collect();
    expect(actors()).toEqual(['v/test/a/bench/1']);
    expect([...rowsOf(memory).keys()].filter((key) => key.includes('/m/'))).toEqual([]);
  });
});

describe('what nobody but memory holds stays:', () => {
  test('a reference of the host world', async () => {
    const counter = await shop.counter(5);
    const { inMemory } = await collect();
    expect(inMemory).toBe(1);
    expect(await E(counter).read()).toBe(5);
  });

  test('one in the portrait of an ephemeral actor, as long as that lives', async () => {
    const hold = async (): Promise<object> => {
      const listener = await shop.turn<object>(({ spawn }) => {
        const heard = spawn(listenerKind, []);
        heard.hear(spawn(counterKind, 1));
        return heard;
      });
      return listener;
    };
    let listener: object | undefined = await hold();
    await collect();
    expect(actors('counter')).toHaveLength(1);
    expect(listener).toBeDefined();
    listener = undefined;
    await collect();
    expect(actors('counter')).toHaveLength(0);
  });

  test('the target of a message that waits for its turn', async () => {
    await keepCounter(1);
    const [name] = namesOfCounters();
    await shop.turn(({ bcom }) => bcom(null));
    await collectGarbage();
    await shop.kernel.collector.collect();
    // In the queue, and nowhere else: a long queue lets the collector go first.
    const before = Array.from({ length: 2_000 }, () => E(shop.bench).run(shop.script(() => 0)));
    const answer = E(shop.kernel.refOf(name!) as Counter).read();
    await collectGarbage();
    const collected = shop.kernel.collector.collect();
    expect(await answer).toBe(1);
    await Promise.all([...before, collected]);
  });

  test('what a continuation has', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wait = (): Promise<unknown> =>
      shop
        .turn(({ spawn, on }, gate: Promise<void>) => {
          const counter = spawn(counterKind, 1);
          void on(gate, (_value, { bcom }) => bcom({ counter }));
        }, harden(promise))
        .then(() => undefined);
    await wait();
    await collect();
    resolve();
    await shop.kernel.idle();
    expect(await shop.turn(({ portrait }) => (portrait as { counter: Counter } | null)?.counter.read())).toBe(1);
  });
});

describe('a vat that a turn made', () => {
  interface Inn {
    /** Never written. */
    listener(): Listener;
  }
  const innKind = defineKind<null, Inn>({
    label: 'inn',
    guard: M.interface('Inn', { listener: M.call().returns(M.remotable()) }),
    portrait: M.null(),
    behave: (_bcom, _self, _portrait, { spawn }) => ({ listener: () => spawn(listenerKind, []) }),
  });
  const defineInn = (opened: (vat: VatHandle) => void = () => {}) =>
    shop.kernel.defineVatType({
      type: 'inn',
      root: innKind,
      open: (vat) => {
        for (const kind of [counterKind, listenerKind, innKind]) vat.register(kind, {});
        opened(vat);
      },
    });
  const inn = { name: 'inn', about: null, portrait: null };
  const gone = async (): Promise<boolean> => {
    await collectGarbage();
    await collect();
    return [...rowsOf(memory).keys()].every((key) => !key.startsWith('v/inn/'));
  };

  test('stays as long as an actor of it that is never written', async () => {
    const makeInn = defineInn();
    const visit = async (): Promise<Listener> => E(await shop.turn<Inn>(() => makeInn(inn))).listener();
    const stay = async (): Promise<void> => {
      const listener = await visit();
      await collectGarbage();
      await collect();
      expect(actors('inn')).toEqual([]);
      await E(listener).hear('still here');
      expect(await E(listener).heard()).toEqual(['still here']);
    };
    await stay();
    expect(await gone()).toBe(true);
  });

  test('goes with its roots, and no row ever refers to one that is not there', async () => {
    shop = await openWorkshop({
      ...memory,
      write: async (ops) => {
        await memory.write(ops);
        checkReferences(rowsOf(memory));
        checkCounts(rowsOf(memory));
      },
    });
    let rooted: Promise<unknown> = Promise.resolve();
    const makeInn = defineInn((vat) => {
      const isOpen = Promise.resolve();
      rooted = isOpen.then(() => vat.makeOnce('counter', ({ spawn }) => spawn(counterKind, 1))).then(() => undefined);
    });
    const visit = async (): Promise<void> => {
      await E(await shop.turn<Inn>(() => makeInn(inn))).listener();
      await rooted;
    };
    await visit();
    expect(await gone()).toBe(true);
  });
});

describe('what the host world wrote holds:', () => {
  const write = async (key: string, value: (name: RefName) => string): Promise<void> => {
    const counter = await shop.counter(1);
    await shop.kernel.committer.write([{ type: 'put', key, value: value(shop.kernel.nameOf(counter)!) }]);
  };
  test.each([
    ['what a peer was given', `p/${peer}/x/1`, (name: RefName) => name],
    ['what a locator leads to', 's/abc', (name: RefName) => `abc ${name}`],
  ])('%s, until the row goes', async (_what, key, value) => {
    await write(key, value);
    await collect();
    expect(actors('counter')).toHaveLength(1);
    await shop.kernel.committer.write([{ type: 'del', key }]);
    await collect();
    expect(actors('counter')).toHaveLength(0);
  });
});

describe('a cycle', () => {
  test('in the middle of which a batch fails is given up, and takes nothing', async () => {
    await keepCounter(1);
    store.shut();
    // Not durable: the reference to the counter is let go of.
    const lost = shop.turn(({ bcom }) => bcom(null));
    const refused = errorOf(lost);
    await collectGarbage();
    const collected = errorOf(shop.kernel.collector.collect());
    await store.refuseOne(Error('disk full'));
    store.open();
    expect(await refused).toContain('COMMIT_FAILED');
    expect(await collected).toContain('COLLECTION_STOPPED');
    await collect();
    expect(await shop.turn(({ portrait }) => (portrait as { counter: Counter }).counter.read())).toBe(1);
  });

  test('ends when the kernel stops, which does not wait for it', async () => {
    await keepCounter(1);
    const collected = errorOf(shop.kernel.collector.collect());
    await shop.kernel.stop();
    expect(await collected).toContain('COLLECTION_STOPPED');
    expect(await errorOf(shop.kernel.collector.collect())).toContain('COLLECTION_STOPPED');
  });

  test('is not what somebody waits for who waits until all is done', async () => {
    for (let n = 0; n < 50; n += 1) await shop.counter(n);
    let isDone = false;
    const collected = shop.kernel.collector.collect().then(() => (isDone = true));
    await shop.kernel.idle();
    expect(isDone).toBe(false);
    await collected;
  });

  test('goes on while a vat is never idle, and lets it go on', async () => {
    await shop.turn(({ bcom, spawn }) => bcom(Array.from({ length: 500 }, (_, n) => spawn(counterKind, n))));
    let turns = 0;
    let isDone = false;
    const again = shop.script(() => (turns += 1));
    const busy = async (): Promise<void> => {
      while (!isDone) await Promise.all(Array.from({ length: 100 }, () => E(shop.bench).run(again)));
    };
    const working = busy();
    await shop.kernel.collector.collect();
    isDone = true;
    await working;
    expect(turns).toBeGreaterThan(100);
  });

  test('looks at many vats without keeping turns from running', async () => {
    const header = memory.get('v/test/!')!;
    await memory.write(
      Array.from({ length: 40 }, (_, n) => ({ type: 'put', key: `v/other-${n}/!`, value: header }) as const),
    );
    let inOneCrank = 0;
    let most = 0;
    const counted: Store = {
      ...memory,
      get: (key) => {
        if (key.startsWith('v/other-')) inOneCrank += 1;
        most = Math.max(most, inOneCrank);
        return memory.get(key);
      },
    };
    const kernel = openTestKernel(counted, {
      collectorPace: 4,
      schedule: (crank) =>
        void setImmediate(() => {
          inOneCrank = 0;
          crank();
        }),
    });
    await kernel.collector.collect();
    // To find them takes one each, and waits for the store each time; then there are some for each of four.
    expect(most).toBeGreaterThan(40);
    expect(most).toBeLessThan(40 + 4 * 5);
    await kernel.stop();
  });

  test('keeps a map, and what is in it, while somebody waits for a page of it', async () => {
    const gate = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    let isShut = false;
    const slow: Store = {
      ...memory,
      page: async (request) => {
        if (isShut && request.gt.startsWith('v/test/m/')) {
          isShut = false;
          asked.resolve();
          await gate.promise;
        }
        return memory.page(request);
      },
    };
    const kernel = openTestKernel(slow);
    const own = await openWorkshop(slow, { kernel, name: 'test', cacheLimit: 1 });
    const askPage = async (): Promise<{ page: Promise<MapPage<unknown>> }> => {
      const map = await own.turn<DurableMap<number>>(({ makeMap }) => {
        const made = makeMap<number>();
        made.set('a', 1);
        return made;
      });
      isShut = true;
      return { page: E(map).page({ limit: 10 }) as Promise<MapPage<unknown>> };
    };
    const { page } = await askPage();
    await asked.promise;
    await own.counter(1);
    await own.counter(2);
    await collect(own);
    await collect(own);
    gate.resolve();
    expect((await page).entries).toEqual([['a', 1]]);
    await kernel.stop();
  });

  test('misses nothing that a turn puts where it has been already', async () => {
    const kernel = openTestKernel(memory, { collectorPace: 1 });
    const own = await openWorkshop(memory, { kernel, cacheLimit: 1 });
    // Of what a row refers to the last is read first: so the holder long before the many others.
    const holder = await own.turn<Bench>(({ bcom, spawn }) => {
      const made = spawn(benchKind, null);
      bcom([...Array.from({ length: 300 }, (_, n) => spawn(counterKind, n)), made]);
      return made;
    });
    const put = own.script(({ bcom }, it: Counter) => bcom([it]));
    const nothing = own.script(() => null);
    const handOver = async (): Promise<Promise<unknown>[]> => {
      const counter = await own.counter(7);
      await collectGarbage();
      const collected = kernel.collector.collect();
      for (let cranks = 0; cranks < 30; cranks += 1) await new Promise((resolve) => setImmediate(resolve));
      await E(holder).run(put, counter);
      return [collected];
    };
    const [collected] = await handOver();
    await E(own.bench).run(nothing);
    await collectGarbage();
    await collected;
    const read = own.script(({ portrait }) => (portrait as readonly [Counter])[0].read());
    expect(await E(holder).run(read)).toBe(7);
    await kernel.stop();
  });

  test('that meets a damaged row takes nothing, and says which', async () => {
    await keepCounter(1);
    await keepCounter(2);
    await collectGarbage();
    const before = actors();
    await shop.kernel.committer.write([{ type: 'put', key: before.at(-1)!, value: 'damaged' }]);
    const error = await errorOf(shop.kernel.collector.collect());
    expect(error).toContain('ROW_DAMAGED');
    expect(error).toContain(before.at(-1));
    expect(actors()).toEqual(before);
  });

  test('whose condemned somebody comes to have a reference of stops', async () => {
    await shop.turn(({ bcom, spawn }) => bcom(Array.from({ length: 200 }, (_, n) => spawn(counterKind, n))));
    const names = namesOfCounters();
    await shop.turn(({ bcom }) => bcom(null));
    await collectGarbage();
    await shop.kernel.collector.collect();
    await collectGarbage();
    store.shut();
    const collected = errorOf(shop.kernel.collector.collect());
    await store.letOneThrough();
    const left = namesOfCounters();
    expect(left.length).toBeLessThan(names.length);
    expect(left.length).toBeGreaterThan(0);
    // By its name, which no program should have kept.
    const ghost = shop.kernel.refOf(left.at(-1)!) as Counter;
    store.open();
    expect(await collected).toContain('COLLECTION_STOPPED');
    expect(await E(ghost).read()).toBeTypeOf('number');
  });

  test('counts what was written since the last began', async () => {
    await shop.kernel.collector.collect();
    expect(shop.kernel.collector.changes).toBe(0);
    await shop.turn(({ bcom }) => bcom(1));
    expect(shop.kernel.collector.changes).toBe(1);
  });
});

describe('a process that dies while it sweeps', () => {
  /** A map with actors in it, more than go in a batch, and a circle beside it; all let go of. */
  const prepare = async (): Promise<MemoryStore> => {
    const content = makeMemoryStore();
    const before = await openWorkshop(content);
    await before.turn(({ bcom, makeMap, spawn }) => {
      const map = makeMap<object>();
      for (let n = 0; n < 150; n += 1) map.set(`n${n}`, spawn(counterKind, n));
      map.set('itself', map);
      // A chain of more than go in a batch: some refer to what goes before them.
      let previous: object = map;
      for (let n = 0; n < 100; n += 1) previous = spawn(benchKind, { previous });
      map.set('chain', previous);
      bcom({ map, kept: spawn(counterKind, 1_000) });
    });
    await before.turn(({ bcom, portrait }) => bcom({ kept: (portrait as { kept: Counter }).kept }));
    await before.kernel.stop();
    return content;
  };

  const sweep = async (on: Store): Promise<void> => {
    const { kernel } = await openWorkshop(on);
    await kernel.collector.collect();
  };

  const check = (of: MemoryStore, where: string): void => {
    const rows = rowsOf(of);
    expect(() => reachableIn(rows), where).not.toThrow();
    expect(() => checkCounts(rows), where).not.toThrow();
    expect(() => checkReferences(rows), where).not.toThrow();
  };

  test('leaves garbage, and nothing that is half there: at every write', async () => {
    const content = await prepare();
    const whole = makeMemoryStore(content.entries());
    const recorded = countingStore(whole);
    await sweep(recorded.store);
    expect(recorded.steps.length).toBeGreaterThan(8);
    expect(actorsIn(rowsOf(whole))).toHaveLength(2);
    let interrupted = 0;
    for (let at = 1; at <= recorded.steps.length; at += 1) {
      const copy = makeMemoryStore(content.entries());
      const counting = countingStore(copy, ({ number }) => {
        if (number === at) counting.crash();
      });
      void sweep(counting.store).catch(() => {});
      await counting.crashed;
      check(copy, `step ${at}`);
      const left = actorsIn(rowsOf(copy)).length;
      if (left > 2 && left < 253) interrupted += 1;
      // The next one takes the rest.
      await sweep(copy);
      check(copy, `after step ${at}`);
      expect(actorsIn(rowsOf(copy)), `after step ${at}`).toEqual(actorsIn(rowsOf(whole)));
    }
    expect(interrupted).toBeGreaterThan(2);
  });
});
