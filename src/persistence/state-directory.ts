/**
 * The directory that a process keeps its state in, as far as the store goes:
 *
 *   DIR/              0700 when we make it; ours, and for nobody else to write; sockets and keys of others may be here too
 *     store/          0700: LevelDB's own files
 *     holder.json     0600: who has the store open (holder.ts)
 *     commits         0600: how many batches were acknowledged (commit-witness.ts)
 *     restoring/      while a backup is being restored, or after that was killed (restore-place.ts)
 *     store.restored/ a restored store that is whole, for a moment; if there is no store/, or nothing in it, it is the store
 *     replaced-*\/     what a restore replaced: a store/, and its commits
 */
import { dirname, join } from 'node:path';
import { makeError } from '../errors/gobs-error.ts';
import { checkDatabase } from './database-check.ts';
import { storeFailure } from './store-failure.ts';
import { syncDirectory } from './sync-directory.ts';

export interface StatePaths {
  readonly directory: string;
  readonly database: string;
  readonly holder: string;
  readonly commits: string;
  /** Where a restore works. */
  readonly restoring: string;
  /** What it has made, when that is whole. */
  readonly restored: string;
}

export const statePaths = (directory: string): StatePaths =>
  harden({
    directory,
    database: join(directory, 'store'),
    holder: join(directory, 'holder.json'),
    commits: join(directory, 'commits'),
    restoring: join(directory, 'restoring'),
    restored: join(directory, 'store.restored'),
  });

/** What LevelDB may have made before it has anything of ours: it could have been killed just then. */
const beginnings = /^(LOCK|LOG|LOG\.old|MANIFEST-\d+|\d+\.dbtmp)$/;
const contents = /^\d+\.(log|ldb|sst)$/;

/** Nothing of ours can be in a database of which only these files are there. */
export const isOnlyBegun = (names: readonly string[]): boolean => names.every((name) => beginnings.test(name));
harden(isOnlyBegun);

/** LevelDB makes a new, empty database wherever it finds no CURRENT, whatever else is there; so we look first. */
const requireOurs = (database: string, names: readonly string[]): void => {
  const hasCurrent = names.includes('CURRENT');
  const hasManifest = names.some((name) => name.startsWith('MANIFEST-'));
  if (hasCurrent && hasManifest) return;
  if (hasCurrent || names.some((name) => contents.test(name))) {
    const lost = hasCurrent ? 'MANIFEST' : 'CURRENT';
    throw makeError('STORE_DAMAGED', `${database}: ${lost} is missing from LevelDB's files`, {
      hint: 'nothing was changed; restore a backup',
    });
  }
  const foreign = names.find((name) => !beginnings.test(name));
  if (foreign !== undefined) {
    throw makeError('STORE_NOT_OURS', `${database}: holds ${JSON.stringify(foreign)}, which is not part of a store`, {
      hint: 'choose another directory with --state DIR',
    });
  }
};
harden(statePaths);

const codeIn = (error: unknown): unknown => (error as { code?: unknown }).code;

/** What is in a directory; nothing if there is none. Rejects STORE_UNUSABLE. */
export const namesIn = async (fs: typeof import('node:fs'), path: string): Promise<readonly string[]> =>
  fs.promises.readdir(path).catch((error: unknown) => {
    if (codeIn(error) === 'ENOENT') return [];
    throw storeFailure(path, error);
  });
harden(namesIn);

/** For who must not make one. Rejects STORE_UNUSABLE if there is no store, or it cannot be read; STORE_DAMAGED or STORE_NOT_OURS for what is there instead. */
export const requireStore = async (fs: typeof import('node:fs'), paths: StatePaths): Promise<void> => {
  const { directory, database } = paths;
  await finishRestore(fs, paths);
  const names = await namesIn(fs, database);
  requireOurs(database, names);
  // What LevelDB finds no database in, it makes one in.
  if (names.includes('CURRENT')) return;
  await requireNoneWaits(fs, paths);
  throw makeError('STORE_UNUSABLE', `${directory}: there is no store here`, {
    hint: 'name the state directory of a boss with --state DIR',
  });
};
harden(requireStore);

/**
 * A restore that was killed between its last two steps has moved the old store away, and not yet put the new one, which is whole, in its place. Whoever
 * comes next does that. Two who come at once do no harm: a directory can be moved away once.
 */
