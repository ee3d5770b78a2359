import { beforeEach, describe, expect, test } from 'vitest';
import { makeMemoryStore, type MemoryStore } from '../../src/persistence/memory-store.ts';
import { codeOf } from '../../src/errors/gobs-error.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { counterKind, openWorkshop, type Bench, type Counter, type Here, type Workshop } from './workshop.ts';

let store: MemoryStore;
let shop: Workshop;

beforeEach(async () => {
  store = makeMemoryStore();
  shop = await openWorkshop(store);
});

const code = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'done', codeOf);

/** A near call makes an actor and is undone; its reference leaks. */
const leak = ({ self, spawn }: Here, in_: Workshop): Counter => {
  let leaked: Counter | undefined;
  const id = in_.script(() => {
    leaked = spawn(counterKind, 7);
    throw Error('undo me');
  });
  expect(() => self.run(id)).toThrow('undo me');
  return leaked!;
};

/** After a restart, what is made next. */
const next = async (): Promise<{ shop: Workshop; made: Counter }> => {
  await shop.kernel.stop();
  const again = await openWorkshop(store);
  return { shop: again, made: await again.counter(1) };
};
const numberOf = (ref: object, { kernel }: Workshop): number => Number(kernel.nameOf(ref)!.split('/')[2]);

describe("the number of an actor whose near call was undone is nobody else's, also after a restart, if its reference", () => {
  test('is in a portrait', async () => {
    await shop.turn((here) => here.bcom([leak(here, shop)]));
    const { shop: again, made } = await next();
    const kept = await again.turn<readonly [Counter]>(({ portrait }) => portrait);
    expect(kept[0]).not.toBe(made);
    expect(await code(E(kept[0]).read())).toBe('NO_SUCH_ACTOR');
    expect(numberOf(made, again)).toBe(numberOf(kept[0], again) + 1);
  });

  test('is in a map', async () => {
    await shop.turn((here) => {
      const map = here.makeMap<Counter>();
      map.set('a', leak(here, shop));
      here.bcom(map);
    });
    const { shop: again, made } = await next();
    const kept = await again.turn<Counter>(({ portrait }) => (portrait as { get(key: string): Counter }).get('a'));
    expect(kept).not.toBe(made);
  });

  test('was given to another vat, or to the host', async () => {
    const other = await shop.neighbour('other');
    const keep = other.script(({ bcom }, it: Counter) => bcom([it]));
    await shop.turn((here, theirs: Bench) => E(theirs).run(keep, leak(here, shop)), other.bench);
    const name = shop.kernel.nameOf(await shop.turn<Counter>((here) => leak(here, shop)))!;
    const { shop: again, made } = await next();
    const otherAgain = await again.neighbour('other');
    const kept = await otherAgain.turn<readonly [Counter]>(({ portrait }) => portrait);
    expect(kept[0]).not.toBe(made);
    expect(again.kernel.nameOf(made)).not.toBe(name);
    expect(numberOf(made, again)).toBe(numberOf(kept[0], again) + 2);
  });

  test('leaked from a turn that was undone whole, and was kept by a later one', async () => {
    let leaked: Counter | undefined;
    await shop
      .turn(({ spawn }) => {
        leaked = spawn(counterKind, 7);
        throw Error('undo me');
      })
      .catch(() => {});
    await shop.turn(({ bcom }) => bcom([leaked!]));
    const { shop: again, made } = await next();
    const kept = await again.turn<readonly [Counter]>(({ portrait }) => portrait);
    expect(kept[0]).not.toBe(made);
  });
});

test('where nothing leaked nothing is written for it', async () => {
  await shop.counter(1);
  const before = store.entries();
  await shop.turn((here) => void leak(here, shop));
  await shop.turn((here) => (here.portrait === null ? here.self : null));
  expect(store.entries()).toEqual(before);
});
