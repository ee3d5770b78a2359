import { Far, makeTagged } from '@endo/pass-style';
import { beforeEach, describe, expect, test } from 'vitest';
import { makeMemoryStore, type MemoryStore } from '../../src/persistence/memory-store.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { allRows } from '../support/test-kernel.ts';
import { errorOf } from './error-of.ts';
import { listenerKind, openWorkshop, type Listener, type Workshop } from './workshop.ts';

let store: MemoryStore;
let shop: Workshop;
let other: Workshop;

beforeEach(async () => {
  store = makeMemoryStore();
  shop = await openWorkshop(store);
  other = await shop.neighbour('other');
});

const deep = (levels: number): unknown => {
  let value: unknown = 'bottom';
  for (let level = 0; level < levels; level += 1) value = [value];
  return harden(value);
};

const values: readonly (readonly [string, unknown])[] = [
  ['undefined', undefined],
  ['null', null],
  ['an empty text', ''],
  ['text with a lone surrogate and zeros', 'a\ud800\u0000\n'],
  ['text that looks like an encoding', '#"$0.Alleged: x"'],
  ['a large bigint', -(10n ** 40n)],
  ['NaN', NaN],
  ['Infinity', -Infinity],
  ['a registered symbol', Symbol.for('gobs')],
  ['a well-known symbol', Symbol.iterator],
  ['a tagged value', makeTagged('mine', harden({ a: [1n] }) as never)],
  [
    'a record with keys of every sort',
    { ['__proto__']: 1, then: 2, constructor: 'x', toString: null, '@qclass': 'slot', '': 3, '#a': 4 },
  ],
  ['a record that looks like a slot', { '@qclass': 'slot', index: 0 }],
  ['nested data', { list: [[], [{}], { deep: [undefined, [NaN]] }] }],
  ['data 300 levels deep', deep(300)],
];

describe('a value', () => {
  test.each(values)(
    'is the same in a vat, in its portrait, after a restart and in another vat: %s',
    async (_, given) => {
      const value = harden(given);
      const echo = await shop.turn(({ bcom }, it: unknown) => {
        bcom({ it });
        return it;
      }, value);
      expect(echo).toEqual(value);
      const far = await other.turn(
        (_here, bench: Workshop['bench'], id: number) => E(bench).run(id),
        shop.bench,
        shop.script(({ portrait }) => portrait),
      );
      expect(far).toEqual({ it: value });
      await shop.kernel.stop();
      const again = await openWorkshop(store);
      expect(await again.turn(({ portrait }) => portrait)).toEqual({ it: value });
      expect(await again.turn(({ portrait }) => Object.getPrototypeOf(portrait) === Object.prototype)).toBe(true);
    },
  );

  test('of minus zero is kept as zero, as Endo writes it', async () => {
    await shop.turn(({ bcom }) => bcom(-0));
    await shop.kernel.stop();
    const again = await openWorkshop(store);
    expect(await again.turn(({ portrait }) => Object.is(portrait, 0))).toBe(true);
  });

  test.each([
    ['a symbol of one realm', () => Symbol('mine')],
    ['a function', () => () => 1],
    ['a thenable', () => ({ then: () => {} })],
    ['an object with a method', () => ({ method: () => {} })],
    ['a map', () => new Map()],
    ['a date', () => new Date(0)],
    ['a typed array', () => new Uint8Array(2)],
    [
      'an accessor',
      () => ({
        get a() {
          return 1;
        },
      }),
    ],
    [
      'data 100,000 levels deep',
      () => {
        let v: unknown[] = [];
        for (let n = 0; n < 100_000; n += 1) v = [v];
        return v;
      },
    ],
  ])('that is not passable is refused, in and out, and nothing hangs or is kept: %s', async (_, make) => {
    const before = await allRows(store);
    const listener = await shop.turn<Listener>(({ spawn }) => spawn(listenerKind, []));
    const attempts = [
      shop.turn(() => 'never', make()),
      shop.turn(({ bcom }) => {
        bcom('changed');
        return make();
      }),
      shop.turn(({ bcom }) => bcom([make()])),
      shop.turn(({ bcom }, l: Listener) => {
        bcom('changed');
        return E(l).hear(make());
      }, listener),
    ];
    for (const error of await Promise.all(attempts.map(errorOf))) expect(error.message).toMatch(/^NOT_PASSABLE: /);
    await shop.kernel.idle();
    expect(await allRows(store)).toEqual(before);
    expect(shop.kernel.hostErrors).toEqual([]);
  });

  test('that is no actor cannot leave its vat: the turn that tries is undone', async () => {
    const before = await allRows(store);
    const listener = await shop.turn<Listener>(({ spawn }) => spawn(listenerKind, []));
    const attempts = [
      shop.turn(({ bcom }) => {
        bcom('changed');
        return [Far('Thing', {})];
      }),
      shop.turn(({ bcom }, l: Listener) => {
        bcom('changed');
        void E(l).hear({ thing: Far('Thing', {}) });
      }, listener),
    ];
    for (const error of await Promise.all(attempts.map(errorOf))) {
      expect(error.message).toMatch(/^NOT_PASSABLE: .*no actor.*\nhint: spawn/);
    }
    expect(await allRows(store)).toEqual(before);
  });

  test('is what it was when it was sent, whatever the sender does to it then', async () => {
    const list = [1];
    const answer = shop.turn((_here, it: number[]) => it.length, list);
    await Promise.resolve();
    await Promise.resolve();
    expect(() => list.push(2)).toThrow(TypeError);
    expect(await answer).toBe(1);
  });
});
