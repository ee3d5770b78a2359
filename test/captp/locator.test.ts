import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  formatLocator,
  parseLocator,
  redactLocators,
  sameHash,
  secretHash,
  secretText,
} from '../../src/captp/locator.ts';
import { codeOf, describeError } from '../../src/errors/gobs-error.ts';

const peerId = 'abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst';
const secret = secretText(new Uint8Array(32).fill(250));
const locator = { peerId, scheme: 'tls', secret, address: { host: '::1', port: '7000' } };
const text = formatLocator(locator);

const why = (broken: string): string => {
  try {
    parseLocator(broken);
  } catch (error) {
    expect(codeOf(error)).toBe('LOCATOR_MALFORMED');
    return describeError(error).message;
  }
  throw Error(`it was taken: ${broken}`);
};

describe('a locator', () => {
  test('is written and read again', () => {
    expect(text).toBe(`gobs://${peerId}.tls/s/${secret}?host=%3A%3A1&port=7000`);
    expect(parseLocator(text)).toEqual(locator);
    expect(parseLocator(`  ${text}\n`)).toEqual(locator);
  });

  test('carries any address', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ minLength: 1, maxLength: 20 }), fc.string({ maxLength: 40 })),
        (address) => {
          fc.pre(Object.keys(address).length < 5 && !Object.hasOwn(address, '__proto__'));
          expect(parseLocator(formatLocator({ ...locator, address })).address).toEqual({ ...address });
        },
      ),
    );
  });

  test.each([
    ['nothing', '', 'does not begin with gobs://'],
    ['another scheme', text.replace('gobs:', 'http:'), 'does not begin with gobs://'],
    ['a peer cut short', text.replace('abc', ''), 'its peer has 49 characters'],
    ['no netlayer', text.replace('.tls', ''), 'not followed by a scheme'],
    ['two netlayers', text.replace('.tls', '.tls.tls'), 'not followed by a scheme'],
    ['no secret', text.replace('/s/', '/'), 'no /s/'],
    ['a secret cut short', text.replace(secret, secret.slice(1)), 'its secret has 42 characters'],
    ['a secret with more behind it', text.replace(secret, `${secret}/x`), 'no /s/'],
    ['an address part twice', `${text}&host=other`, 'there twice'],
    ['a line break in it', text.replace('?', '\n?'), 'white space'],
    ['far too much', `${text}&more=${'x'.repeat(3_000)}`, 'more than 2000'],
  ])('with %s is refused, and it is said why', (_name, broken, reason) => {
    const message = why(broken);
    expect(message).toContain(reason);
    expect(message).not.toContain(secret.slice(1, 20));
  });

  test('is cut out of texts, whole or broken', () => {
    const redacted = redactLocators(`first ${text}, then "${text.replace('.tls', '')}" and gobs://${secret}`);
    expect(redacted).toBe(`first gobs://${peerId}.tls/s/… then "gobs://…" and gobs://…`);
    expect(redactLocators(text.toUpperCase())).not.toContain(secret.toUpperCase());
    expect(redactLocators('nothing secret, gob:// or so')).toBe('nothing secret, gob:// or so');
  });
});

describe('a secret', () => {
  test('is kept as a hash, and only a whole one has a hash', () => {
    expect(secretHash(secret)).toMatch(/^[0-9a-f]{64}$/);
    expect(secretHash(secret)).not.toBe(secretHash(secretText(new Uint8Array(32).fill(251))));
    for (const wrong of [undefined, 7, '', `${secret}x`, secret.slice(1), `${secret.slice(1)}!`]) {
      expect(secretHash(wrong)).toBeUndefined();
    }
    expect(() => secretText(new Uint8Array(31))).toThrow(TypeError);
  });

  test('is compared whole', () => {
    const hash = secretHash(secret)!;
    expect(sameHash(hash, hash)).toBe(true);
    expect(sameHash(hash, `${hash.slice(0, 63)}${hash.endsWith('0') ? '1' : '0'}`)).toBe(false);
    expect(sameHash(hash, hash.slice(1))).toBe(false);
    expect(sameHash('', hash)).toBe(false);
  });
});
