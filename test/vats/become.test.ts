import { M } from '@endo/patterns';
import { beforeEach, describe, expect, test } from 'vitest';
import { makeMemoryStore } from '../../src/persistence/memory-store.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { defineKind, type Become } from '../../src/vats/kind.ts';
import { makeGatedStore, type GatedStore } from './gated-store.ts';
import { openWorkshop, type Workshop } from './workshop.ts';

/** An actor whose code keeps its `bcom`s, which well-behaved code does not. */
interface Keeper {
  keep(): number;
  /** `bcom(value)` with one that was kept. */
  use(kept: number, value: number): void;
  read(): number;
}
const makeKeeperKind = () => {
  const kept: Become<number>[] = [];
  return defineKind<number, Keeper>({
    label: 'keeper',
    guard: M.interface('Keeper', {
      keep: M.call().returns(M.number()),
      use: M.call(M.number(), M.number()).returns(),
      read: M.call().returns(M.number()),
    }),
    portrait: M.number(),
    behave: (bcom, _self, n) => ({
      keep: () => kept.push(bcom) - 1,
      use: (which, value) => kept[which]!(value),
      read: () => n,
    }),
  });
};

let store: GatedStore;
let shop: Workshop;
let keeper: Keeper;

const open = async (cacheLimit: number): Promise<void> => {
  store = makeGatedStore(makeMemoryStore());
  shop = await openWorkshop(store, { cacheLimit });
  const kind = makeKeeperKind();
  shop.vat.register(kind, {});
  keeper = (await shop.vat.makeOnce('keeper', ({ spawn }) => spawn(kind, 0))) as Keeper;
};

beforeEach(() => open(1_000));

describe.each([
  ['in memory', 1_000],
  ['evicted after every turn', 0],
])('a bcom of an actor that is %s', (_, cacheLimit) => {
  beforeEach(() => open(cacheLimit));

  test('works in a later turn if nothing became meanwhile', async () => {
    const kept = await E(keeper).keep();
    await E(keeper).use(kept, 5);
    expect(await E(keeper).read()).toBe(5);
  });

  test('is stale once anything became', async () => {
    const old = await E(keeper).keep();
    await E(keeper).use(old, 1);
    await expect(E(keeper).use(old, 2)).rejects.toThrow(/^STALE_BECOME/);
    expect(await E(keeper).read()).toBe(1);
  });

  test('is stale if its portrait was undone, though another has its number now', async () => {
    const fromStart = await E(keeper).keep();
    const fromUndone = await shop.turn<number>(({ self }, k: Keeper) => {
      let inside = -1;
      const id = shop.script(() => {
        k.use(fromStart, 1);
        inside = k.keep();
        throw Error('undo');
      });
      try {
        self.run(id);
      } catch {
        return inside;
      }
      return -1;
    }, keeper);
    await E(keeper).use(fromStart, 7);
    await expect(E(keeper).use(fromUndone, 2)).rejects.toThrow(/^STALE_BECOME/);
    expect(await E(keeper).read()).toBe(7);
  });

  test('is stale if its portrait was lost in a batch that failed, though another has its number now', async () => {
    const fromStart = await E(keeper).keep();
    store.shut();
    const lost = E(keeper).use(fromStart, 1);
    const fromLost = E(keeper).keep();
    const refused = store.refuseOne(Error('disk full'));
    await expect(lost).rejects.toThrow(/^COMMIT_FAILED/);
    await expect(fromLost).rejects.toThrow(/^COMMIT_FAILED/);
    await refused;
    store.open();
    const fresh = await E(keeper).keep();
    await E(keeper).use(fresh, 7);
    // Numbers of `keep` count on: the one that was kept in the lost turn is the one before the last.
    await expect(E(keeper).use(fresh - 1, 2)).rejects.toThrow(/^STALE_BECOME/);
    expect(await E(keeper).read()).toBe(7);
  });
});

test('a bcom is visible at once, in near calls of the same turn', async () => {
  const counter = await shop.counter(1);
  const seen = await shop.turn(
    (_here, c: { incr(n: number): number; read(): number }) => [c.incr(1), c.read(), c.incr(1), c.read()],
    counter,
  );
  expect(seen).toEqual([2, 2, 3, 3]);
});

test('an updater that becomes itself is refused', async () => {
  await expect(
    shop.turn(({ bcom }) =>
      bcom((old: unknown) => {
        bcom('inside');
        return old;
      }),
    ),
  ).rejects.toThrow(/^STALE_BECOME/);
});

test('bcom, spawn, sends, on, promise kits and near calls outside a turn throw OUTSIDE_TURN', async () => {
  const attempts: [string, () => unknown][] = [];
  await shop.turn(({ bcom, spawn, on, promiseKit, now, self, makeMap }) => {
    const kit = promiseKit();
    const map = makeMap();
    attempts.push(
      ['bcom', () => bcom(1)],
      ['spawn', () => spawn({ label: 'counter' } as never, 1)],
      ['on', () => on(Promise.resolve(), () => {})],
      ['promiseKit', () => promiseKit()],
      ['resolve', () => kit.resolve(1)],
      ['now', () => now()],
      ['near call', () => self.run(0)],
      ['map', () => map.set('a', 1)],
    );
  });
  for (const [what, attempt] of attempts) expect(attempt, what).toThrow(/^OUTSIDE_TURN/);
});

test('what belongs to one vat throws OUTSIDE_TURN in a turn of another', async () => {
  const other = await shop.neighbour('other');
  const attempts: [string, () => unknown][] = [];
  const map = await shop.turn(({ bcom, spawn, on, promiseKit, now, self, makeMap }) => {
    const kit = promiseKit();
    const map = makeMap();
    attempts.push(
      ['bcom', () => bcom(1)],
      ['spawn', () => spawn({ label: 'counter' } as never, 1)],
      ['on', () => on(Promise.resolve(), () => {})],
      ['promiseKit', () => promiseKit()],
      ['resolve', () => kit.resolve(1)],
      ['now', () => now()],
      ['near call', () => self.run(0)],
      ['map', () => map.set('a', 1)],
    );
    return map;
  });
  const codes = await other.turn(() =>
    attempts.map(([what, attempt]) => {
      try {
        attempt();
        return `${what} was done`;
      } catch (error) {
        return (error as Error).message.split(':')[0];
      }
    }),
  );
  expect(codes).toEqual(attempts.map(() => 'OUTSIDE_TURN'));
  expect(await E(map as { size(): number }).size()).toBe(0);
});
