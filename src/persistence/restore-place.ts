/**
 * Where a store is restored, and how it gets into its place. Whoever is killed anywhere leaves the old store or the new one, whole, and the next try works:
 *
 *   DIR/restoring/guard/            held by this process: one restore at a time
 *   DIR/restoring/held/store/LOCK   the lock of the old store, by another name (a hard link), held by this process: nobody opens the old store
 *                                   meanwhile, and nothing in it is touched, so one that is damaged can be looked into later
 *   DIR/restoring/new/store/        the new one, while it is made
 *
 *   1.  restoring/new/store ──▶ store.restored           whole and synced
 *   2.  commits, store      ──▶ replaced-<time>/         the old one, if there is one
 *   3.  store.restored      ──▶ store
 *
 * Between 2 and 3 there is no `store/`, or nothing in it; who opens the directory then does 3 (`finishRestore`). Before 2 the old store is in its place.
 */
import { join } from 'node:path';
import { codeOf, makeError } from '../errors/gobs-error.ts';
import type { Store } from '../vats/store.ts';
import { inUse } from './holder.ts';
import { openLevelStore, type LevelStoreOptions } from './level-store.ts';
import { finishRestore, namesIn, requireOwn, statePaths, type StatePaths } from './state-directory.ts';
import { storeFailure } from './store-failure.ts';
import { syncPath } from './sync-directory.ts';

export type RestorePlaceOptions = Omit<LevelStoreOptions, 'makeDirectory'>;

export interface RestorePlace {
  /** What was there: a store, or what a restore that was killed has left, or neither. */
  readonly found: 'store' | 'unfinished' | 'nothing';
  /** An empty store, to be filled and closed before `commit`. */
  begin(): Promise<Store>;
  /** Puts it in its place. Where the old store is now; null if there was none. Rejects STORE_EXISTS if somebody has made one meanwhile. */
  commit(): Promise<string | null>;
  /** Gives everything back, and removes what is half-made. Idempotent. */
  close(): Promise<void>;
}

type Fs = LevelStoreOptions['fs'];

const isMissing = (error: unknown): boolean => (error as { code?: unknown }).code === 'ENOENT';

/** A directory is renamed onto an empty one only. */
const isTaken = (error: unknown): boolean =>
  ['EEXIST', 'ENOTEMPTY'].includes(String((error as { code?: unknown }).code));

/** Is there anything where the store would be? */
export const hasStore = async (fs: Fs, directory: string): Promise<boolean> =>
  (await namesIn(fs, statePaths(directory).database)).length > 0;
harden(hasStore);

const sync = (fs: Fs, path: string): Promise<void> => syncPath(fs.promises, path);

/** Throws STORE_IN_USE, saying who has it. Holds it from then on, until the result is closed. */
const holdOld = async (options: RestorePlaceOptions, { restoring, database }: StatePaths): Promise<Store> => {
  const { fs, directory, inUseHint = `stop it with: gobs down --state ${directory}` } = options;
  const held = statePaths(join(restoring, 'held'));
  try {
    await fs.promises.mkdir(held.database, { recursive: true, mode: 0o700 });
    // LevelDB takes the one that is there, or would make one.
    await (await fs.promises.open(join(database, 'LOCK'), 'a', 0o600)).close();
    await fs.promises.link(join(database, 'LOCK'), join(held.database, 'LOCK'));
  } catch (error) {
    throw storeFailure(database, error);
  }
  try {
    return await openLevelStore({ ...options, directory: held.directory });
  } catch (error) {
    if (codeOf(error) !== 'STORE_IN_USE') throw error;
    throw await inUse(options, statePaths(directory), inUseHint);
  }
};

/** `20261120T083000Z` */
const stampOf = (now: number): string => new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');

const unusedName = async (fs: Fs, base: string): Promise<string> => {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? base : `${base}-${number}`;
    try {
      await fs.promises.mkdir(name, { mode: 0o700 });
      return name;
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'EEXIST') throw error;
    }
  }
};

/** The count of acknowledged batches is the old store's. It goes first: a store without it is whole, the new one with it would lack some. */
const moveAside = async (fs: Fs, { directory, database, commits }: StatePaths, now: number): Promise<string> => {
  const aside = statePaths(await unusedName(fs, join(directory, `replaced-${stampOf(now)}`)));
  await fs.promises.rename(commits, aside.commits).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
  await sync(fs, aside.directory);
  await sync(fs, directory);
  await fs.promises.rename(database, aside.database);
  await sync(fs, aside.directory);
  await sync(fs, directory);
  return aside.directory;
};

