/** Operations on one entry of an open directory: look, read, change, make, remove. None follows a symlink, opens a device or blocks. */
import { Buffer } from 'node:buffer';
import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { makeError } from '../../errors/gobs-error.ts';
import type { Attributes, EntryStat, EntryType, OpenFile, ReadFile } from '../rooted-files.ts';
import { systemCode } from './file-errors.ts';
import { O_PATH, openPath, syncDirectory, type Place } from './walk.ts';

type Fs = typeof import('node:fs');

const PERMISSIONS = 0o7777;
/** Bytes read at once. */
const CHUNK = 65_536;

const typeOf = (stats: Stats): EntryType => {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isFIFO()) return 'fifo';
  if (stats.isSocket()) return 'socket';
  return stats.isBlockDevice() ? 'block device' : 'character device';
};

const entryStat = (stats: Stats): EntryStat => ({
  type: typeOf(stats),
  mode: stats.mode & PERMISSIONS,
  uid: stats.uid,
  gid: stats.gid,
  size: stats.size,
  links: stats.nlink,
});

/** Undefined if there is nothing. */
export const statEntry = async (fs: Fs, place: Place): Promise<EntryStat | undefined> => {
  try {
    return harden(entryStat(await fs.promises.lstat(place.entry)));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
};
harden(statEntry);

/** Holds on to what has the name now, whatever it is, without opening it; what is done then is done to that. */
const withEntry = async <T>(
  fs: Fs,
  place: Place,
  work: (entry: FileHandle, found: EntryStat) => Promise<T>,
): Promise<T> => {
  const entry = await fs.promises.open(place.entry, O_PATH | fs.constants.O_NOFOLLOW);
  try {
    return await work(entry, entryStat(await entry.stat()));
  } finally {
    await entry.close();
  }
};

/** All bytes, or undefined if there are more than `limit`. To the end, whatever the size was: a file may grow meanwhile. */
const readUpTo = async (file: FileHandle, limit: number): Promise<Uint8Array | undefined> => {
  const chunks: Uint8Array[] = [];
  let room = limit + 1;
  while (room > 0) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(CHUNK, room)));
    if (bytesRead === 0) return Buffer.concat(chunks);
    chunks.push(buffer.subarray(0, bytesRead));
    room -= bytesRead;
  }
  return undefined;
};

/** Both of the same file, whatever has its name meanwhile. */
export const lookIntoEntry = async (fs: Fs, place: Place, limit: number): Promise<ReadFile> =>
  withEntry(fs, place, async (entry, found) => {
    if (found.type !== 'file') {
      throw makeError('CANNOT_LOOK', `${place.path}: it is a ${found.type}, and only files are read`);
    }
    if (found.size > limit) return { found, content: undefined };
    const file = await fs.promises.open(openPath(entry), fs.constants.O_RDONLY);
    const content = await readUpTo(file, limit).finally(() => file.close());
    return { found, content };
  });
harden(lookIntoEntry);

export const readEntry = async (fs: Fs, place: Place, limit: number): Promise<Uint8Array | undefined> =>
  (await lookIntoEntry(fs, place, limit)).content;
harden(readEntry);

/** For whoever reads a piece at a time, and closes it. */
export const openEntry = async (fs: Fs, place: Place): Promise<OpenFile> =>
  withEntry(fs, place, async (entry, found) => {
    if (found.type !== 'file') {
      throw makeError('CANNOT_LOOK', `${place.path}: it is a ${found.type}, and only files are read`);
    }
    return { found, file: await fs.promises.open(openPath(entry), fs.constants.O_RDONLY) };
  });
harden(openEntry);

/** Owner before mode: a new owner takes setuid away. `entry` is a file or a directory: a mode cannot be given to a symlink. */
const setAttributes = async (
  fs: Fs,
  entry: FileHandle,
  found: EntryStat,
  { mode, uid, gid }: Attributes,
): Promise<void> => {
  const [user, group] = [uid ?? found.uid, gid ?? found.gid];
  if (user !== found.uid || group !== found.gid) await fs.promises.chown(openPath(entry), user, group);
  if (mode !== undefined) await fs.promises.chmod(openPath(entry), mode);
};

export const changeEntry = async (fs: Fs, place: Place, attributes: Attributes): Promise<void> => {
  await withEntry(fs, place, async (entry, found) => {
    if (found.type !== 'file' && found.type !== 'directory') {
      throw makeError('CANNOT_CHANGE', `${place.path}: it is a ${found.type}, and keeps its mode and owner`);
    }
    if (found.type === 'file' && found.links > 1) {
      throw makeError(
        'CANNOT_CHANGE',
        `${place.path}: it has ${found.links} hard links, and would change under each name`,
        {
          hint: 'remove the other names, or give the content too, so that a file of its own takes its place',
        },
      );
    }
    await setAttributes(fs, entry, found, attributes);
  });
};
harden(changeEntry);

/** Killed halfway it leaves a directory with fewer rights, which the next look finds. */
export const makeDirectoryIn = async (
  fs: Fs,
  place: Place,
  attributes: Attributes & { readonly mode: number },
): Promise<void> => {
  await fs.promises.mkdir(place.entry, attributes.mode & 0o755);
  await withEntry(fs, place, async (entry, found) => {
    if (found.type !== 'directory') throw makeError('CANNOT_CHANGE', `${place.path}: it changed while it was made`);
    await setAttributes(fs, entry, found, attributes);
  });
  await syncDirectory(fs, place.directory);
};
harden(makeDirectoryIn);

/** `remove` is unlink or rmdir. */
export const removeEntry = async (fs: Fs, place: Place, remove: (path: string) => Promise<void>): Promise<void> => {
  try {
    await remove(place.entry);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  await syncDirectory(fs, place.directory);
};
harden(removeEntry);
