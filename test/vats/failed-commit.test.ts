import { beforeEach, describe, expect, test } from 'vitest';
import { makeMemoryStore, type MemoryStore } from '../../src/persistence/memory-store.ts';
import { E } from '../../src/vats/eventual-send.ts';
import type { DurableMap } from '../../src/vats/kind.ts';
import { allRows } from '../support/test-kernel.ts';
import { hostListener, letAllArrive, watch } from './watch.ts';
import { makeGatedStore, type GatedStore } from './gated-store.ts';
import { listenerKind, openWorkshop, type Listener, type Workshop } from './workshop.ts';

let memory: MemoryStore;
let store: GatedStore;
let shop: Workshop;

beforeEach(async () => {
  memory = makeMemoryStore();
  store = makeGatedStore(memory);
  shop = await openWorkshop(store);
});

describe('a batch that fails', () => {
  test('takes with it every turn that ran since, of every vat, and says so to each caller', async () => {
    const other = await shop.neighbour('other');
    const { heard, listener } = hostListener();
    const [mine, theirs] = [await shop.counter(0), await other.counter(0)];
    store.shut();
    const inBatch = [watch(E(mine).incr(1)), watch(E(theirs).incr(1))];
    await letAllArrive();
    const after = [
      watch(E(mine).incr(1)),
      watch(E(theirs).incr(1)),
      watch(E(mine).read()),
      watch(shop.turn((_here, l: Listener) => E(l).hear('seen'), listener)),
      watch(shop.kernel.committer.write([{ type: 'put', key: 'host', value: 'row' }])),
    ];
    await letAllArrive();
    await store.refuseOne(Error('disk full'));
    await letAllArrive();
    const outcomes = [...inBatch, ...after].map(({ outcome }) => outcome);
    expect(outcomes).toEqual(outcomes.map(() => 'COMMIT_FAILED'));
    store.open();
    expect(heard).toEqual([]);
    expect([await E(mine).read(), await E(theirs).read()]).toEqual([0, 0]);
    expect([await E(mine).incr(1), await E(theirs).incr(2)]).toEqual([1, 2]);
    expect(memory.get('host')).toBe(undefined);
  });

  test('gives its callers no cause, and the host one', async () => {
    const counter = await shop.counter(0);
    store.shut();
    const lost = E(counter).incr(1);
    await store.refuseOne(Error('disk full'));
    const error: Error = await lost.then(
      () => Error('it was kept'),
      (reason: Error) => reason,
    );
    expect(error.message).toBe('COMMIT_FAILED: the turn could not be written: disk full');
    expect(error.cause).toBe(undefined);
    expect((shop.kernel.failedCommits[0]!.cause as Error).message).toBe('disk full');
  });

  test('leaves numbers, roots and maps as the store has them', async () => {
    const map = await shop.turn<DurableMap<number>>(({ makeMap }) => {
      const made = makeMap<number>();
      made.set('kept', 1);
      return made;
    });
    const before = await allRows(memory);
    store.shut();
    const lost = [
      watch(E(map).set('lost', 2)),
      watch(shop.counter(5)),
      watch(shop.vat.makeOnce('root', ({ makeMap }) => makeMap())),
    ];
    await store.refuseOne(Error('disk full'));
    await letAllArrive();
    expect(lost.map(({ outcome }) => outcome)).toEqual(lost.map(() => 'COMMIT_FAILED'));
    store.open();
    expect(await E(map).size()).toBe(1);
    expect(await allRows(memory)).toEqual(before);
    const root = await shop.vat.makeOnce('root', ({ makeMap }) => makeMap());
    expect(await shop.vat.makeOnce('root', () => expect.unreachable())).toBe(root);
    expect(await E(map).set('again', 2)).toBe(undefined);
    expect(await E(map).page({ limit: 5 })).toMatchObject({
      entries: [
        ['again', 2],
        ['kept', 1],
      ],
    });
  });

  test('ends continuations of durable turns with COMMIT_FAILED, rather than leave their callers waiting', async () => {
    let settle: (n: number) => void = () => {};
    const late = new Promise<number>((resolve) => (settle = resolve));
    const waiting = watch(
      shop.turn(({ on, bcom }, p: Promise<number>) => {
        bcom('waiting');
        return on(p, (n: number) => n * 2);
      }, late),
    );
    await letAllArrive();
    const counter = await shop.counter(0);
    store.shut();
    const lost = watch(E(counter).incr(1));
    await store.refuseOne(Error('disk full'));
    await letAllArrive();
    store.open();
    settle(21);
    await letAllArrive();
    expect([lost.outcome, waiting.outcome]).toEqual(['COMMIT_FAILED', 'COMMIT_FAILED']);
  });

  test('ends ephemeral actors, as a restart does', async () => {
    const listener = await shop.turn<Listener>(({ spawn }) => spawn(listenerKind, []));
    await E(listener).hear('before');
    const counter = await shop.counter(0);
    store.shut();
    const lost = watch(E(counter).incr(1));
    await store.refuseOne(Error('disk full'));
    await letAllArrive();
    store.open();
    expect(lost.outcome).toBe('COMMIT_FAILED');
    await expect(E(listener).heard()).rejects.toThrow(/^NO_SUCH_ACTOR/);
  });

  test('does not keep the vats from going on when a listener of the host throws', async () => {
    const counter = await shop.counter(0);
    shop.kernel.failedCommits.push = () => {
      throw Error('the log is full');
    };
    store.shut();
    const lost = watch(E(counter).incr(1));
    await store.refuseOne(Error('disk full'));
    await letAllArrive();
    store.open();
    expect(lost.outcome).toBe('COMMIT_FAILED');
    expect(await E(counter).incr(1)).toBe(1);
    expect(shop.kernel.hostErrors).toMatchObject([{ message: 'the log is full' }]);
  });
});
