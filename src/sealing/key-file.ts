/** A sealing key in a file: 32 random bytes as base64url, and a line end. For the eyes of its owner alone. */
import { dirname } from 'node:path';
import { makeError } from '../errors/gobs-error.ts';
import { SEALING_KEY_BYTES } from './seal.ts';

export interface KeyFilePowers {
  readonly fs: typeof import('node:fs');
  /** The user id of this process. */
  readonly uid: number;
}

const codeOfSystem = (error: unknown): string | undefined => (error as { code?: string }).code;
/** Longer than a key, shorter than what would be a mistake. */
const LONGEST = 4_096;

/** `credential`: systemd hands these over owned by root, with a group bit that stands for the service's user alone (the mask of an ACL). */
export type Owner = 'user' | 'credential';

const whyOpen = (
  { uid: owner, mode }: { readonly uid: number; readonly mode: number },
  uid: number,
  by: Owner,
): string | undefined => {
  if (owner !== uid && !(by === 'credential' && owner === 0)) return `belongs to user ${owner}, not to user ${uid}`;
  const open = mode & (by === 'credential' ? 0o037 : 0o077);
  return open === 0 ? undefined : `is open to others (mode ${(mode & 0o777).toString(8).padStart(4, '0')})`;
};

/**
 * The text of a file that holds a secret; undefined if there is no such file. Rejects SEALING_KEY_UNUSABLE if it cannot be read, or if
 * others could; the message holds nothing of the text.
 */
export const readSecretFile = async (
  { fs, uid }: KeyFilePowers,
  path: string,
  by: Owner = 'user',
): Promise<string | undefined> => {
  const unusable = (why: string, hint?: string): Error =>
    makeError('SEALING_KEY_UNUSABLE', `${path} ${why}`, hint === undefined ? {} : { hint });
  let file: import('node:fs').promises.FileHandle;
  try {
    // A pipe must not keep us.
    file = await fs.promises.open(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  } catch (error) {
    if (codeOfSystem(error) === 'ENOENT') return undefined;
    throw unusable(`cannot be read: ${String(codeOfSystem(error))}`);
  }
  try {
    const stats = await file.stat();
    if (stats.isDirectory()) throw unusable('is a directory, and a file is wanted', 'name the file in it');
    if (!stats.isFile()) throw unusable('is not a file');
    const why = whyOpen(stats, uid, by);
    if (why !== undefined) throw unusable(why, `if nobody else has read it: chmod 600 ${path}`);
    if (stats.size > LONGEST) throw unusable(`has ${stats.size} bytes, more than such a file has`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
};
harden(readSecretFile);

/** `path`, for people. Throws SEALING_KEY_UNUSABLE. Base64 as `base64` of coreutils writes it is taken as well. */
export const parseKey = (text: string, path: string): Uint8Array => {
  const line = text.trim();
  const key = /^[\w+/-]{43}=?$/.test(line) ? Buffer.from(line, 'base64url') : undefined;
  if (key?.length === SEALING_KEY_BYTES) return new Uint8Array(key);
  throw makeError('SEALING_KEY_UNUSABLE', `${path} does not hold a sealing key (32 bytes as base64, on one line)`, {
    hint: 'put a copy of the key there',
  });
};
harden(parseKey);

/** Makes the file, and syncs it, so that nothing is ever sealed with a key that is lost. There is none yet, and the caller alone makes one. */
export const makeKeyFile = async ({ fs }: Pick<KeyFilePowers, 'fs'>, path: string, key: Uint8Array): Promise<void> => {
  const temporary = `${path}.new`;
  try {
    // One that somebody left there may be a link, or open to others, whatever mode we ask for.
    await fs.promises.rm(temporary, { force: true });
    const file = await fs.promises.open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(`${Buffer.from(key).toString('base64url')}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await fs.promises.rename(temporary, path);
    const directory = await fs.promises.open(dirname(path), 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  } catch (error) {
    throw makeError('SEALING_KEY_UNUSABLE', `${path} cannot be made: ${String(codeOfSystem(error))}`);
  }
};
harden(makeKeyFile);
