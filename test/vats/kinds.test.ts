import { M } from '@endo/patterns';
import { beforeEach, describe, expect, test } from 'vitest';
import { makeMemoryStore } from '../../src/persistence/memory-store.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { defineKind, defineKindKit, otherwise } from '../../src/vats/kind.ts';
import { counterKind, openWorkshop, type Workshop } from './workshop.ts';

let shop: Workshop;
beforeEach(async () => {
  shop = await openWorkshop(makeMemoryStore());
});

type AnyMethods = Record<string, (...args: unknown[]) => Promise<unknown>>;
const call = (ref: object): AnyMethods => E(ref) as AnyMethods;
/** As vat code does it: the host's `E` cannot even name all that ours can. */
const send = (ref: object, method: string): Promise<unknown> =>
  shop.turn((_here, it: object) => call(it)[method]!(), ref);

describe('a guard', () => {
  const guardedKind = defineKind<null, { both(a: unknown, b?: unknown): unknown; all(...rest: unknown[]): unknown }>({
    label: 'guarded',
    guard: M.interface('Guarded', {
      both: M.call(M.string()).optional(M.bigint()).returns(M.any()),
      all: M.call().rest(M.arrayOf(M.number())).returns(M.any()),
    }),
    portrait: M.null(),
    behave: () => ({ both: (a, b) => [a, b], all: (...rest) => rest }),
  });

  test('checks required, optional and rest arguments, and names method and argument', async () => {
    shop.vat.register(guardedKind, {});
    const ref = await shop.vat.makeOnce('guarded', ({ spawn }) => spawn(guardedKind, null));
    expect(await call(ref).both!('a')).toEqual(['a', undefined]);
    expect(await call(ref).both!('a', undefined)).toEqual(['a', undefined]);
    expect(await call(ref).both!('a', 1n)).toEqual(['a', 1n]);
    expect(await call(ref).all!(1, 2, 3)).toEqual([1, 2, 3]);
    await expect(call(ref).both!()).rejects.toThrow(/^BAD_ARGUMENTS: Guarded.both: /);
    await expect(call(ref).both!('a', 'b')).rejects.toThrow(/^BAD_ARGUMENTS: Guarded.both: .*arg 1/);
    await expect(call(ref).both!('a', 1n, 2)).rejects.toThrow(/^BAD_ARGUMENTS: Guarded.both: 3 arguments, takes 2/);
    await expect(call(ref).all!(1, 'two')).rejects.toThrow(/^BAD_ARGUMENTS: Guarded.all: /);
  });

  test('refuses every method that is not in it', async () => {
    const counter = await shop.counter(1);
    for (const method of [
      'nothing',
      'constructor',
      'toString',
      'valueOf',
      'hasOwnProperty',
      '__proto__',
      '__defineGetter__',
      'then',
      'name',
      '',
    ]) {
      await expect(send(counter, method), method).rejects.toThrow(/^NO_SUCH_METHOD: Counter has no method/);
    }
  });

  test('answers for its methods and itself', async () => {
    const counter = await shop.counter(1);
    expect(await call(counter).__getMethodNames__!()).toEqual(['incr', 'add', 'read', 'fail']);
    expect(await call(counter).__getInterfaceGuard__!()).toMatchObject({ payload: { interfaceName: 'Counter' } });
  });
});

