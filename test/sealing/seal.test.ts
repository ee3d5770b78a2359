import { createCipheriv, createHmac, hkdfSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { codeOf } from '../../src/errors/gobs-error.ts';
import { keyIdOf, makeSeal, sealedKeyId } from '../../src/sealing/seal.ts';

const key = new Uint8Array(32).map((_, index) => index);
const seal = makeSeal(key);
const other = makeSeal(new Uint8Array(32).fill(9));
const secret = 'correct horse battery staple';

/** What was thrown; it must not hold the secret in any form. */
const refused = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    const { message } = error as Error;
    for (const form of [secret, Buffer.from(secret).toString('base64url'), Buffer.from(secret).toString('hex')]) {
      expect(message).not.toContain(form);
    }
    return codeOf(error);
  }
  throw Error('it was taken');
};

/** The same by hand, from the description in seal.ts. */
const sealByHand = (context: string, text: string): string => {
  const derive = (purpose: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', key, '', `gobs sealing ${purpose}`, bytes));
  const pair = (one: string, two: string) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(one));
    return Buffer.concat([length, Buffer.from(one + two)]);
  };
  const head = `sealed:1:${derive('id', 8).toString('hex')}`;
  const nonce = createHmac('sha256', derive('nonce', 32)).update(pair(context, text)).digest().subarray(0, 12);
  const cipher = createCipheriv('aes-256-gcm', derive('encrypt', 32), nonce);
  cipher.setAAD(pair(head, context));
  const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
  return `${head}:${Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')}`;
};

describe('what is sealed', () => {
  test('has the form that stores of this version have, for ever', () => {
    expect(seal.keyId).toBe('b961a54f67ad885e');
    expect(seal.seal('k/peer', 'secret')).toBe(
      'sealed:1:b961a54f67ad885e:9Q_A6GOPtqeu6GuvMIkO_FRhtfH5xthr57IYJyRu0FpvtA',
    );
    expect(seal.seal('secret/token', '')).toBe('sealed:1:b961a54f67ad885e:DTN0ouaQS00-G1bgh7zAUKl2oX0ol-vqxP75Jw');
    expect(seal.seal('secret/token', 'Grüße 🔑')).toBe(
      'sealed:1:b961a54f67ad885e:qJloUCJ0XHAOxd_QrWecWuk20kpn2Nx0ifodkBxEYIDEsF2seARhPA',
    );
    for (const text of ['secret', '', 'Grüße 🔑']) expect(seal.seal('a', text)).toBe(sealByHand('a', text));
  });

  test('is opened with the same key in the same context, whatever the text', () => {
    for (const text of ['', 'a', secret, 'Grüße 🔑\n', 'x'.repeat(100_000)]) {
      expect(seal.unseal('a', seal.seal('a', text))).toBe(text);
      expect(makeSeal(key).unseal('a', seal.seal('a', text))).toBe(text);
    }
  });

  test('is the same for the same text in the same context, and tells nothing else but its length', () => {
    expect(seal.seal('a', secret)).toBe(seal.seal('a', secret));
    const all = [seal.seal('a', secret), seal.seal('b', secret), seal.seal('a', `${secret}!`), other.seal('a', secret)];
    expect(new Set(all.map((text) => text.slice(-40))).size).toBe(4);
    expect(new Set(['ab', 'a'].map((context, index) => seal.seal(context, ['c', 'bc'][index]!))).size).toBe(2);
    expect(all[0]).not.toContain('correct');
  });

  test('says which key it was sealed with, and nothing else does', () => {
    expect(sealedKeyId(seal.seal('a', secret))).toBe(seal.keyId);
    expect(keyIdOf(key)).toBe(seal.keyId);
    for (const text of ['', 'sealed', secret, `x${seal.seal('a', '')}`, seal.seal('a', '').replace(':1:', ':2:')]) {
      expect(sealedKeyId(text)).toBeUndefined();
    }
  });
});

describe('what was sealed is refused, without a word of the text,', () => {
  const sealed = seal.seal('a', secret);

  test('with another key, naming both', () => {
    expect(refused(() => other.unseal('a', sealed))).toBe('SEALING_KEY_WRONG');
    expect(() => other.unseal('a', sealed)).toThrow(seal.keyId);
    expect(() => other.unseal('a', sealed)).toThrow(other.keyId);
  });

  test('in another context, which it names', () => {
    expect(refused(() => seal.unseal('b', sealed))).toBe('SEAL_BROKEN');
    expect(() => seal.unseal('elsewhere', sealed)).toThrow('elsewhere');
  });

  test('after any one character was altered, or left out, or added', () => {
    for (let at = 0; at < sealed.length; at += 1) {
      for (const character of new Set(['A', 'b', '0', '_', '=', String.fromCharCode(sealed.charCodeAt(at) ^ 1)])) {
        if (character === sealed[at]) continue;
        const altered = sealed.slice(0, at) + character + sealed.slice(at + 1);
        expect(['SEAL_BROKEN', 'SEALING_KEY_WRONG']).toContain(refused(() => seal.unseal('a', altered)));
      }
      expect(refused(() => seal.unseal('a', sealed.slice(0, at)))).toBe('SEAL_BROKEN');
    }
    expect(refused(() => seal.unseal('a', `${sealed}A`))).toBe('SEAL_BROKEN');
    expect(refused(() => seal.unseal('a', secret))).toBe('SEAL_BROKEN');
  });

  test('with the key id of another key written over its own', () => {
    expect(refused(() => other.unseal('a', sealed.replace(seal.keyId, other.keyId)))).toBe('SEAL_BROKEN');
  });
});

test('a MAC is HMAC-SHA-256 with a key of its own, of that text in that context', () => {
  const macKey = Buffer.from(hkdfSync('sha256', key, '', 'gobs sealing mac', 32));
  const pair = Buffer.concat([Buffer.from([0, 0, 0, 1]), Buffer.from('atext')]);
  expect(seal.mac('a', 'text')).toBe(createHmac('sha256', macKey).update(pair).digest('hex'));
  expect(seal.mac('at', 'ext')).not.toBe(seal.mac('a', 'text'));
  expect(other.mac('a', 'text')).not.toBe(seal.mac('a', 'text'));
  expect(() => seal.mac('a', 'half \ud83d')).toThrow(TypeError);
});

test('halves of characters and keys of another length are programmer mistakes', () => {
  expect(() => seal.seal('a', 'half \ud83d')).toThrow(TypeError);
  expect(() => seal.seal('half \ud83d', 'a')).toThrow(TypeError);
  expect(() => makeSeal(new Uint8Array(31))).toThrow(TypeError);
});
