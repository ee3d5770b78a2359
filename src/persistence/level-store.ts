/**
 * The Store port on LevelDB, by the package `level`, which on Node is `classic-level`. Three things are done here that LevelDB or its binding leave to
 * their callers:
 *
 * - **Order.** Two batches under way at once run on two threads in any order, so each waits for the one before.
 * - **After a failed write no other is tried** until LevelDB was opened anew. It does not know how much of the failed batch is in
 *   its log, so what is written after it may be unreadable, acknowledged or not. Reads go on, from what was acknowledged. The next
 *   write looks whether the medium takes bytes again; if so it opens LevelDB anew, and is refused once more, because the failed batch
 *   may have turned out to be there: whoever wrote must look again, as after every refused write.
 * - **After each batch it is asked whether the files are still there.** LevelDB goes on writing to files that were moved away or removed, and says
 *   that all is well. CURRENT is replaced by each opening and by nothing else, so its inode tells (1.5 µs).
 * - **Keys are handed over as bytes when reading one.** `getSync` of a string (3.0.0) writes it to a shared buffer, and cuts it short without
 *   a word if the last character that fits leaves a byte or two free: it then answers for another key.
 */
import { Buffer } from 'node:buffer';
import { join } from 'node:path';
import type { ClassicLevel } from 'classic-level';
import type { Level as AnyLevel } from 'level';
import { makeError } from '../errors/gobs-error.ts';
import type { PageRequest, Store, StoreEntry, StoreOp, StoreSnapshot } from '../vats/store.ts';
import { inUse, removeHolder, writeHolder, type HolderPowers } from './holder.ts';
import { makeInOrder } from './in-order.ts';
import { prepareStateDirectory, statePaths } from './state-directory.ts';
import { copyOps, requireKey, requirePageRequest } from './store-arguments.ts';
import { rootOf, storeFailure } from './store-failure.ts';
import { syncDirectory } from './sync-directory.ts';

export interface LevelStoreOptions extends HolderPowers {
  /** `Level` of the package `level`. */
  readonly Level: typeof AnyLevel;
  /** The state directory; see state-directory.ts for what goes where. */
  readonly directory: string;
  /** False: the state directory must be there already, or STORE_UNUSABLE. By default it is made, with its parents. */
  readonly makeDirectory?: boolean;
  /** Of this process. With it, the directory must be this user's, and for nobody else to write, or STORE_UNUSABLE. */
  readonly uid?: number;
  /** What to do about STORE_IN_USE. */
  readonly inUseHint?: string;
}

type Database = ClassicLevel<string, string>;

const pageBytes = 1 << 20;
/** LevelDB's own tables are about two MiB. */
const probeBytes = 4 << 20;
const readOptions = { keyEncoding: 'buffer', valueEncoding: 'utf8' } as const;

/** LevelDB also says `lock` when the file system has no locks; that is not somebody holding it. */
const isHeld = (error: unknown): boolean => {
  const { code, message } = rootOf(error);
  return (
    code === 'LEVEL_LOCKED' &&
    /(already held by process|Resource temporarily unavailable|Permission denied)$/.test(message)
  );
};

type LevelSnapshot = ReturnType<Database['snapshot']>;

/** As of the snapshot, or else of now. */
const readPage = async (
  db: Database,
  { gt, lt, limit, bytes }: PageRequest,
  snapshot?: LevelSnapshot,
): Promise<readonly StoreEntry[]> => {
  const highWaterMarkBytes = bytes ?? pageBytes;
  const iterator = db.iterator({ gt, lt, limit, highWaterMarkBytes, ...(snapshot && { snapshot }) });
  const entries: StoreEntry[] = [];
  try {
    // The iterator sees the database as it was when it was made; a call gives less than asked for once it has so many bytes.
    while (entries.length < limit) {
      const more = await iterator.nextv(limit - entries.length);
      if (more.length === 0) break;
      for (const entry of more) entries.push(Object.freeze(entry));
      if (bytes !== undefined) break;
    }
    // Pairs of texts that are frozen are hardened; harden would take as long again as the reading.
    return Object.freeze(entries);
  } finally {
    await iterator.close();
  }
};

/** LevelDB gives up its snapshots when it is closed, or opened anew: pages of one fail from then on. */
const snapshotOf = (db: Database, directory: string): StoreSnapshot => {
  const snapshot = db.snapshot();
  return harden({
    page: async (request) => {
      requirePageRequest(request);
      try {
        return await readPage(db, request, snapshot);
      } catch (error) {
        throw storeFailure(directory, error);
      }
    },
    close: () => snapshot.close(),
  });
};

/** Throws what the file system throws. Enough bytes for LevelDB to begin a log and a table. */
const tryMedium = async (fs: LevelStoreOptions['fs'], directory: string): Promise<void> => {
  const probe = `${directory}/probe`;
  const file = await fs.promises.open(probe, 'w', 0o600);
  try {
    await file.writeFile(Buffer.alloc(probeBytes, 1));
    await file.sync();
  } finally {
    await file.close();
    await fs.promises.rm(probe, { force: true });
  }
};

