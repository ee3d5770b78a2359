import { beforeEach, describe, expect, test } from 'vitest';
import { makeMemoryStore, type MemoryStore } from '../../src/persistence/memory-store.ts';
import { E } from '../../src/vats/eventual-send.ts';
import type { DurableMap } from '../../src/vats/kind.ts';
import { allRows } from '../support/test-kernel.ts';
import { counterKind, listenerKind, openWorkshop, type Counter, type Listener, type Workshop } from './workshop.ts';

let store: MemoryStore;
let shop: Workshop;

beforeEach(async () => {
  store = makeMemoryStore();
  shop = await openWorkshop(store);
});

/** Runs `code` as a near call that throws, and catches what it threw. */
const undone = (shop: Workshop, code: () => void) => {
  const id = shop.script(() => {
    code();
    throw Error('undo me');
  });
  return (bench: { run(id: number): unknown }): void => {
    try {
      bench.run(id);
    } catch {
      return;
    }
    throw Error('it should have thrown');
  };
};

describe('a near call that throws and is caught', () => {
  test('takes back what it did and nothing from before or after it', async () => {
    const counter = await shop.counter(0);
    const before = await shop.turn<number>(({ self }, c: Counter) => {
      c.add(1);
      undone(shop, () => c.add(10))(self);
      c.add(100);
      return c.read();
    }, counter);
    expect(before).toBe(101);
    expect(await E(counter).read()).toBe(101);
    expect(shop.kernel.inspector.portrait(shop.kernel.nameOf(counter)!)).toMatchObject({ change: 3, portrait: '101' });
  });

  test('takes back those that it made itself, also if they succeeded', async () => {
    const counter = await shop.counter(0);
    const seen = await shop.turn(({ self }, c: Counter) => {
      undone(shop, () => {
        c.add(1);
        undone(shop, () => c.add(10))(self);
        c.add(100);
      })(self);
      return c.read();
    }, counter);
    expect(seen).toBe(0);
  });

  test('leaves of a map what it was, size and all', async () => {
    const map = await shop.turn<DurableMap<number>>(({ makeMap, bcom }) => {
      const map = makeMap<number>();
      map.set('a', 1);
      map.set('b', 2);
      bcom(map);
      return map;
    });
    const before = await allRows(store);
    const seen = await shop.turn(({ self, portrait }) => {
      const map = portrait as DurableMap<number>;
      undone(shop, () => {
        map.delete('a');
        map.set('b', 20);
        map.set('c', 3);
      })(self);
      return [map.size(), map.get('a'), map.get('b'), map.has('c')];
    });
    expect(seen).toEqual([2, 1, 2, false]);
    expect(await allRows(store)).toEqual(before);
    expect(await E(map).size()).toBe(2);
  });

  test('leaves no actor behind, durable or ephemeral', async () => {
    const outcome = await shop.turn(({ self, spawn }) => {
      let durable: Counter | undefined;
      let ephemeral: Listener | undefined;
      undone(shop, () => {
        durable = spawn(counterKind, 1);
        ephemeral = spawn(listenerKind, []);
      })(self);
      const codes = [() => durable!.read(), () => ephemeral!.heard()].map((call) => {
        try {
          call();
          return 'answered';
        } catch (error) {
          return (error as Error).message.split(':')[0];
        }
      });
      return codes;
    });
    expect(outcome).toEqual(['NO_SUCH_ACTOR', 'NO_SUCH_ACTOR']);
  });

  test('gives up its numbers for ever: a reference that leaked out of it never names a later actor', async () => {
    const [first, second] = await shop.turn<[string, string]>(({ self, spawn }) => {
      let leaked: Counter | undefined;
      undone(shop, () => {
        leaked = spawn(counterKind, 1);
      })(self);
      const later = spawn(counterKind, 2);
      return [leaked === later ? 'the same' : 'another', `${later.read()}`];
    });
    expect([first, second]).toEqual(['another', '2']);
  });

  test('drops its sends and continuations, and the promises that it made never settle', async () => {
    const told: string[] = [];
    const listener = await shop.turn<Listener>(({ spawn }) => spawn(listenerKind, []));
    await shop.turn(({ self, on }, l: Listener) => {
      undone(shop, () => {
        const sent = E(l).hear('undone');
        sent.then(
          () => told.push('answered'),
          () => told.push('rejected'),
        );
        void on(Promise.resolve(1), () => told.push('went on'));
      })(self);
      void E(l).hear('kept');
    }, listener);
    await shop.kernel.idle();
    expect(await E(listener).heard()).toEqual(['kept']);
    expect(told).toEqual([]);
  });
});

describe('a turn that throws', () => {
  test('gives up its numbers too', async () => {
    let leaked: Counter | undefined;
    const failing = shop.turn(({ spawn }) => {
      leaked = spawn(counterKind, 1);
      throw Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    const same = await shop.turn(({ spawn }) => spawn(counterKind, 2) === leaked);
    expect(same).toBe(false);
  });
});

describe('a spawn or bcom that is refused and caught', () => {
  test('leaves all rows equal', async () => {
    const before = await allRows(store);
    const codes = await shop.turn(({ spawn, bcom }) => {
      const ephemeral = spawn(listenerKind, []);
      return [
        () => spawn(counterKind, 'one' as never),
        () => bcom(ephemeral),
        () => bcom(() => undefined as never),
      ].map((attempt) => {
        try {
          attempt();
          return 'accepted';
        } catch (error) {
          return (error as Error).message.split(':')[0];
        }
      });
    });
    expect(codes).toEqual(['BAD_PORTRAIT', 'NOT_DURABLE', 'accepted']);
    await shop.turn(({ bcom }) => bcom(null));
    const after = await allRows(store);
    expect(after.map(([key]) => key)).toEqual(before.map(([key]) => key));
    expect(after.filter(([key]) => key.endsWith('!'))).toEqual(before.filter(([key]) => key.endsWith('!')));
  });
});
