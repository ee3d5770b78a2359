import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printable, printableLines, redactLocators } from '../../src/protocol/printable.ts';

describe('printable text', () => {
  test('leaves letters of every script, and signs, as they are', () => {
    const text = 'gobs ä Ω 漢字 עברית 🦀 "quoted" \\ …';
    expect(printable(text)).toBe(text);
  });

  test.each([
    ['\n\t\r', '\\n\\t\\r'],
    ['\u001b[2J', '\\u{1b}[2J'],
    ['\u009b', '\\u{9b}'],
    ['a\u202eb', 'a\\u{202e}b'],
    ['\u2028', '\\u{2028}'],
    ['\ud800', '\\u{d800}'],
    ['\u{e0041}', '\\u{e0041}'],
  ])('shows %j as an escape', (text, expected) => {
    expect(printable(text)).toBe(expected);
  });

  test('has no control character left, and is the same when made printable again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(/\p{Cc}|\p{Zl}|\p{Zp}|\p{Cs}/u);
        expect(printable(printable(text))).toBe(printable(text));
      }),
    );
  });

  test('of several lines keeps their ends and nothing else', () => {
    expect(printableLines('a\r\nb\u001b')).toBe('a\\r\nb\\u{1b}');
  });
});

describe('locators', () => {
  const secret = 'Zm9vYmFy_-0123456789';

  test.each([
    [`gobs://aaaa.tls/s/${secret}?host=h&port=1`, 'gobs://aaaa.tls/s/[redacted]?host=h&port=1'],
    [`enliven('gobs://aaaa.unix/s/${secret}')`, "enliven('gobs://aaaa.unix/s/[redacted]')"],
    [
      `"GOBS://aaaa.unix/s/${secret}" and gobs://b.tls/s/${secret}`,
      '"GOBS://aaaa.unix/s/[redacted]" and gobs://b.tls/s/[redacted]',
    ],
    ['gobs://aaaa.tls', 'gobs://aaaa.tls'],
  ])('%s is redacted', (text, expected) => {
    expect(redactLocators(text)).toBe(expected);
  });

  test('are redacted where only a part of one is there', () => {
    expect(redactLocators(`await enliven(\`gobs://x/s/${secret}`)).not.toContain(secret);
  });
});
