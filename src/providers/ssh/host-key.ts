/**
 * Public keys of hosts as ssh writes them, and what is pinned of them. A pin is a whole key, or a fingerprint: the SHA-256 of one, of which nobody
 * knows the type before it is shown.
 */
import { Buffer } from 'node:buffer';
import { createHash, timingSafeEqual } from 'node:crypto';

/** `SHA256:` and 43 characters, as `ssh-keygen -l` shows it. */
export type Fingerprint = string;

/** Algorithms by which a host proves a key of each type, the best first. SHA-1 is not among them. */
export const keyTypes: Readonly<Record<string, readonly string[]>> = harden({
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
});
harden(keyTypes);

/** The type that a key itself says it is; undefined for what is no key. */
export const typeOfKey = (key: Uint8Array): string | undefined => {
  const buffer = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  if (buffer.length < 4) return undefined;
  const length = buffer.readUInt32BE(0);
  return length > 100 || buffer.length < 4 + length ? undefined : buffer.toString('latin1', 4, 4 + length);
};
harden(typeOfKey);

export const fingerprintOf = (key: Uint8Array): Fingerprint =>
  `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
harden(fingerprintOf);

const FINGERPRINT = /^SHA256:[A-Za-z0-9+/]{43}$/;
const LINE = /^([a-z0-9@.-]{1,100})[ \t]+([A-Za-z0-9+/]{16,}={0,2})(?:[ \t].*)?$/;

/** What somebody said that the key of a host is. */
export interface Pin {
  readonly fingerprint: Fingerprint;
  /** Undefined where only a fingerprint was given. */
  readonly type?: string;
}

/** The key in `ssh-ed25519 AAAA… comment`; undefined for what is no such line, or of a type that nobody here can check. */
export const parseKeyLine = (line: string): Uint8Array | undefined => {
  const [, type, text] = LINE.exec(line.trim()) ?? [];
  if (type === undefined || text === undefined || !Object.hasOwn(keyTypes, type)) return undefined;
  const key = Buffer.from(text, 'base64');
  return typeOfKey(key) === type ? key : undefined;
};
harden(parseKeyLine);

export const pinOf = (key: Uint8Array): Pin => harden({ fingerprint: fingerprintOf(key), type: typeOfKey(key)! });
harden(pinOf);

/** A fingerprint or the line of a public key; undefined for what is neither. */
export const parsePin = (text: string): Pin | undefined => {
  const trimmed = text.trim();
  if (FINGERPRINT.test(trimmed)) return harden({ fingerprint: trimmed });
  const key = parseKeyLine(trimmed);
  return key === undefined ? undefined : pinOf(key);
};
harden(parsePin);

const sameText = (one: string, other: string): boolean => {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
};

export const isPinned = (key: Uint8Array, pins: readonly Pin[]): boolean => {
  const shown = fingerprintOf(key);
  return pins.some(({ fingerprint }) => sameText(fingerprint, shown));
};
harden(isPinned);

/** As a line of a known_hosts file has it. */
export const keyLine = (key: Uint8Array): string => `${typeOfKey(key)} ${Buffer.from(key).toString('base64')}`;
harden(keyLine);
