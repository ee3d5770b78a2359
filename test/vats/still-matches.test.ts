import { M, matches, type Pattern } from '@endo/patterns';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stillMatches } from '../../src/vats/still-matches.ts';

const shape = M.splitRecord(
  { count: M.number(), inner: M.splitRecord({ a: M.string() }), lines: M.arrayOf(M.string(), { arrayLengthLimit: 3 }) },
  { more: M.boolean() },
  M.record({ numPropertiesLimit: 1 }),
);

const before = harden({ count: 1, inner: { a: 'x' }, lines: ['p', 'q'], rest: 0 });

describe('of what follows from something that matches', () => {
  test.each([
    ['nothing', before],
    ['a field', { ...before, count: 2 }],
    ['a field of a field', { ...before, inner: { a: 'y' } }],
    ['an item', { ...before, lines: ['q', 'r'] }],
    ['how many items there are', { ...before, lines: ['p', 'q', 'r'] }],
  ])('a change of %s is seen to be sound', (_what, next) => {
    expect(stillMatches(harden(next), before, shape)).toBe(true);
  });

  test.each([
    ['a wrong field', { ...before, count: 'x' }],
    ['a wrong field of a field', { ...before, inner: { a: 1 } }],
    ['a wrong item', { ...before, lines: ['p', 1] }],
    ['a missing field', { count: 1, inner: before.inner, rest: 0 }],
    ['another field instead', { count: 1, inner: before.inner, rest: 0, other: 1 }],
    ['one item too many', { ...before, lines: ['p', 'q', 'r', 's'] }],
    ['something else', 7],
  ])('%s is left to be looked at', (_what, next) => {
    expect(stillMatches(harden(next), before, shape)).toBe(false);
  });

  test('nothing is called sound that does not match', () => {
    const text = fc.constantFrom<unknown>('x', 'y', 1, undefined, null);
    const value = fc.record(
      {
        count: fc.constantFrom<unknown>(1, 2, 'x'),
        inner: fc.oneof(fc.record({ a: text, b: text }, { requiredKeys: [], noNullPrototype: true }), text),
        lines: fc.oneof(fc.array(text, { maxLength: 5 }), text),
        more: fc.constantFrom<unknown>(true, undefined, 'x'),
        rest: text,
        other: text,
      },
      { requiredKeys: [], noNullPrototype: true },
    );
    const shapes: Pattern[] = [
      shape,
      M.splitRecord({}, { lines: M.or(M.string(), M.arrayOf(M.string())) }),
      M.splitRecord({ inner: M.any() }, {}, M.record()),
      M.record(),
    ];
    fc.assert(
      fc.property(value, value, fc.constantFrom(...shapes), (one, other, pattern) => {
        const [first, next] = [harden({ ...one }), harden({ ...one, ...other })];
        fc.pre(matches(first, pattern));
        if (stillMatches(next, first, pattern)) expect(matches(next, pattern)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});
