/**
 * Symlinks: what they say, and putting one in the place of another. A reader sees the old link or the new one; a kill at any point leaves one or
 * the other, and perhaps a temporary link, which is swept later (leftovers.ts):
 *
 *   1. a new link, in the same directory, under a name that nobody can foresee
 *   2. its owner, of that very link and no other entry
 *   3. a look at what has the place: only a symlink is given up for this. (What is put there between this look and the next step is lost: no
 *      system call of Node's replaces under a condition.)
 *   4. rename, and sync of the directory
 *
 * Where there is nothing yet, the new link gets its place by link(2), which never replaces anything.
 */
import type { Buffer } from 'node:buffer';
import type { FileHandle } from 'node:fs/promises';
import { makeError } from '../../errors/gobs-error.ts';
import type { Attributes } from '../rooted-files.ts';
import { putFromBeside } from './beside.ts';
import { statEntry } from './entry.ts';
import { systemCode } from './file-errors.ts';
import { O_PATH, openPath, type Place } from './walk.ts';

type Fs = typeof import('node:fs');

export type LinkOwner = Pick<Attributes, 'uid' | 'gid'>;

/** Undefined if there is nothing; CANNOT_LOOK if it is something else. */
export const readLinkEntry = async (fs: Fs, place: Place): Promise<Uint8Array | undefined> => {
  try {
    return await fs.promises.readlink(place.entry, { encoding: 'buffer' });
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT') return undefined;
    if (code === 'EINVAL') throw makeError('CANNOT_LOOK', `${place.path}: it is not a symlink`);
    throw error;
  }
};
harden(readLinkEntry);

/** Through a descriptor of the link itself, so that nothing else gets the owner, whatever has the name by then. */
const own = async (fs: Fs, temporary: string, place: Place, { uid, gid }: LinkOwner): Promise<void> => {
  const link: FileHandle = await fs.promises.open(temporary, O_PATH | fs.constants.O_NOFOLLOW);
  try {
    const made = await link.stat();
    if (!made.isSymbolicLink()) throw makeError('CANNOT_CHANGE', `${place.path}: it changed while it was made`);
    const [user, group] = [uid ?? made.uid, gid ?? made.gid];
    if (user !== made.uid || group !== made.gid) await fs.promises.chown(openPath(link), user, group);
  } finally {
    await link.close();
  }
};

const takePlace = async (fs: Fs, temporary: string, place: Place): Promise<void> => {
  const found = await statEntry(fs, place);
  if (found === undefined) {
    await fs.promises.link(temporary, place.entry);
    await fs.promises.unlink(temporary);
    return;
  }
  if (found.type !== 'symlink') throw makeError('CANNOT_CHANGE', `${place.path}: it is a ${found.type}, and stays one`);
  await fs.promises.rename(temporary, place.entry);
};

/** Called with a fresh `temporary` name. If it throws before the link has its place, the place is as it was, and the temporary link is gone. */
export const replaceLinkEntry = async (
  fs: Fs,
  place: Place,
  temporary: string,
  target: Uint8Array,
  owner: LinkOwner,
): Promise<void> => {
  await putFromBeside(fs, place, temporary, {
    make: (entry) => fs.promises.symlink(target as Buffer, entry),
    put: async (_made, entry) => {
      await own(fs, entry, place, owner);
      await takePlace(fs, entry, place);
    },
  });
};
harden(replaceLinkEntry);
