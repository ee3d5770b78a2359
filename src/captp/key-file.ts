/**
 * A peer's key on disk: made once, and synced before anybody sees its public half, so that a peer that was met once is met again.
 */
import { dirname } from 'node:path';
import { makeError } from '../errors/gobs-error.ts';
import { keyPairFromPem, makeKeyPair, type KeyPair } from './key-pair.ts';

export interface KeyFilePowers {
  readonly fs: typeof import('node:fs');
  readonly randomBytes: (count: number) => Uint8Array;
}

const codeOfSystem = (error: unknown): string | undefined => (error as { code?: string }).code;

const writeSynced = async ({ fs }: KeyFilePowers, path: string, text: string): Promise<void> => {
  const temporary = `${path}.new`;
  // One that somebody left there may be a link, or open to others, whatever mode we ask for.
  await fs.promises.rm(temporary, { force: true });
  const file = await fs.promises.open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(text);
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
};

/** The key of that file, made if there is none. The caller alone uses the file. Throws KEY_UNUSABLE. */
export const openKeyFile = async (powers: KeyFilePowers, path: string): Promise<KeyPair> => {
  try {
    return keyPairFromPem(await powers.fs.promises.readFile(path, 'utf8'), path);
  } catch (error) {
    if (codeOfSystem(error) === undefined) throw error;
    if (codeOfSystem(error) !== 'ENOENT') {
      throw makeError('KEY_UNUSABLE', `${path} cannot be read: ${String(codeOfSystem(error))}`);
    }
  }
  const made = makeKeyPair(powers.randomBytes(32));
  await writeSynced(powers, path, made.privateKeyPem);
  return made;
};
harden(openKeyFile);
