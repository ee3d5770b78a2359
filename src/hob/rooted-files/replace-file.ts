/**
 * Puts a whole new file in the place of an old one. A reader sees one or the other; a kill or a power cut at any point leaves
 * one or the other, and perhaps a temporary file, which is swept later (leftovers.ts):
 *
 *   1. a new file, in the same directory, under a name that nobody can foresee, readable by nobody else
 *   2. content, owner, mode (in this order: a new owner takes setuid away)
 *   3. sync: all of it is on the disk before it has the name; whoever has to accept it looks at it
 *   4. rename: from now on it is the file. A symlink that had the name is gone, what it pointed to is untouched
 *   5. sync of the directory: now the name is on the disk too
 */
import type { FileHandle } from 'node:fs/promises';
import type { Attributes } from '../rooted-files.ts';
import { putFromBeside } from './beside.ts';
import type { Place } from './walk.ts';

type Fs = typeof import('node:fs');

/** In pieces: each is asked for when the one before is written. One that throws is as an error of the system. */
export type FileContent = Uint8Array | AsyncIterable<Uint8Array>;

type NewFileAttributes = Attributes & { readonly mode: number };

const fill = async (file: FileHandle, content: FileContent, { mode, uid, gid }: NewFileAttributes): Promise<void> => {
  await file.writeFile(content);
  const made = await file.stat();
  const [user, group] = [uid ?? made.uid, gid ?? made.gid];
  if (user !== made.uid || group !== made.gid) await file.chown(user, group);
  await file.chmod(mode);
  await file.sync();
};

/** Called with a fresh `temporary` name. `accept` is called before it takes the place. If either throws, the place is as it was, and the temporary file is gone. */
export const replaceFile = async (
  fs: Fs,
  place: Place,
  temporary: string,
  content: FileContent,
  attributes: NewFileAttributes,
  accept: () => Promise<void> | undefined,
): Promise<void> => {
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = fs.constants;
  await putFromBeside(fs, place, temporary, {
    make: (entry) => fs.promises.open(entry, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600),
    put: async (file, entry) => {
      await fill(file, content, attributes).finally(() => file.close());
      await accept();
      await fs.promises.rename(entry, place.entry);
    },
  });
};
harden(replaceFile);
