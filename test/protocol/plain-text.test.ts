import { describe, expect, it } from 'vitest';
import { plainText, quoted } from '../../src/protocol/plain-text.ts';

describe('plain text', () => {
  it('has no control, formatting or line-breaking characters', () => {
    expect(plainText('\x1b[2Jred\x07\r\nnext\u2028line\u202eesrever\u200b\x9b.', 100)).toBe(
      '[2Jred next line esrever .',
    );
  });
  it('keeps every letter of every alphabet', () => {
    expect(plainText('grüße 你好 👋🏽 ½', 100)).toBe('grüße 你好 👋🏽 ½');
  });
  it('is never longer than its limit, says that it was cut, and cuts no character in two', () => {
    expect(plainText('x'.repeat(10), 10)).toBe('x'.repeat(10));
    expect(plainText('x'.repeat(11), 10)).toBe(`${'x'.repeat(9)}…`);
    expect(plainText('x'.repeat(1e7), 10)).toBe(`${'x'.repeat(9)}…`);
    expect(plainText('12345678👋0', 10)).toBe('12345678…');
    for (let limit = 1; limit < 8; limit += 1) {
      const text = plainText('👋👋👋👋👋', limit);
      expect(text.length).toBeLessThanOrEqual(limit);
      expect(text.isWellFormed()).toBe(true);
    }
  });
  it('replaces halves of characters', () => {
    expect(plainText('a\ud800b', 10)).toBe('a b');
  });
});

describe('a quoted value', () => {
  it('says what it is, in a few words', () => {
    const values = ['a"b\n', 420, true, null, undefined, [1], { a: 1 }, 'x'.repeat(100)];
    expect(values.map(quoted)).toEqual([
      '"a\\"b"',
      'the number 420',
      'true',
      'null',
      'undefined',
      'a list',
      'a mapping',
      `"${'x'.repeat(59)}…"`,
    ]);
  });
});
