import { Far } from '@endo/far';
import { makeTagged } from '@endo/pass-style';
import { M, makeCopySet, matches, type Pattern } from '@endo/patterns';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { quickMatch } from '../../src/vats/quick-match.ts';

const far = Far('Thing', {});
const set = makeCopySet(['x']);
const long = (length: number): string => 'x'.repeat(length);
const many = (length: number): readonly number[] => Array.from({ length }, (_, index) => index);
const wide = (count: number): object => Object.fromEntries(many(count).map((number) => [`p${number}`, number]));
const machine = M.splitRecord(
  { name: M.string(), at: M.or(M.null(), M.number()), log: M.arrayOf(M.splitRecord({ what: M.string() })) },
  { hob: M.remotable('Hob') },
  {},
);

describe('a value is seen to match at once', () => {
  test.each<[string, Pattern, unknown]>([
    ['anything', M.any(), harden([1, { a: far }])],
    ['a text', M.string(), 'x'],
    ['a text as long as may be', M.string(), long(100_000)],
    ['a text within its limit', M.string({ stringLengthLimit: 3 }), 'abc'],
    ['a number', M.number(), -0],
    ['what is null', M.null(), null],
    ['what is undefined', M.undefined(), undefined],
    ['a constant', 'ready', 'ready'],
    ['a reference', M.remotable('Thing'), far],
    ['a number within bounds', M.and(M.gte(1), M.lte(3)), 3],
    ['one of several', M.or('a', 'b'), 'b'],
    ['as many items as may be', M.arrayOf(M.number()), harden(many(10_000))],
    ['as many properties as may be', M.record(), harden(wide(80))],
    ['a property name as long as may be', M.record(), harden({ [long(100)]: 1 })],
    ['a record with each of its properties', harden({ a: M.number() }), harden({ a: 1 })],
    ['properties that may be there', machine, harden({ name: 'm', at: null, log: [{ what: 'x', more: 1 }], hob: far })],
    ['an optional property that is undefined', machine, harden({ name: 'm', at: 1, log: [], hob: undefined })],
    ['the items that must be there', M.splitArray([M.string()], [M.number()]), harden(['x'])],
    ['those that may be, if undefined too', M.splitArray([], [M.number(), M.string()]), harden([undefined, 'x'])],
    ['more items than are named', M.splitArray([M.string()]), harden(['x', 1])],
    ['a rest of some shape', M.splitArray([], [], M.arrayOf(M.number())), harden([1, 2])],
    ['more than is named', M.splitRecord({ a: M.number() }), harden({ a: 1, b: 2 })],
  ])('%s', (_what, pattern, value) => {
    expect(matches(value, pattern)).toBe(true);
    expect(quickMatch(pattern)(value)).toBe(true);
  });
});

describe('a value is left to be looked at', () => {
  test.each<[string, Pattern, unknown]>([
    ['something else than a text', M.string(), 7],
    ['a text over the limit', M.string(), long(100_001)],
    ['a text over its own limit', M.string({ stringLengthLimit: 3 }), 'abcd'],
    ['another constant', 'ready', 'gone'],
    ['a number out of bounds', M.and(M.gte(1), M.lte(3)), 4],
    ['no number at all', M.lte(3), NaN],
    ['none of several', M.or('a', 'b'), 'c'],
    ['an item too many', M.arrayOf(M.number()), harden(many(10_001))],
    ['a wrong item', M.arrayOf(M.number()), harden([1, 'x'])],
    ['a property too many', M.record(), harden(wide(81))],
    ['a property name that is too long', M.record(), harden({ [long(101)]: 1 })],
    ['a missing property', machine, harden({ name: 'm', log: [] })],
    ['a property from the prototype', M.splitRecord({ constructor: M.any() }), harden({})],
    ['a wrong optional property', machine, harden({ name: 'm', at: 1, log: [], hob: 1 })],
    ['a property that may not be there', machine, harden({ name: 'm', at: 1, log: [], other: 1 })],
    ['a missing item', M.splitArray([M.string(), M.string()]), harden(['x'])],
    ['a wrong optional item', M.splitArray([], [M.number()]), harden(['x'])],
    ['a wrong rest', M.splitArray([], [], M.arrayOf(M.number())), harden([1, 'x'])],
    ['a list instead of a record', M.record(), harden([])],
    ['a reference instead of a record', M.record(), far],
    ['a set instead of a record', M.record(), makeCopySet(['x'])],
    ['something with a tag instead of a record', M.splitRecord({ payload: M.any() }), makeTagged('t', 'x')],
  ])('%s', (_what, pattern, value) => {
    expect(matches(value, pattern)).toBe(false);
    expect(quickMatch(pattern)(value)).toBe(false);
  });

  test.each<[string, Pattern, unknown]>([
    ['a form that is not known here', M.not(M.string()), 7],
    ['the rest of a record', M.splitRecord({}, {}, M.record()), harden({ a: 1 })],
  ])('%s, though it matches', (_what, pattern, value) => {
    expect(matches(value, pattern)).toBe(true);
    expect(quickMatch(pattern)(value)).toBe(false);
  });
});

test('nothing is said to match that does not, of any pattern and value', () => {
  const leaf = fc.constantFrom<Pattern[]>(
    ...[
      M.string(),
      M.number(),
      M.boolean(),
      M.null(),
      M.undefined(),
      M.any(),
      M.remotable(),
      M.string({ stringLengthLimit: 1 }),
    ],
    ...[M.gte(1), M.lte(1), 'x', 1, M.not(M.number()), M.nat()],
  );
  const names = ['a', 'b', '__proto__', 'constructor'];
  const fieldsOf = <T>(each: fc.Arbitrary<T>) =>
    fc.dictionary(fc.constantFrom(...names), each, { noNullPrototype: true });
  const { pattern } = fc.letrec<{ pattern: Pattern }>((tie) => {
    const some = fc.array(tie('pattern'), { maxLength: 3 });
    const fields = fieldsOf(tie('pattern')) as fc.Arbitrary<never>;
    return {
      pattern: fc.oneof(
        { maxDepth: 3, depthSize: 'small' },
        leaf,
        some.map((all) => M.or(...all)),
        some.map((all) => M.and(...all)),
        fc
          .tuple(tie('pattern'), fc.constantFrom(undefined, { arrayLengthLimit: 1 }))
          .map(([of, limits]) => M.arrayOf(of, limits)),
        fc
          .tuple(some, some, fc.constantFrom(undefined, M.arrayOf(M.number())))
          .map(([a, b, c]) => M.splitArray(a, b, c)),
        tie('pattern').map((of) => M.recordOf(M.string(), of, { numPropertiesLimit: 2 })),
        fc
          .tuple(fields, fields, fc.constantFrom(undefined, {}, M.record(), M.any()))
          .map(([a, b, c]) => M.splitRecord(a, b, c)),
        fields.map((all) => harden(all)),
      ),
    };
  });
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      fc.constantFrom<unknown[]>('', 'x', 'xy', 0, 1, 2, NaN, true, null, undefined, 3n, far, set),
      fc.array(tie('value'), { maxLength: 3 }),
      fieldsOf(tie('value')),
    ),
  }));
  let yes = 0;
  fc.assert(
    fc.property(pattern, value, (shape, one) => {
      harden(one);
      if (!quickMatch(shape)(one)) return;
      yes += 1;
      expect(matches(one, shape)).toBe(true);
    }),
    { numRuns: 3_000 },
  );
  expect(yes).toBeGreaterThan(100);
});
