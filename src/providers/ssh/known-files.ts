/** Reads known_hosts files. One that is not there says nothing; one that cannot be read is an error, for it may say that a key is revoked. */
import { makeError } from '../../errors/gobs-error.ts';

export type KnownFilesFs = Pick<typeof import('node:fs/promises'), 'readFile' | 'stat'>;

/** Bytes of one file. */
const LARGEST = 64 * 1024 * 1024;

/** Throws PROVIDER_FAILED. */
export const readKnownFiles = async (
  paths: readonly string[],
  fs: KnownFilesFs,
): Promise<readonly (readonly [path: string, text: string])[]> => {
  const found: (readonly [string, string])[] = [];
  for (const path of paths) {
    try {
      const { size } = await fs.stat(path);
      if (size > LARGEST) throw makeError('PROVIDER_FAILED', `${path}: it is too large to be a known_hosts file`);
      found.push([path, await fs.readFile(path, 'utf8')]);
    } catch (error) {
      const { code } = error as { readonly code?: string };
      if (code === 'ENOENT' || code === 'ENOTDIR') continue;
      if (code === undefined) throw error;
      throw makeError('PROVIDER_FAILED', `${path}: cannot be read (${code})`);
    }
  }
  return found;
};
harden(readKnownFiles);
