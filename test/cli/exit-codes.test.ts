import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exitCodeOf, type Outcome } from '../../src/cli/exit-codes.ts';

test.each<[Outcome[], number]>([
  [[], 0],
  [['done', 'done'], 0],
  [['differs'], 2],
  [['done', 'differs'], 2],
  [['failed'], 1],
  [['failed', 'failed'], 1],
  [['failed', 'done'], 3],
  [['failed', 'differs'], 3],
  [['unknown'], 3],
  [['unknown', 'differs'], 3],
  [['unknown', 'failed'], 3],
])('%j exits %i', (outcomes, code) => {
  expect(exitCodeOf(outcomes)).toBe(code);
});

test('an outcome that is unknown is never 0, and the order of machines says nothing', () => {
  const outcomes = fc.array(fc.constantFrom<Outcome>('done', 'differs', 'failed', 'unknown'));
  fc.assert(
    fc.property(outcomes, (all) => {
      if (all.includes('unknown')) expect(exitCodeOf(all)).toBe(3);
      expect(exitCodeOf(all)).toBe(exitCodeOf([...all].reverse()));
    }),
  );
});
