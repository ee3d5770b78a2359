/**
 * The way from the root to the directory that an operation works in, one open directory at a time. See ../rooted-files.ts.
 *
 * Descriptors are opened with O_PATH: that needs no right to list the directory, and opens nothing. Every descriptor that
 * is opened here is closed here, when the operation's work is done.
 */
import type { FileHandle } from 'node:fs/promises';
import { makeError } from '../../errors/gobs-error.ts';
import { plainText } from '../../protocol/plain-text.ts';
import { hostPathProblem } from '../../protocol/resources/host-path.ts';
import { fileError, systemCode } from './file-errors.ts';

type Fs = typeof import('node:fs');

/** open(2): "a file descriptor that can be used to indicate a location". Node has no name for it. */
export const O_PATH = 0o10000000;
harden(O_PATH);
const PARENT_MODE = 0o755;

/** A path by which the system reaches exactly what is open, and nothing else. */
export const openPath = (handle: FileHandle): string => `/proc/self/fd/${handle.fd}`;
harden(openPath);

/** Where an operation works: one name in one open directory. Good until the work is done. */
export interface Place {
  readonly directory: FileHandle;
  readonly name: string;
  /** For the system. */
  readonly entry: string;
  /** For people: as in documents. */
  readonly path: string;
}

export interface RootDirectory {
  /** Undefined if a parent is missing or no directory. What the system refuses is CANNOT_LOOK. */
  look<T>(path: string, work: (place: Place) => Promise<T>): Promise<T | undefined>;
  /** Undefined if a parent is missing and not to be made. What the system refuses is CANNOT_CHANGE. */
  change<T>(
    path: string,
    how: { readonly makeParents: boolean },
    work: (place: Place) => Promise<T>,
  ): Promise<T | undefined>;
  close(): Promise<void>;
}

const namesOf = (path: string): readonly string[] => {
  const problem = hostPathProblem(path);
  if (problem === undefined) return path.slice(1).split('/');
  throw makeError(
    problem.leadsOut ? 'OUTSIDE_ROOT' : 'BAD_DESIRED_STATE',
    `${plainText(path, 200) || 'the path'}: ${problem.message}`,
  );
};

const placeIn = (directory: FileHandle, name: string, path: string): Place => ({
  directory,
  name,
  entry: `${openPath(directory)}/${name}`,
  path,
});