const syncAll = async (fs: Fs, directory: string): Promise<void> => {
  for (const name of await fs.promises.readdir(directory)) await sync(fs, join(directory, name));
  await sync(fs, directory);
};

/** STORE_EXISTS. */
export const storeExists = (directory: string): Error =>
  makeError('STORE_EXISTS', `${directory}: there is a store already, and it is left as it is`, {
    hint: '--replace moves it aside, or choose another directory with --state DIR',
  });
harden(storeExists);

/** From the first rename on, whoever opens the directory and finds no store in it does the last one. */
const putInPlace = async (fs: Fs, paths: StatePaths, isHeld: boolean, now: number): Promise<string | null> => {
  const { directory, restoring, database, restored, commits } = paths;
  const building = statePaths(join(restoring, 'new')).database;
  await syncAll(fs, building);
  // Left by a restore that was killed, and not needed, for there is a store.
  await fs.promises.rm(restored, { recursive: true, force: true });
  // Of a store that was lost; the new one has fewer.
  if (!isHeld) await fs.promises.rm(commits, { force: true });
  await fs.promises.rename(building, restored);
  await sync(fs, directory);
  let aside: string | null = null;
  try {
    if (isHeld) aside = await moveAside(fs, paths, now);
    await fs.promises.rename(restored, database);
  } catch (error) {
    // With no store there, and ours gone, a process that was started just now has put it in its place.
    if (isMissing(error) && (await hasStore(fs, directory))) return aside;
    if (await hasStore(fs, directory)) await fs.promises.rm(restored, { recursive: true, force: true });
    throw isTaken(error) ? storeExists(directory) : error;
  }
  await sync(fs, directory);
  return aside;
};

/** Before anything is made in a directory: what somebody else has put there may be a link that leads elsewhere. */
const requireOwnIfThere = async (fs: Fs, directory: string, uid: number | undefined): Promise<void> => {
  if (uid === undefined) return;
  try {
    await fs.promises.stat(directory);
  } catch (error) {
    if (isMissing(error)) return;
    throw storeFailure(directory, error);
  }
  await requireOwn(fs, directory, uid);
};

/** Rejects STORE_IN_USE, STORE_UNUSABLE; then nothing is held. `directory` is made if it is missing. */
export const openRestorePlace = async (options: RestorePlaceOptions): Promise<RestorePlace> => {
  const { fs, directory, now, uid } = options;
  const paths = statePaths(directory);
  const { restoring } = paths;
  const building = statePaths(join(restoring, 'new')).directory;
  let old: Store | undefined;
  let closing: Promise<void> | undefined;

  const attempt = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw codeOf(error) === 'UNEXPECTED' ? storeFailure(directory, error) : error;
    }
  };
  const inUseHint = 'another restore is at work there; wait until it has ended';
  await requireOwnIfThere(fs, directory, uid);
  const guard = await openLevelStore({ ...options, directory: join(restoring, 'guard'), inUseHint });
  const closeAll = async (): Promise<void> => {
    await old?.close();
    // As long as it is guarded: a restore that comes next has its own.
    await fs.promises.rm(restoring, { recursive: true, force: true });
    await guard.close();
  };
  const look = async (): Promise<RestorePlace['found']> => {
    if (uid !== undefined) await requireOwn(fs, directory, uid);
    for (const name of ['new', 'held']) await fs.promises.rm(join(restoring, name), { recursive: true, force: true });
    const isThere = await hasStore(fs, directory);
    if (!isThere) await finishRestore(fs, paths);
    if (!(await hasStore(fs, directory))) return 'nothing';
    old = await holdOld(options, paths);
    return isThere ? 'store' : 'unfinished';
  };

  try {
    const found = await attempt(look);
    return harden({
      found,
      begin: () => openLevelStore({ ...options, directory: building }),
      commit: () => attempt(() => putInPlace(fs, paths, old !== undefined, now())),
      close: () => (closing ??= closeAll()),
    } satisfies RestorePlace);
  } catch (error) {
    await closeAll();
    throw error;
  }
};
harden(openRestorePlace);