export const finishRestore = async (
  fs: typeof import('node:fs'),
  { database, restored }: StatePaths,
): Promise<void> => {
  const isEmpty = await fs.promises.readdir(database).then(
    (names) => names.length === 0,
    (error: unknown) => codeIn(error) === 'ENOENT',
  );
  if (!isEmpty) return;
  await fs.promises.rename(restored, database).catch((error: unknown) => {
    if (['ENOENT', 'EEXIST', 'ENOTEMPTY', 'ENOTDIR'].includes(String(codeIn(error)))) return;
    throw storeFailure(restored, error);
  });
};
harden(finishRestore);

/**
 * Where LevelDB would make a new database in `store/`: it must not, with a restored store beside it that could not be put there. What somebody else has begun to
 * make there may go on at any moment, so it is not ours to remove.
 */
const requireNoneWaits = async (fs: typeof import('node:fs'), { database, restored }: StatePaths): Promise<void> => {
  const waits = await fs.promises.lstat(restored).then(
    () => true,
    (error: unknown) => codeIn(error) !== 'ENOENT',
  );
  if (!waits) return;
  throw makeError('STORE_UNUSABLE', `${restored}: a restored store, which cannot be moved to ${database}`, {
    hint: `nothing of a store is in ${database} yet: if no process is at work there, remove it and try again`,
  });
};

/** Like `mkdir` with `recursive`, which on a read-only file system says ENOENT. */
const makeAll = async (fs: typeof import('node:fs'), path: string): Promise<void> => {
  const make = async (): Promise<void> => {
    try {
      await fs.promises.mkdir(path, { mode: 0o700 });
      await syncDirectory(fs, dirname(path));
    } catch (error) {
      if (codeIn(error) !== 'EEXIST' || !(await fs.promises.stat(path)).isDirectory()) throw error;
    }
  };
  try {
    await make();
  } catch (error) {
    if (codeIn(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makeAll(fs, dirname(path));
    await make();
  }
};

/** Who may write a directory can put anything in the place of what is in it. Throws STORE_UNUSABLE. */
export const requireOwn = async (fs: typeof import('node:fs'), path: string, uid: number): Promise<void> => {
  const { uid: owner, mode } = await fs.promises.stat(path).catch((error: unknown) => {
    throw storeFailure(path, error);
  });
  if (owner !== uid) {
    throw makeError('STORE_UNUSABLE', `${path} belongs to user ${owner}, not to user ${uid}`, {
      hint: 'choose a directory of your own with --state DIR',
    });
  }
  if ((mode & 0o022) === 0) return;
  const shown = (mode & 0o777).toString(8).padStart(4, '0');
  throw makeError('STORE_UNUSABLE', `${path} can be written by others (mode ${shown})`, {
    hint: `if what is in it is yours: chmod go-w ${path}; or choose another directory with --state DIR`,
  });
};
harden(requireOwn);

/**
 * Makes what is missing, and looks at what is there, before LevelDB does. Rejects STORE_UNUSABLE (path and reason),
 * STORE_NOT_OURS or STORE_DAMAGED. An existing directory keeps its mode: it may be somebody's home.
 * `makeDirectory` false: the state directory itself must be there. With `uid`, both directories must be that user's, and for nobody else to
 * write. The result says whether there is no database yet.
 */
export const prepareStateDirectory = async (
  fs: typeof import('node:fs'),
  paths: StatePaths,
  makeDirectory: boolean,
  uid?: number,
): Promise<{ readonly isNew: boolean }> => {
  const { directory, database } = paths;
  const attempt = <T>(path: string, work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw storeFailure(path, error);
    });

  if (makeDirectory) await attempt(directory, makeAll(fs, directory));
  if (uid !== undefined) await requireOwn(fs, directory, uid);
  await finishRestore(fs, paths);
  await attempt(
    database,
    fs.promises.mkdir(database, { mode: 0o700 }).catch((error: unknown) => {
      // If what exists is no directory, reading it says so.
      if ((error as { code?: unknown }).code !== 'EEXIST') throw error;
    }),
  );
  if (uid !== undefined) await requireOwn(fs, database, uid);
  const names = await attempt(database, fs.promises.readdir(database));
  requireOurs(database, names);
  const isNew = !names.includes('CURRENT');
  await (isNew ? requireNoneWaits : checkDatabase)(fs, paths);
  return { isNew };
};
harden(prepareStateDirectory);
