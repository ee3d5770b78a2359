/** From what the system says (`EACCES`) to an error with a code, the path as the document has it, and words. */
import { makeError } from '../../errors/gobs-error.ts';

const words: Readonly<Record<string, string>> = harden({
  EACCES: 'permission denied',
  EBUSY: 'it is in use',
  EDQUOT: 'the disk quota is used up',
  EEXIST: 'something was put there meanwhile',
  EIO: 'the disk cannot be read or written',
  EISDIR: 'it is a directory',
  ELOOP: 'it is a symlink, which is not followed',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'a name in it is too long for the file system',
  ENOENT: 'it is not there (any more)',
  ENOSPC: 'no space is left on the disk',
  ENOTDIR: 'it, or a parent of it, is not a directory',
  ENOTEMPTY: 'the directory is not empty',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
});

const hints: Readonly<Record<string, string>> = harden({
  EACCES: 'does the user that the hob runs as have the right to?',
  EPERM: 'does the user that the hob runs as have the right to?',
  EISDIR: 'remove it by hand: a hob never removes a directory with what is in it',
  ENOTEMPTY: 'remove by hand what is in it: a hob never does',
});

/** The system's name for what happened, if the system threw it. */
export const systemCode = (thrown: unknown): string | undefined => {
  const code: unknown = thrown instanceof Error ? (thrown as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : undefined;
};
harden(systemCode);

/** The error to throw for one that was caught; one of ours passes. `path` as in documents, never as in /proc. */
export const fileError = (code: 'CANNOT_LOOK' | 'CANNOT_CHANGE', path: string, thrown: unknown): unknown => {
  const system = systemCode(thrown);
  if (system === undefined) return thrown;
  const hint = hints[system];
  return makeError(code, `${path}: ${words[system] ?? system}`, {
    ...(hint === undefined ? {} : { hint }),
    cause: thrown,
  });
};
harden(fileError);
