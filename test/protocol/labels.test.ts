import { describe, expect, test } from 'vitest';
import { findLabelProblems, isSameLabels, labelsText } from '../../src/protocol/labels.ts';

describe('labels', () => {
  test('are shown by name, and compared whatever their order', () => {
    expect(labelsText({ role: 'web', canary: 'true' })).toBe('canary=true, role=web');
    expect(labelsText({})).toBe('');
    expect(isSameLabels({ a: '1', b: '2' }, { b: '2', a: '1' })).toBe(true);
    expect(isSameLabels({ a: '1' }, { a: '1', b: '2' })).toBe(false);
  });

  test('have no problem if they can be selected by', () => {
    expect(findLabelProblems({ role: 'web', 'os.release': '12.7', image: 'registry:5000/a/b@1' })).toEqual([]);
  });

  test.each([
    ['canary', true, 'must be text: write "true", with quotes'],
    ['zone', 3, 'must be text: write "3", with quotes'],
    ['role', ['a'], 'must be text, not a list'],
    ['role', null, 'must be text, not null'],
    ['role', '', 'must be letters, digits and . _ - + : / @ ~, at least one and at most 200, not ""'],
    ['role', 'a b', 'must be letters, digits and . _ - + : / @ ~, at least one and at most 200, not "a b"'],
    [
      'Role',
      'web',
      "a label's name has lower-case letters, digits and . _ -, begins with a letter, and has at most 63 characters",
    ],
  ])('as a new user types them are told what to write: %s: %j', (key, value, message) => {
    expect(findLabelProblems({ good: 'yes', [key]: value })).toEqual([{ key, message }]);
  });

  test('are not over 50', () => {
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, 'x']));
    expect(findLabelProblems(many)).toEqual([{ message: 'there must not be over 50 labels; there are 51' }]);
  });
});