/** Syncs the names in a directory. Opened anew, for the descriptor of a place cannot be synced. */
export const syncDirectory = async (fs: Fs, directory: FileHandle): Promise<void> => {
  const readable = await fs.promises.open(openPath(directory), fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
  await readable.sync().finally(() => readable.close());
};
harden(syncDirectory);

/** The system said that this is no directory. A symlink is an error, for it is not followed; a file is just no directory. */
const explainNoDirectory = async (fs: Fs, place: Place): Promise<undefined> => {
  const found = await fs.promises.lstat(place.entry);
  if (found.isDirectory()) throw makeError('CANNOT_LOOK', `${place.path}: it changed while it was looked at`);
  if (!found.isSymbolicLink()) return undefined;
  const target = plainText(await fs.promises.readlink(place.entry), 200);
  throw makeError('OUTSIDE_ROOT', `${place.path}: it is a symlink (to ${target}), and none is followed on the way`, {
    hint: 'name the path without symlinks',
  });
};

/** Undefined if there is none. The caller closes it. */
const openDirectory = async (fs: Fs, place: Place): Promise<FileHandle | undefined> => {
  const { O_DIRECTORY, O_NOFOLLOW } = fs.constants;
  try {
    return await fs.promises.open(place.entry, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT') return undefined;
    if (code === 'ENOTDIR' || code === 'ELOOP') return explainNoDirectory(fs, place);
    throw error;
  }
};

/** A directory where there was none. Somebody else may be faster: then theirs is used as it is. The caller closes it. */
const makeParent = async (fs: Fs, place: Place): Promise<FileHandle> => {
  const made = await fs.promises.mkdir(place.entry, PARENT_MODE).then(
    () => true,
    (error: unknown) => {
      if (systemCode(error) === 'EEXIST') return false;
      throw error;
    },
  );
  const directory = await openDirectory(fs, place);
  if (directory === undefined) {
    throw makeError('CANNOT_CHANGE', `${place.path}: it is not a directory, and one is needed there`);
  }
  try {
    // What the umask took away is given back.
    if (made && ((await directory.stat()).mode & 0o777) !== PARENT_MODE) {
      await fs.promises.chmod(openPath(directory), PARENT_MODE);
    }
    if (made) await syncDirectory(fs, place.directory);
    return directory;
  } catch (error) {
    await directory.close();
    throw error;
  }
};

type Refusal = 'CANNOT_LOOK' | 'CANNOT_CHANGE';

/** What the system refuses on the way is about the directory it was refused in: that one is named. */
const enter = async (fs: Fs, place: Place, makeParents: boolean, refusal: Refusal): Promise<FileHandle | undefined> => {
  try {
    const found = await openDirectory(fs, place);
    return found === undefined && makeParents ? await makeParent(fs, place) : found;
  } catch (error) {
    throw fileError(refusal, place.path, error);
  }
};

interface Errand<T> {
  readonly path: string;
  readonly makeParents: boolean;
  readonly refusal: Refusal;
  readonly work: (place: Place) => Promise<T>;
}

/** Opens directory after directory, works in the last, and closes whatever it opened. */
const walk = async <T>(
  fs: Fs,
  top: FileHandle,
  { path, makeParents, refusal, work }: Errand<T>,
): Promise<T | undefined> => {
  const names = namesOf(path);
  let directory = top;
  try {
    for (const [index, name] of names.slice(0, -1).entries()) {
      const step = placeIn(directory, name, `/${names.slice(0, index + 1).join('/')}`);
      const next = await enter(fs, step, makeParents, refusal);
      if (directory !== top) await directory.close();
      directory = next ?? top;
      if (next === undefined) return undefined;
    }
    return await work(placeIn(directory, names.at(-1)!, path));
  } catch (error) {
    throw fileError(refusal, path, error);
  } finally {
    if (directory !== top) await directory.close();
  }
};

/** Follows symlinks in `root` itself, once. Throws CANNOT_LOOK. */
const openTop = async (root: string, fs: Fs): Promise<FileHandle> => {
  const top = await fs.promises.open(root, O_PATH | fs.constants.O_DIRECTORY).catch((error: unknown) => {
    throw fileError('CANNOT_LOOK', root, error);
  });
  const [direct, throughProc] = await Promise.all([top.stat(), fs.promises.stat(openPath(top)).catch(() => undefined)]);
  if (direct.ino === throughProc?.ino && direct.dev === throughProc.dev) return top;
  await top.close();
  throw makeError('CANNOT_LOOK', `${root}: /proc/self/fd does not work, and without it no path can be walked safely`, {
    hint: 'mount proc on /proc',
  });
};

/** The caller closes it. Throws CANNOT_LOOK. */
export const openRoot = async (root: string, fs: Fs): Promise<RootDirectory> => {
  const top = await openTop(root, fs);
  const underWay = new Set<Promise<unknown>>();
  let closed = false;
  const run = async <T>(errand: Errand<T>): Promise<T | undefined> => {
    if (closed) throw makeError('CANNOT_LOOK', `${errand.path}: the files below ${root} were closed`);
    const walking = walk(fs, top, errand);
    underWay.add(walking);
    return walking.finally(() => underWay.delete(walking));
  };
  return {
    look: (path, work) => run({ path, work, makeParents: false, refusal: 'CANNOT_LOOK' }),
    change: (path, { makeParents }, work) => run({ path, work, makeParents, refusal: 'CANNOT_CHANGE' }),
    close: async () => {
      if (closed) return;
      closed = true;
      // The system gives a closed descriptor's number to the next that is opened: nobody may still be using it by its number.
      await Promise.allSettled(underWay);
      await top.close();
    },
  };
};
harden(openRoot);
