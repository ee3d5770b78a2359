/**
 * The clear row `k/!` of a store: which key its secrets are sealed with, and how that follows from a passphrase, if it does.
 *
 *   {"key":"<key id>"}
 *   {"key":"<key id>","scrypt":{"salt":"<base64url>","N":131072,"r":8,"p":1}}
 *
 * Nothing in it is secret. It goes into backups as it is, so that a restored store tells which key it wants.
 */
import { scryptSync } from 'node:crypto';
import { makeError } from '../errors/gobs-error.ts';
import { SEALING_KEY_BYTES } from './seal.ts';

export const sealingRowKey = 'k/!';
harden(sealingRowKey);

/** How a key is made of a passphrase. `salt` in base64url. */
export interface ScryptParameters {
  readonly salt: string;
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

export interface SealingRow {
  /** The key's id. */
  readonly key: string;
  /** Of a store that is opened with a passphrase. */
  readonly scrypt?: ScryptParameters;
}

const SALT_BYTES = 16;
/** About 0.3 s and 128 MiB for each guess. */
const STRENGTH = harden({ N: 2 ** 17, r: 8, p: 1 });
/** What a row may ask of whoever opens it, which may be from a backup that others could write: bytes, and `N * r * p`, some seconds. */
const MOST_MEMORY = 2 ** 28;
const MOST_WORK = 2 ** 23;

const isScrypt = (value: unknown): value is ScryptParameters => {
  const { salt, N, r, p } = (value ?? {}) as Partial<Record<string, unknown>>;
  const within = (number: unknown, most: number): number is number =>
    Number.isSafeInteger(number) && (number as number) >= 1 && (number as number) <= most;
  return (
    typeof salt === 'string' &&
    /^[\w-]{16,100}$/.test(salt) &&
    within(N, 2 ** 24) &&
    Number.isInteger(Math.log2(N)) &&
    N > 1 &&
    within(r, 64) &&
    within(p, 16) &&
    128 * N * r <= MOST_MEMORY &&
    N * r * p <= MOST_WORK
  );
};

export const formatSealingRow = ({ key, scrypt }: SealingRow): string =>
  JSON.stringify({ key, ...(scrypt === undefined ? {} : { scrypt }) });
harden(formatSealingRow);

/** Throws STORE_DAMAGED. */
export const parseSealingRow = (text: string): SealingRow => {
  try {
    const { key, scrypt } = JSON.parse(text) as Partial<SealingRow>;
    if (typeof key === 'string' && /^[0-9a-f]{16}$/.test(key) && (scrypt === undefined || isScrypt(scrypt))) {
      return harden({ key, ...(scrypt === undefined ? {} : { scrypt }) });
    }
  } catch {}
  throw makeError('STORE_DAMAGED', `row ${sealingRowKey} does not say which key the store is sealed with`, {
    hint: 'nothing was changed; restore a backup',
  });
};
harden(parseSealingRow);

/** For a store that is sealed with a passphrase from now on. */
export const newScryptParameters = (randomBytes: (count: number) => Uint8Array): ScryptParameters =>
  harden({ salt: Buffer.from(randomBytes(SALT_BYTES)).toString('base64url'), ...STRENGTH });
harden(newScryptParameters);

/** The sealing key that follows from a passphrase. Takes a while, on purpose. */
export const keyFromPassphrase = (passphrase: string, { salt, N, r, p }: ScryptParameters): Uint8Array =>
  new Uint8Array(
    scryptSync(passphrase.normalize('NFC'), Buffer.from(salt, 'base64url'), SEALING_KEY_BYTES, {
      N,
      r,
      p,
      maxmem: 2 * MOST_MEMORY,
    }),
  );
harden(keyFromPassphrase);