/** Which file is CURRENT now; undefined if there is none. */
const currentFile = ({ statSync }: LevelStoreOptions['fs'], database: string): string | undefined => {
  const found = statSync(join(database, 'CURRENT'), { throwIfNoEntry: false });
  return found === undefined ? undefined : `${found.dev} ${found.ino}`;
};

const notThere = (directory: string, found: string | undefined): Error =>
  makeError(
    'STORE_UNUSABLE',
    found === undefined
      ? `${directory}: the store is not there any more: it was moved away or removed`
      : `${directory}: another store is there than the one that was opened`,
    { hint: 'put it back where it was, and it goes on; if it is gone, stop this process and restore a backup' },
  );

/** After LevelDB was opened: it does not make durable which of its files count from then on. */
const syncNames = async (fs: LevelStoreOptions['fs'], directory: string): Promise<void> => {
  await syncDirectory(fs, statePaths(directory).database);
  await syncDirectory(fs, directory);
};

/** `release` is called once, just before the database is closed. */
const makeLevelStore = (
  db: Database,
  { fs, directory }: Pick<LevelStoreOptions, 'fs' | 'directory'>,
  release: () => Promise<void>,
): Store => {
  const writes = makeInOrder();
  const { database } = statePaths(directory);
  let opened = currentFile(fs, database);
  let failedWrite: Error | undefined;
  let closing: Promise<void> | undefined;

  const requireOpen = (): void => {
    if (closing !== undefined) throw makeError('STORE_UNUSABLE', `${directory}: the store is closed`);
  };
  const requireThere = (): void => {
    const found = currentFile(fs, database);
    if (found === undefined || found !== opened) throw notThere(directory, found);
  };
  /** Throws why it cannot be done yet. */
  const openAnew = async (): Promise<void> => {
    requireThere();
    try {
      await tryMedium(fs, directory);
      await db.close();
      // What has gone since is not to be made again, empty.
      await db.open({ createIfMissing: false });
      await syncNames(fs, directory);
    } catch (error) {
      throw storeFailure(directory, error);
    }
    opened = currentFile(fs, database);
    failedWrite = undefined;
  };
  const writeOne = async (ops: StoreOp[]): Promise<void> => {
    if (failedWrite !== undefined) {
      await openAnew();
      throw makeError('STORE_UNUSABLE', `${directory}: the store was opened anew after a write that failed`, {
        hint: 'try again: every acknowledged change is there',
      });
    }
    try {
      await db.batch(ops, { sync: true }).catch((error: unknown) => {
        throw storeFailure(directory, error);
      });
      requireThere();
    } catch (error) {
      failedWrite = error as Error;
      throw failedWrite;
    }
  };
  const closeAll = async (): Promise<void> => {
    await writes.idle();
    await release();
    await db.close();
  };

  return harden({
    get(key) {
      requireOpen();
      requireKey(key);
      try {
        return db.getSync<Buffer, string>(Buffer.from(key), readOptions);
      } catch (error) {
        throw storeFailure(directory, error);
      }
    },
    async page(request) {
      requireOpen();
      requirePageRequest(request);
      try {
        return await readPage(db, request);
      } catch (error) {
        throw storeFailure(directory, error);
      }
    },
    snapshot() {
      requireOpen();
      try {
        return snapshotOf(db, directory);
      } catch (error) {
        throw storeFailure(directory, error);
      }
    },
    async write(ops) {
      requireOpen();
      const copy = copyOps(ops);
      return writes.run(() => writeOne(copy));
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
  });
};

/**
 * Opens the store of a state directory, making what is missing. Called once, by an entry point, which owns the store and must close it.
 * Rejects STORE_IN_USE, STORE_UNUSABLE, STORE_NOT_OURS or STORE_DAMAGED; then nothing is held.
 */
export const openLevelStore = async (options: LevelStoreOptions): Promise<Store> => {
  const { Level, fs, directory, makeDirectory = true, uid } = options;
  const { inUseHint = `stop it with: gobs down --state ${directory}` } = options;
  const paths = statePaths(directory);
  const { isNew } = await prepareStateDirectory(fs, paths, makeDirectory, uid);
  // What was there and has gone since (somebody removes the directory) is not to be made again, empty.
  // The types of `level` are those of its browser half too, and leave out what only this one has: reading bytes, and syncing.
  const db = new Level(paths.database, { createIfMissing: isNew }) as unknown as Database;
  try {
    await db.open();
  } catch (error) {
    throw isHeld(error) ? await inUse(options, paths, inUseHint) : storeFailure(paths.database, error);
  }
  try {
    await writeHolder(options, paths.holder);
    await syncNames(fs, directory).catch((error: unknown) => {
      throw storeFailure(directory, error);
    });
  } catch (error) {
    await db.close();
    throw error;
  }
  return makeLevelStore(db, options, () => removeHolder(options, paths.holder));
};
harden(openLevelStore);
