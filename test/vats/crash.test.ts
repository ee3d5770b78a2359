/**
 * A process that dies between a turn and its commit: nobody has seen a message of that turn, and nobody was answered. The points are not
 * placed by hand: a run that is left alone says how many writes there are, and one run for each moment of each ends there.
 */
import { Far } from '@endo/pass-style';
import { describe, expect, test } from 'vitest';
import { makeMemoryStore, type MemoryStore } from '../../src/persistence/memory-store.ts';
import { E } from '../../src/vats/eventual-send.ts';
import type { DurableMap } from '../../src/vats/kind.ts';
import type { Store } from '../../src/vats/store.ts';
import { countingStore } from '../support/counting-store.ts';
import { counterKind, openWorkshop, type Counter, type Workshop } from './workshop.ts';

/** What was seen of a run from outside: by an object of the host, by another peer, and by callers. */
interface Witness {
  readonly heardByHost: number[];
  readonly heardByPeer: number[];
  readonly answered: number[];
}

interface Portrait {
  readonly done: number;
  readonly log: DurableMap<number>;
  readonly counter: Counter;
}

const TURNS = 12;
const peer = `peer:${'a'.repeat(52)}/1`;

const open = async (store: Store, heardByPeer: number[]): Promise<{ shop: Workshop; other: Workshop }> => {
  const shop = await openWorkshop(store);
  shop.kernel.setRouter('peer', { deliver: async (_name, _method, [n]) => void heardByPeer.push(n as number) });
  return { shop, other: await shop.neighbour('other') };
};

/** Turns that become, spawn, write a map, and send to host, peer and another vat; some at once, some one after the other. */
const tell = async (store: Store, witness: Witness): Promise<void> => {
  const { shop, other } = await open(store, witness.heardByPeer);
  const listener = Far('Listener', { hear: (n: number) => void witness.heardByHost.push(n) });
  const theirs = await other.counter(0);
  await shop.turn(({ bcom, makeMap }, counter: Counter) => bcom({ done: 0, log: makeMap<number>(), counter }), theirs);
  const work = shop.script(
    ({ bcom, portrait, spawn }, n: number, host: { hear(n: number): void }, far: { hear(n: number): void }) => {
      const { log, counter } = portrait as Portrait;
      log.set(`n${n}`, n);
      bcom({ ...(portrait as Portrait), done: n });
      void E(host).hear(n);
      void E(far).hear(n);
      void E(counter).add(1);
      spawn(counterKind, n);
      return n;
    },
  );
  const far = shop.kernel.refOf(peer);
  const once = async (n: number): Promise<void> => {
    witness.answered.push((await E(shop.bench).run(work, n, listener, far)) as number);
  };
  for (let n = 1; n <= TURNS; n += 3) {
    await once(n);
    await Promise.all([once(n + 1), once(n + 2)]);
  }
  await shop.kernel.idle();
};

/** What is in the store, by a process that comes after. */
const look = async (store: MemoryStore) => {
  const { shop } = await open(makeMemoryStore(store.entries()), []);
  const portrait = await shop.turn<Portrait | null>(({ portrait }) => portrait);
  const done = portrait === null ? 0 : portrait.done;
  const logged = portrait === null ? [] : (await E(portrait.log).page({ limit: 100 })).entries.map(([, n]) => n);
  const counted = portrait === null ? 0 : await E(portrait.counter).read();
  // And it goes on.
  expect(await shop.turn(({ bcom }) => bcom('goes on'))).toBe(undefined);
  await shop.kernel.stop();
  return { done, logged, counted };
};

const newWitness = (): Witness => ({ heardByHost: [], heardByPeer: [], answered: [] });
const upTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1);

describe('a process that dies at a write', () => {
  test('has told nobody of what it did not write, and everything or nothing of each turn is there: at every write', async () => {
    const whole = newWitness();
    const recorded = countingStore(makeMemoryStore());
    await tell(recorded.store, whole);
    expect(whole).toEqual({ heardByHost: upTo(TURNS), heardByPeer: upTo(TURNS), answered: upTo(TURNS) });
    expect(recorded.steps.length).toBeGreaterThan(20);

    for (let at = 1; at <= recorded.steps.length; at += 1) {
      const memory = makeMemoryStore();
      const witness = newWitness();
      const counting = countingStore(memory, ({ number }) => {
        if (number === at) counting.crash();
      });
      let met = false;
      // What was alive goes on in this process, but reaches the store no more: it must not be heard either.
      void tell(counting.store, witness).catch(() => {});
      await counting.crashed.then(() => (met = true));
      for (let round = 0; round < 10; round += 1) await new Promise((resolve) => setImmediate(resolve));

      const where = `step ${at} of ${recorded.steps.length}`;
      expect(met, where).toBe(true);
      const { done, logged, counted } = await look(memory);
      expect(
        [...logged].sort((a, b) => a - b),
        `${where}: each turn whole`,
      ).toEqual(upTo(done));
      for (const seen of [witness.heardByHost, witness.heardByPeer, witness.answered]) {
        expect(seen, `${where}: in order`).toEqual(upTo(seen.length));
        expect(seen.length, `${where}: nothing that was not written`).toBeLessThanOrEqual(done);
      }
      expect(counted, `${where}: at most once`).toBeLessThanOrEqual(done);
    }
  });
});
