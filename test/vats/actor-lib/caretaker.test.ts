import { Far } from '@endo/pass-style';
import { beforeEach, describe, expect, test } from 'vitest';
import { makeMemoryStore, type MemoryStore } from '../../../src/persistence/memory-store.ts';
import { caretakerKind, spawnCaretaker, type Caretaker } from '../../../src/vats/actor-lib/caretaker.ts';
import { E } from '../../../src/vats/eventual-send.ts';
import { counterKind, openWorkshop, type Counter, type Workshop } from '../workshop.ts';

type AnyMethods = Record<string, (...args: unknown[]) => Promise<unknown>>;

let store: MemoryStore;
let shop: Workshop;
let counter: Counter;
let caretaker: Caretaker<Counter>;

const open = async (): Promise<void> => {
  shop = await openWorkshop(store);
  shop.vat.register(caretakerKind, {});
  ({ counter, caretaker } = (await shop.vat.makeOnce('pair', ({ spawn }) => {
    const counter = spawn(counterKind, 5);
    return { counter, caretaker: spawnCaretaker(spawn, counter) };
  })) as { counter: Counter; caretaker: Caretaker<Counter> });
};

const restart = async (): Promise<void> => {
  await shop.kernel.stop();
  await open();
};

beforeEach(async () => {
  store = makeMemoryStore();
  await open();
});

const expectItForwards = async (start: number): Promise<void> => {
  expect(await E(caretaker.revoker).isRevoked()).toBe(false);
  expect(await E(caretaker.forwarder).read()).toBe(start);
  expect(await E(caretaker.forwarder).incr(2)).toBe(start + 2);
  await expect((E(caretaker.forwarder) as unknown as AnyMethods).nothing!()).rejects.toThrow(
    /^NO_SUCH_METHOD: Counter/,
  );
  await expect((E(caretaker.forwarder) as unknown as AnyMethods).revoke!()).rejects.toThrow(/^NO_SUCH_METHOD: Counter/);
  const methods = await (E(caretaker.forwarder) as unknown as AnyMethods).__getMethodNames__!();
  expect(methods).toEqual(['incr', 'add', 'read', 'fail']);
};

const expectItIsRevoked = async (count: number): Promise<void> => {
  expect(await E(caretaker.revoker).isRevoked()).toBe(true);
  for (const method of ['read', 'incr', 'nothing', '__getMethodNames__']) {
    const call = (E(caretaker.forwarder) as unknown as AnyMethods)[method]!(1);
    await expect(call, method).rejects.toThrow(/^REFERENCE_REVOKED/);
  }
  expect(await E(counter).read()).toBe(count);
  const { references } = shop.kernel.inspector.portrait(shop.kernel.nameOf(caretaker.revoker)!);
  expect(references).toEqual([]);
};

describe('a caretaker', () => {
  test('forwards every method by its name until it is revoked, and then none for good, over restarts', async () => {
    await expectItForwards(5);
    await restart();
    await expectItForwards(7);
    await E(caretaker.revoker).revoke();
    await expectItIsRevoked(9);
    await E(caretaker.revoker).revoke();
    await restart();
    await expectItIsRevoked(9);
  });

  test('gives nothing of the one facet to the holder of the other', async () => {
    for (const method of ['read', 'incr', 'target']) {
      await expect((E(caretaker.revoker) as unknown as AnyMethods)[method]!(), method).rejects.toThrow(
        /^NO_SUCH_METHOD/,
      );
    }
    expect(await E(counter).read()).toBe(5);
  });

  test('lets an answer arrive that was on its way when it was revoked', async () => {
    let answer: (n: number) => void = () => {};
    const slow = Far('Slow', { wait: () => new Promise<number>((resolve) => (answer = resolve)) });
    const bench = shop.script((_here, it: typeof slow) => E(it).wait());
    const guarded = await shop.turn<Caretaker<Workshop['bench']>>(({ spawn, self }) => spawnCaretaker(spawn, self));
    const waiting = E(guarded.forwarder).run(bench, slow);
    await shop.kernel.idle();
    await E(guarded.revoker).revoke();
    answer(42);
    expect(await waiting).toBe(42);
    await expect(E(guarded.forwarder).run(bench, slow)).rejects.toThrow(/^REFERENCE_REVOKED/);
  });
});
