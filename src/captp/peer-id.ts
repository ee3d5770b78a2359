/**
 * A peer's id is a hash of its public key, so whoever knows the id can check the key, and nobody has to vouch for either.
 */
import { createHash } from 'node:crypto';

/** 52 characters `a-z2-7`: the lower-case base32, without padding, of the SHA-256 of a public key (SPKI, DER). */
export type PeerId = string;

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const SHAPE = /^[a-z2-7]{52}$/;

const base32 = (bytes: Uint8Array): string => {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET.charAt((held >> bits) & 31);
    }
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + ALPHABET.charAt((held << (5 - bits)) & 31);
};

/** The id of the peer that holds the private half of this public key (SPKI, DER). */
export const peerIdOf = (spkiDer: Uint8Array): PeerId => base32(createHash('sha256').update(spkiDer).digest());
harden(peerIdOf);

export const isPeerId = (text: unknown): text is PeerId => typeof text === 'string' && SHAPE.test(text);
harden(isPeerId);

/** Enough of an id for people to tell peers apart in a message. */
export const shortId = (peerId: PeerId): string => peerId.slice(0, 8);
harden(shortId);
