/**
 * From where a process has its sealing key, and whether that is the one that its store was sealed with.
 *
 *   --sealing-key FILE ─────────────┐
 *   --passphrase-file FILE ─scrypt──┤
 *   systemd's credentials directory ┼─▶ key ──is it the one of row k/! ?──▶ Seal
 *   <state>/sealing-key ────────────┘          no: SEALING_KEY_WRONG, and nothing is written
 *
 * The last one is made at the first start, and never again: a store that was sealed wants its own key.
 */
import { makeError } from '../errors/gobs-error.ts';
import { makeKeyFile, parseKey, readSecretFile, type KeyFilePowers, type Owner } from './key-file.ts';
import {
  formatSealingRow,
  keyFromPassphrase,
  newScryptParameters,
  parseSealingRow,
  sealingRowKey,
  type SealingRow,
} from './key-row.ts';
import { keyIdOf, makeSeal, SEALING_KEY_BYTES, type Seal } from './seal.ts';

/** Paths are absolute. `where` is for people. */
export type KeySource =
  /** In the state directory: made if nothing was sealed yet. */
  | { readonly from: 'state'; readonly path: string }
  | { readonly from: 'file'; readonly path: string }
  | { readonly from: 'credential'; readonly path: string }
  | { readonly from: 'passphrase'; readonly where: string; readonly read: () => Promise<string> };

export interface SealingPowers extends KeyFilePowers {
  readonly randomBytes: (count: number) => Uint8Array;
}

export interface OpenedSealing {
  readonly seal: Seal;
  /** Of a store that nothing was sealed in yet: to be written in one batch with the first thing that is. */
  readonly newRow?: { readonly type: 'put'; readonly key: string; readonly value: string };
}

const withKey = 'give the key that it was sealed with: --sealing-key FILE; nothing was changed';
const withPassphrase = 'give its passphrase: --passphrase-file FILE, or - for standard input; nothing was changed';

const notThere = (path: string, sealedWith: string | undefined): Error =>
  sealedWith === undefined
    ? makeError('SEALING_KEY_UNUSABLE', `${path} is not there`, {
        hint: `to make one: (umask 077; head -c 32 /dev/urandom | base64 > ${path})`,
      })
    : makeError('SEALING_KEY_UNUSABLE', `${path} is not there, and the store was sealed with key ${sealedWith}`, {
        hint: 'put the copy of that key back there, or name it: --sealing-key FILE; nothing was changed',
      });

export const passphraseHint =
  'put the passphrase on the first line of a file with mode 0600; with --passphrase-file - it is typed, or piped in';
harden(passphraseHint);

/** A passphrase is one line. Rejects SEALING_KEY_UNUSABLE. */
const readPassphrase = async ({ where, read }: Extract<KeySource, { from: 'passphrase' }>): Promise<string> => {
  const line = (await read()).split(/\r?\n/)[0]!;
  if (line === '') {
    throw makeError('SEALING_KEY_UNUSABLE', `${where}: the passphrase is empty`, { hint: passphraseHint });
  }
  return line;
};

const openWithPassphrase = async (
  source: Extract<KeySource, { from: 'passphrase' }>,
  row: SealingRow | undefined,
  { randomBytes }: SealingPowers,
): Promise<{ key: Uint8Array; row: SealingRow }> => {
  if (row !== undefined && row.scrypt === undefined) {
    throw makeError('SEALING_KEY_WRONG', `the store was sealed with key ${row.key}, and not with a passphrase`, {
      hint: withKey,
    });
  }
  const passphrase = await readPassphrase(source);
  const scrypt = row?.scrypt ?? newScryptParameters(randomBytes);
  const key = keyFromPassphrase(passphrase, scrypt);
  return { key, row: { key: keyIdOf(key), scrypt } };
};

type KeyFile = Exclude<KeySource, { from: 'passphrase' }>;

/** Undefined if it is yet to be made. `sealedWith`: the key of the store, if anything was sealed in it. */
const readKey = async (
  { from, path }: KeyFile,
  sealedWith: string | undefined,
  powers: KeyFilePowers,
): Promise<Uint8Array | undefined> => {
  const owner: Owner = from === 'credential' ? 'credential' : 'user';
  const text = await readSecretFile(powers, path, owner);
  if (text !== undefined) return parseKey(text, path);
  if (from === 'state' && sealedWith === undefined) return undefined;
  throw notThere(path, sealedWith);
};

/** For who is about to make a store, and else would leave an empty one behind. Rejects SEALING_KEY_UNUSABLE. */
export const requireUsableKey = async (source: KeySource, powers: KeyFilePowers): Promise<void> => {
  await (source.from === 'passphrase' ? readPassphrase(source) : readKey(source, undefined, powers));
};
harden(requireUsableKey);

const openWithFile = async (
  source: KeyFile,
  row: SealingRow | undefined,
  powers: SealingPowers,
): Promise<{ key: Uint8Array; row: SealingRow }> => {
  const { path } = source;
  if (row?.scrypt !== undefined) {
    throw makeError('SEALING_KEY_WRONG', `the store was sealed with a passphrase (key ${row.key}), not with ${path}`, {
      hint: withPassphrase,
    });
  }
  const kept = await readKey(source, row?.key, powers);
  const key = kept ?? powers.randomBytes(SEALING_KEY_BYTES);
  if (kept === undefined) await makeKeyFile(powers, path, key);
  return { key, row: { key: keyIdOf(key) } };
};

/**
 * Called with the store open and nothing written to it yet, by whoever alone has it. Rejects SEALING_KEY_UNUSABLE,
 * SEALING_KEY_WRONG (naming both keys, and what to do) or STORE_DAMAGED.
 */
export const openSealing = async (
  source: KeySource,
  store: { get(key: string): string | undefined },
  powers: SealingPowers,
): Promise<OpenedSealing> => {
  const text = store.get(sealingRowKey);
  const known = text === undefined ? undefined : parseSealingRow(text);
  const { key, row } = await (source.from === 'passphrase'
    ? openWithPassphrase(source, known, powers)
    : openWithFile(source, known, powers));
  if (known !== undefined && known.key !== row.key) {
    const [given, hint] =
      source.from === 'passphrase' ? [`the passphrase of ${source.where}`, withPassphrase] : [source.path, withKey];
    throw makeError('SEALING_KEY_WRONG', `the store was sealed with key ${known.key}, and ${given} is key ${row.key}`, {
      hint,
    });
  }
  const seal = makeSeal(key);
  if (known !== undefined) return harden({ seal });
  return harden({ seal, newRow: { type: 'put' as const, key: sealingRowKey, value: formatSealingRow(row) } });
};
harden(openSealing);

/** The same for somebody who has the text of row `k/!` alone. Rejects as `openSealing` does. */
export const openSealOf = async (source: KeySource, row: string, powers: SealingPowers): Promise<Seal> => {
  const { seal } = await openSealing(source, { get: (key) => (key === sealingRowKey ? row : undefined) }, powers);
  return seal;
};
harden(openSealOf);
