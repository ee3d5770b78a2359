import { beforeEach, describe, expect, test } from 'vitest';
import { makeMemoryStore, type MemoryStore } from '../../src/persistence/memory-store.ts';
import { E } from '../../src/vats/eventual-send.ts';
import type { DurableMap, PromiseKit } from '../../src/vats/kind.ts';
import { allRows } from '../support/test-kernel.ts';
import { until } from '../support/until.ts';
import { hostListener, letAllArrive, watch } from './watch.ts';
import { makeGatedStore, type GatedStore } from './gated-store.ts';
import { listenerKind, openWorkshop, type Bench, type Counter, type Listener, type Workshop } from './workshop.ts';

let memory: MemoryStore;
let store: GatedStore;
let shop: Workshop;

beforeEach(async () => {
  memory = makeMemoryStore();
  store = makeGatedStore(memory);
  shop = await openWorkshop(store);
});

describe('before a turn is durable', () => {
  test('neither its messages nor its answer have left; after it both have', async () => {
    const { heard, listener } = hostListener();
    store.shut();
    const answer = watch(
      shop.turn(({ bcom }, l: Listener) => {
        void E(l).hear('sent');
        bcom('changed');
        return 'answered';
      }, listener),
    );
    await letAllArrive();
    expect([heard, answer.outcome]).toEqual([[], 'waiting']);
    await store.letOneThrough();
    await letAllArrive();
    expect([heard, answer.outcome]).toEqual([['sent'], 'answered']);
  });

  test('its failure is not told either, since it may come from what is not durable', async () => {
    const counter = await shop.counter(0);
    store.shut();
    const first = watch(E(counter).incr(1));
    const second = watch(
      shop.turn((_here, c: Counter) => {
        throw Error(`WAS_SEEN: ${c.read()}`);
      }, counter),
    );
    await letAllArrive();
    expect([first.outcome, second.outcome]).toEqual(['waiting', 'waiting']);
    await store.letOneThrough();
    await letAllArrive();
    expect([first.outcome, second.outcome]).toEqual([1, 'WAS_SEEN']);
  });

  test('another vat has heard nothing of it', async () => {
    const other = await shop.neighbour('other');
    const heard: unknown[] = [];
    const id = other.script((_here, what) => void heard.push(what));
    store.shut();
    const sent = shop.turn(({ bcom }, b: Bench) => {
      bcom('changed');
      return E(b).run(id, 'sent');
    }, other.bench);
    await letAllArrive();
    expect(heard).toEqual([]);
    store.open();
    await sent;
    expect(heard).toEqual(['sent']);
  });

  test('a turn that only read waits for it, and a page does', async () => {
    const map = await shop.turn<DurableMap<string>>(({ makeMap }) => makeMap());
    store.shut();
    const set = watch(E(map).set('a', 'new'));
    const got = watch(E(map).get('a'));
    const page = watch(E(map).page({ limit: 10 }));
    await letAllArrive();
    expect([set.outcome, got.outcome, page.outcome]).toEqual(['waiting', 'waiting', 'waiting']);
    await store.letOneThrough();
    await letAllArrive();
    expect([set.outcome, got.outcome]).toEqual([undefined, 'new']);
    expect(page.outcome).toMatchObject({ entries: [['a', 'new']] });
  });

  test('a page that was asked for earlier shows nothing of it', async () => {
    const map = await shop.turn<DurableMap<string>>(({ makeMap }) => makeMap());
    let letPageGo = (): void => {};
    const gate = new Promise<void>((resolve) => (letPageGo = resolve));
    const askedFirst = watch(shop.turn(({ on }, m: DurableMap<string>) => on(gate, () => m.page({ limit: 10 })), map));
    await letAllArrive();
    store.shut();
    const set = watch(E(map).set('a', 'not durable'));
    await letAllArrive();
    letPageGo();
    await letAllArrive();
    expect([set.outcome, askedFirst.outcome]).toEqual(['waiting', 'waiting']);
    await store.refuseOne(Error('disk full'));
    await letAllArrive();
    expect(set.outcome).toBe('COMMIT_FAILED');
    expect(askedFirst.outcome).not.toMatchObject({ entries: [['a', 'not durable']] });
  });

  test('a promise of its vat does not tell what it did, not even one that the code made by itself', async () => {
    let resolve: (value: string) => void = () => {};
    const promised = await shop.turn<{ later: Promise<string> }>(() => ({
      later: new Promise<string>((settle) => (resolve = settle)),
    }));
    const later = watch(promised.later);
    store.shut();
    const turn = watch(
      shop.turn(({ bcom }) => {
        bcom('changed');
        resolve('told too early');
      }),
    );
    await letAllArrive();
    expect([turn.outcome, later.outcome]).toEqual(['waiting', 'waiting']);
    await store.letOneThrough();
    await letAllArrive();
    expect([turn.outcome, later.outcome]).toEqual([undefined, 'told too early']);
  });

  test('a promise kit that it resolved has not settled', async () => {
    let kit: PromiseKit<number> | undefined;
    const promised = await shop.turn<{ later: Promise<number> }>(({ promiseKit }) => {
      kit = promiseKit<number>();
      return { later: kit.promise };
    });
    const later = watch(promised.later);
    store.shut();
    const turn = watch(
      shop.turn(({ bcom }) => {
        kit!.resolve(5);
        bcom('changed');
      }),
    );
    await letAllArrive();
    expect([turn.outcome, later.outcome]).toEqual(['waiting', 'waiting']);
    store.open();
    await letAllArrive();
    expect([turn.outcome, later.outcome]).toEqual([undefined, 5]);
  });

  test('the inspector does not show it', async () => {
    const counter = await shop.counter(0);
    const name = shop.kernel.nameOf(counter)!;
    store.shut();
    const turn = E(counter).incr(1);
    await letAllArrive();
    expect(shop.kernel.inspector.portrait(name)).toMatchObject({ portrait: '0', change: 1 });
    store.open();
    await turn;
    expect(shop.kernel.inspector.portrait(name)).toMatchObject({ portrait: '1', change: 2 });
  });
});

