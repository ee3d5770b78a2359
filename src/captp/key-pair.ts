/**
 * What makes a process a peer: an Ed25519 key, the id that follows from it, and the certificate by which TLS shows it. The private
 * half leaves this file only as PEM text, for the store, sealed (key-row.ts), and for TLS.
 */
import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject } from 'node:crypto';
import { makeError } from '../errors/gobs-error.ts';
import { selfSignedCertificate } from './certificate.ts';
import { peerIdOf, type PeerId } from './peer-id.ts';

export interface KeyPair {
  readonly peerId: PeerId;
  /** PKCS #8. A secret. */
  readonly privateKeyPem: string;
  readonly certificatePem: string;
  /**
   * 32 bytes that only the holder of this key can compute, and always the same for the same purpose: for secrets that must be found
   * again after a restart without having been stored. A secret.
   */
  derive(purpose: string): Uint8Array;
}

/** PKCS #8 of an Ed25519 key is this, and then the 32 bytes of the key. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SEED_BYTES = 32;

const fromKey = (key: KeyObject): KeyPair => {
  const publicDer = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const peerId = peerIdOf(publicDer);
  const seed = key.export({ type: 'pkcs8', format: 'der' }).subarray(-SEED_BYTES);
  return harden({
    peerId,
    privateKeyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificatePem: selfSignedCertificate(key, peerId),
    derive: (purpose: string) => new Uint8Array(hkdfSync('sha256', seed, '', `gobs ${purpose}`, 32)),
  });
};

/** `seed`: 32 random bytes, from a power. The same seed gives the same peer. */
export const makeKeyPair = (seed: Uint8Array): KeyPair => {
  if (seed.length !== SEED_BYTES) throw TypeError(`a seed has ${SEED_BYTES} bytes, not ${seed.length}`);
  return fromKey(createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' }));
};
harden(makeKeyPair);

/** From what `privateKeyPem` was. `where` names the place, for people. Throws KEY_UNUSABLE; the message holds nothing of the text. */
export const keyPairFromPem = (pem: string, where: string): KeyPair => {
  const unusable = () =>
    makeError('KEY_UNUSABLE', `${where} does not hold an Ed25519 private key (PKCS #8, PEM)`, {
      hint: 'restore a backup; a new key makes this a new peer',
    });
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw unusable();
  }
  if (key.asymmetricKeyType !== 'ed25519') throw unusable();
  return fromKey(key);
};
harden(keyPairFromPem);