describe('a definition', () => {
  const method = { go: M.call().returns() };
  const base = { label: 'x', portrait: M.any(), guard: M.interface('X', method), behave: () => ({ go: () => {} }) };

  test.each([
    ['a label with other letters', { ...base, label: 'X y' }],
    ['an empty label', { ...base, label: '' }],
    ['a label too long for a key', { ...base, label: 'x'.repeat(64) }],
    ['version 0', { ...base, version: 0 }],
    ['version 1.5', { ...base, version: 1.5 }],
    ['M.await in a guard', { ...base, guard: M.interface('X', { go: M.callWhen(M.await(M.any())).returns() }) }],
    ['M.raw in a guard', { ...base, guard: M.interface('X', { go: M.call(M.raw()).returns() }) }],
    ['a symbol as method', { ...base, guard: M.interface('X', { [Symbol.asyncIterator]: M.call().returns() }) }],
    [
      'unguarded methods that take anything at all',
      { ...base, guard: M.interface('X', method, { defaultGuards: 'raw' }) },
    ],
  ])('is refused with %s', (_, options) => {
    expect(() => defineKind(options as never)).toThrow(TypeError);
  });

  test('is refused with a facet name that no reference can have', () => {
    const options = { ...base, facets: { 'a/b': base.guard }, behave: () => ({ 'a/b': { go: () => {} } }) };
    expect(() => defineKindKit(options as never)).toThrow(TypeError);
  });

  test.each([
    ['a method too many', { go: () => {}, more: () => {} }, /more is not in the guard/],
    ['a method too few', {}, /go is missing/],
    ['an asynchronous method', { go: async () => {} }, /synchronous/],
    ['[otherwise], which its guard does not know', { go: () => {}, [otherwise]: () => 1 }, /\[otherwise\]/],
  ])('whose code has %s is refused at the first spawn', async (_, methods, words) => {
    const kind = defineKind({ ...base, behave: () => methods as { go(): void } });
    shop.vat.register(kind, {});
    await expect(shop.turn(({ spawn }) => spawn(kind, 1))).rejects.toThrow(words);
  });

  test('whose code has an asynchronous method for some portraits only is refused when it is called', async () => {
    const kind = defineKind<number, { go(): unknown }>({
      ...base,
      behave: (_bcom, _self, n) => ({ go: n === 0 ? () => 'fine' : async () => 'late' }),
    });
    shop.vat.register(kind, {});
    const [zero, one] = await shop.turn<{ go(): unknown }[]>(({ spawn }) => [spawn(kind, 0), spawn(kind, 1)]);
    expect(await E(zero!).go()).toBe('fine');
    await expect(E(one!).go()).rejects.toThrow(/synchronous/);
  });

  test('can be registered once for a label', () => {
    expect(() => shop.vat.register(counterKind, {})).toThrow(/registered already/);
  });

  test('that is another one with a known label cannot be spawned', async () => {
    const impostor = defineKind({ ...base, label: 'counter' });
    await expect(shop.turn(({ spawn }) => spawn(impostor, 1))).rejects.toThrow(/not registered/);
  });
});

describe('powers', () => {
  test('are what was registered: data and functions as they are, host objects as references', async () => {
    const { Far } = await import('@endo/pass-style');
    const rung: string[] = [];
    const bell = Far('Bell', { ring: (what: string) => void rung.push(what) });
    const kind = defineKind<
      null,
      { go(): unknown },
      { bell: { ring(what: string): void }; limit: number; double(n: number): number }
    >({
      label: 'powerful',
      guard: M.interface('Powerful', { go: M.call().returns(M.any()) }),
      portrait: M.null(),
      behave: (_bcom, _self, _portrait, { bell, limit, double }) => ({
        go: () => {
          void E(bell).ring('rung');
          return double(limit);
        },
      }),
    });
    shop.vat.register(kind, { bell, limit: 21, double: (n: number) => n * 2 });
    const ref = (await shop.vat.makeOnce('powerful', ({ spawn }) => spawn(kind, null))) as { go(): unknown };
    expect(await E(ref).go()).toBe(42);
    await shop.kernel.idle();
    expect(rung).toEqual(['rung']);
  });
});

describe('an open facet', () => {
  interface Open {
    known(n: number): string;
  }
  const openKind = defineKind<null, Open>({
    label: 'open',
    guard: M.interface('Open', { known: M.call(M.number()).returns(M.string()) }, { defaultGuards: 'passable' }),
    portrait: M.null(),
    behave: () => ({
      known: (n) => `known ${n}`,
      [otherwise]: (method, args) => (method === '__getMethodNames__' ? ['known', 'and', 'more'] : [method, args]),
    }),
  });
  let ref: object;
  beforeEach(async () => {
    shop.vat.register(openKind, {});
    ref = await shop.vat.makeOnce('open', ({ spawn }) => spawn(openKind, null));
  });

  test('guards the methods that it names, and takes every other with any arguments', async () => {
    expect(await call(ref).known!(1)).toBe('known 1');
    await expect(call(ref).known!('x')).rejects.toThrow(/^BAD_ARGUMENTS/);
    expect(await call(ref).whatever!(1, 'two', [3n])).toEqual(['whatever', [1, 'two', [3n]]]);
  });

  test('says itself which methods it has', async () => {
    expect(await call(ref).__getMethodNames__!()).toEqual(['known', 'and', 'more']);
  });

  test('takes no name that is not one of a method', async () => {
    for (const method of ['then', 'constructor', 'toString', 'name', '__proto__', '__lookupGetter__', '']) {
      await expect(send(ref, method), method).rejects.toThrow(/^NO_SUCH_METHOD/);
    }
  });

  test('needs [otherwise]', async () => {
    const kind = defineKind<null, object>({
      label: 'closed',
      guard: M.interface('X', {}, { defaultGuards: 'passable' }),
      portrait: M.null(),
      behave: () => ({}),
    });
    shop.vat.register(kind, {});
    await expect(shop.turn(({ spawn }) => spawn(kind, null))).rejects.toThrow(/\[otherwise\]/);
  });
});