describe('a turn that wrote nothing', () => {
  test('causes no batch', async () => {
    const counter = await shop.counter(3);
    store.shut();
    expect(await E(counter).read()).toBe(3);
    await expect(E(counter).fail(1)).rejects.toThrow('after bcom');
    const before = await allRows(store);
    store.open();
    await shop.kernel.idle();
    expect(await allRows(store)).toEqual(before);
  });

  test('waits for the batch that is being written, but not for a later one', async () => {
    const counter = await shop.counter(0);
    store.shut();
    const first = watch(E(counter).incr(1));
    await letAllArrive();
    const read = watch(E(counter).read());
    await letAllArrive();
    const second = watch(E(counter).incr(1));
    await letAllArrive();
    expect([first.outcome, read.outcome, second.outcome]).toEqual(['waiting', 'waiting', 'waiting']);
    await store.letOneThrough();
    await letAllArrive();
    expect([first.outcome, read.outcome, second.outcome]).toEqual([1, 1, 'waiting']);
    await store.letOneThrough();
    await letAllArrive();
    expect(second.outcome).toBe(2);
  });
});

describe('messages to one reference', () => {
  test('arrive in the order in which they were sent, whether their turns wrote or not', async () => {
    const { heard, listener } = hostListener();
    const other = await shop.neighbour('other');
    const far = await other.turn<Listener>(({ spawn }) => spawn(listenerKind, []));
    const turns: Promise<unknown>[] = [];
    for (let n = 0; n < 60; n += 1) {
      turns.push(
        shop.turn(
          ({ bcom, self }, a: Listener, b: Listener, n: number) => {
            void E(a).hear(n);
            void E(b).hear(n);
            if (n % 3 !== 0) bcom(n);
            if (n % 5 === 0) {
              const id = shop.script(() => {
                void E(a).hear('undone');
                throw Error('caught');
              });
              expect(() => self.run(id)).toThrow('caught');
            }
          },
          listener,
          far,
          n,
        ),
      );
      if (n % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(turns);
    await shop.kernel.idle();
    const all = Array.from({ length: 60 }, (_, n) => n);
    expect(heard).toEqual(all);
    expect(await E(far).heard()).toEqual(all);
  });

  test('from the host to an actor keep their order too', async () => {
    const counter = await shop.counter(0);
    const answers = await Promise.all(Array.from({ length: 100 }, () => E(counter).incr(1)));
    expect(answers).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
  });

  test('to a promise arrive before those to what it became', async () => {
    const { heard, listener } = hostListener();
    await shop.turn(({ on }, l: Listener) => {
      const promise = Promise.resolve(l);
      void E(promise).hear(1);
      void E(promise).hear(2);
      return on(promise, (it) => {
        void E(it).hear(3);
      });
    }, listener);
    await until(() => heard.length === 3);
    expect(heard).toEqual([1, 2, 3]);
  });
});
