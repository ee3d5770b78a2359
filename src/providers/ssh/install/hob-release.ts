/** The hob that is put on hosts: the one file that scripts/bundle-hob.mjs makes. */
import { createHash } from 'node:crypto';
import { makeError } from '../../../errors/gobs-error.ts';

export interface HobRelease {
  /** Names its directory on a host: version, and the beginning of its hash. */
  readonly name: string;
  readonly version: string;
  /** Hex. */
  readonly sha256: string;
  readonly content: Uint8Array;
}

const HASH_LENGTH = 12;

/** Rejects PROVIDER_FAILED if there is none. Its first line says which version it is. */
export const readHobRelease = async (
  fs: Pick<typeof import('node:fs/promises'), 'readFile'>,
  path: string,
): Promise<HobRelease> => {
  const content = await fs.readFile(path).catch((error: unknown) => {
    throw makeError(
      'PROVIDER_FAILED',
      `${path}: the hob for other hosts cannot be read (${String((error as { code?: string }).code)})`,
      {
        hint: 'npm run bundle-hob makes it',
      },
    );
  });
  const version = /^\/\/ gobs hob ([\w.+-]{1,60})\n/.exec(content.toString('latin1', 0, 100))?.[1];
  if (version === undefined) throw makeError('PROVIDER_FAILED', `${path}: this is no hob for other hosts`);
  const sha256 = createHash('sha256').update(content).digest('hex');
  // The content stays as it is: bytes cannot be hardened.
  return Object.freeze({ name: `${version}-${sha256.slice(0, HASH_LENGTH)}`, version, sha256, content });
};
harden(readHobRelease);
