import { Far } from '@endo/pass-style';
import { beforeEach, describe, expect, test } from 'vitest';
import { makeMemoryStore, type MemoryStore } from '../../../src/persistence/memory-store.ts';
import { facetKind, spawnFacet } from '../../../src/vats/actor-lib/facet.ts';
import { E } from '../../../src/vats/eventual-send.ts';
import { counterKind, openWorkshop, type Counter, type Workshop } from '../workshop.ts';

type Reader = Pick<Counter, 'read' | 'incr'>;
type AnyMethods = Record<string, (...args: unknown[]) => Promise<unknown>>;

let store: MemoryStore;
let shop: Workshop;
let counter: Counter;
let facet: Reader;

const open = async (): Promise<void> => {
  shop = await openWorkshop(store);
  shop.vat.register(facetKind, {});
  ({ counter, facet } = (await shop.vat.makeOnce('pair', ({ spawn }) => {
    const counter = spawn(counterKind, 5);
    return { counter, facet: spawnFacet(spawn, counter, ['read', 'incr']) };
  })) as { counter: Counter; facet: Reader });
};

beforeEach(async () => {
  store = makeMemoryStore();
  await open();
});

const expectItWorks = async (start: number): Promise<void> => {
  expect(await E(facet).read()).toBe(start);
  expect(await E(facet).incr(2)).toBe(start + 2);
  expect(await E(counter).read()).toBe(start + 2);
  for (const method of ['add', 'fail', 'nothing', 'then', 'constructor', '__getInterfaceGuard']) {
    const call = shop.turn((_here, it: object) => (E(it) as AnyMethods)[method]!(1), facet);
    await expect(call, method).rejects.toThrow(/^NO_SUCH_METHOD/);
  }
  expect(await E(counter).read()).toBe(start + 2);
  expect(await (E(facet) as unknown as AnyMethods).__getMethodNames__!()).toEqual(['read', 'incr']);
};

describe('a facet', () => {
  test('passes on the methods of its list, by their names, and no others, over a restart', async () => {
    await expectItWorks(5);
    await shop.kernel.stop();
    await open();
    await expectItWorks(7);
  });

  test('passes on what the target refuses and throws', async () => {
    await expect((E(facet) as unknown as AnyMethods).incr!('x')).rejects.toThrow(/^BAD_ARGUMENTS: Counter.incr/);
    const failing = await shop.turn<object>(({ spawn }, it: Counter) => spawnFacet(spawn, it, ['fail']), counter);
    await expect((E(failing) as AnyMethods).fail!(1)).rejects.toThrow('after bcom');
    expect(await E(counter).read()).toBe(5);
  });

  test('can be made of a facet, and of an actor of another vat', async () => {
    const other = await shop.neighbour('other');
    other.vat.register(facetKind, {});
    const narrower = (await other.vat.makeOnce('facet', ({ spawn }) => spawn(counterKind, 0))) as Counter;
    expect(await E(narrower).read()).toBe(0);
    const make = other.script(({ spawn }, it: Reader) => spawnFacet(spawn, it, ['read']));
    const reader = (await E(other.bench).run(make, facet)) as Pick<Counter, 'read'>;
    expect(await E(reader).read()).toBe(5);
    await expect((E(reader) as unknown as AnyMethods).incr!(1)).rejects.toThrow(/^NO_SUCH_METHOD: this facet/);
    const name = shop.kernel.nameOf(reader)!;
    await shop.kernel.stop();
    await open();
    const again = await shop.neighbour('other');
    again.vat.register(facetKind, {});
    const revived = shop.kernel.refOf(name) as Pick<Counter, 'read'>;
    expect(await E(revived).read()).toBe(5);
    await expect((E(revived) as unknown as AnyMethods).incr!(1)).rejects.toThrow(/^NO_SUCH_METHOD: this facet/);
  });

  test('of something that does not outlive the process is refused', async () => {
    const made = shop.turn(
      ({ spawn }, it: { ping(): void }) => spawnFacet(spawn, it, ['ping']),
      Far('Host', { ping: () => {} }),
    );
    await expect(made).rejects.toThrow(/^NOT_DURABLE/);
  });
});
