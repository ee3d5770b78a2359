import fc from 'fast-check';
import { expect, test } from 'vitest';
import { age, moment, renderFields, renderTable } from '../../src/cli/tables.ts';

test('columns are as wide as their widest cell, and lines end with their text', () => {
  expect(
    renderTable(
      ['A', 'LONG'],
      [
        ['wide cell', 'x'],
        ['y', ''],
      ],
    ),
  ).toBe('A          LONG\nwide cell  x\ny          -');
});

test('whatever is in a cell, a row is one line without control characters', () => {
  const cell = fc.string({ unit: 'binary' });
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell)), (rows) => {
      const text = renderTable(['A', 'B'], rows);
      expect(text.split('\n')).toHaveLength(rows.length + 1);
      expect(text.replaceAll('\n', '')).not.toMatch(
        /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/,
      );
    }),
  );
});

test('a cell that is too long is cut', () => {
  const line = renderTable(['A'], [['x'.repeat(5_000)]]).split('\n')[1]!;
  expect(line).toHaveLength(100);
  expect(line.endsWith('…')).toBe(true);
});

test('fields are aligned, and an empty one is shown', () => {
  expect(
    renderFields([
      ['a', 1],
      ['long', ''],
    ]),
  ).toBe('a:    1\nlong: -');
});

test.each([
  [null, 'never'],
  [100_000, 'now'],
  [200_000, 'now'],
  [98_999, '1 s ago'],
  [40_000, '1 min ago'],
  [100_000 - 7_200_000, '2 h ago'],
  [100_000 - 200_000_000, '2 d ago'],
])('%s is %s', (at, words) => {
  expect(age(at, 100_000)).toBe(words);
});

test('a moment is in universal time, and a clock that makes no sense is shown as it is', () => {
  expect(moment(0)).toBe('1970-01-01 00:00:00Z');
  expect(moment(Infinity)).toBe('Infinity');
});
