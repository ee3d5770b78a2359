import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { keyPairFromPem, makeKeyPair } from '../../src/captp/key-pair.ts';
import { isPeerId, peerIdOf } from '../../src/captp/peer-id.ts';
import { codeOf } from '../../src/errors/gobs-error.ts';

const keyPair = makeKeyPair(new Uint8Array(32).fill(1));

describe('a peer id', () => {
  test('is the base32 of a SHA-256, by the test vectors of RFC 4648', () => {
    const spki = Buffer.from('anything');
    const digest = createHash('sha256').update(spki).digest();
    const bits = [...digest].map((byte) => byte.toString(2).padStart(8, '0')).join('');
    const expected = (bits.padEnd(260, '0').match(/.{5}/g) ?? [])
      .map((five) => 'abcdefghijklmnopqrstuvwxyz234567'.charAt(parseInt(five, 2)))
      .join('');
    expect(peerIdOf(spki)).toBe(expected);
    expect(peerIdOf(spki)).toHaveLength(52);
  });

  test('is told from other texts', () => {
    expect(isPeerId(keyPair.peerId)).toBe(true);
    for (const wrong of [
      undefined,
      1,
      '',
      keyPair.peerId.slice(1),
      keyPair.peerId.toUpperCase(),
      `${keyPair.peerId}a`,
    ]) {
      expect(isPeerId(wrong)).toBe(false);
    }
  });
});

describe('a key pair', () => {
  test('follows from its seed, and another seed makes another peer', () => {
    expect(makeKeyPair(new Uint8Array(32).fill(1))).toMatchObject({
      peerId: keyPair.peerId,
      certificatePem: keyPair.certificatePem,
    });
    expect(makeKeyPair(new Uint8Array(32).fill(2)).peerId).not.toBe(keyPair.peerId);
    expect(() => makeKeyPair(new Uint8Array(31))).toThrow(TypeError);
  });

  test('is written as PEM and read again', () => {
    const again = keyPairFromPem(keyPair.privateKeyPem, 'the key file');
    expect(again.peerId).toBe(keyPair.peerId);
    expect(again.certificatePem).toBe(keyPair.certificatePem);
    expect(again.derive('a')).toEqual(keyPair.derive('a'));
  });

  test('derives secrets that differ by purpose and by key', () => {
    const other = makeKeyPair(new Uint8Array(32).fill(2));
    const all = [keyPair.derive('a'), keyPair.derive('b'), other.derive('a')].map((bytes) =>
      Buffer.from(bytes).toString('hex'),
    );
    expect(new Set(all).size).toBe(3);
    expect(keyPair.derive('a')).toHaveLength(32);
  });

  test('from a damaged file, or of another sort, is refused without a word of the file', () => {
    const rsa = '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n';
    for (const wrong of ['', 'nonsense', rsa, keyPair.privateKeyPem.slice(0, 60), keyPair.certificatePem]) {
      try {
        keyPairFromPem(wrong, '/state/key');
        throw Error('it was taken');
      } catch (error) {
        expect(codeOf(error)).toBe('KEY_UNUSABLE');
        expect((error as Error).message).toContain('/state/key');
      }
    }
  });
});

describe('the certificate', () => {
  const certificate = new X509Certificate(keyPair.certificatePem);

  test('shows the key, and is signed with it', () => {
    const publicKey = createPublicKey(keyPair.privateKeyPem);
    expect(certificate.publicKey.equals(publicKey)).toBe(true);
    expect(certificate.verify(publicKey)).toBe(true);
    expect(certificate.verify(createPublicKey(makeKeyPair(new Uint8Array(32).fill(2)).privateKeyPem))).toBe(false);
    expect(peerIdOf(certificate.publicKey.export({ type: 'spki', format: 'der' }))).toBe(keyPair.peerId);
  });

  test('names the peer, for ever', () => {
    expect(certificate.subject).toBe(`CN=${keyPair.peerId}`);
    expect(certificate.issuer).toBe(certificate.subject);
    expect(new Date(certificate.validFrom).getTime()).toBe(0);
    expect(new Date(certificate.validTo).getUTCFullYear()).toBe(9999);
  });
});
