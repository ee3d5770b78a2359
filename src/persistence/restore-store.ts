/**
 * A store from a backup. The backup is read three times: it is looked at (`check`), what has to be known before is gathered, and it is written; so nothing is
 * made of one that is not whole, not of this gobs, or sealed with a key that is not at hand.
 *
 * Every row is written as it is, but those of the store itself: `!state` says that it was restored once more, and `!restored` of what, and
 * where numbers go on (numbers-after.ts). The epoch is the backup's, so that peers which saw the lost store see that this one is older.
 */
import { makeError } from '../errors/gobs-error.ts';
import type { Store, StoreEntry, StoreOp } from '../vats/store.ts';
import type { BackupFileSource } from './archive-file.ts';
import { formatBackupHeader, type BackupTrailer } from './archive-format.ts';
import { formatHeader } from './header-row.ts';
import { makeMemoryStore } from './memory-store.ts';
import { isPeerCounter, numbersAfter, watchNumbers } from './numbers-after.ts';
import {
  hasStore,
  openRestorePlace,
  storeExists,
  type RestorePlace,
  type RestorePlaceOptions,
} from './restore-place.ts';
import { parseRestored, restoredKey, restoredRecord, type RestoredRow } from './restored-row.ts';
import { makeRowChecksum, stateKey, type RowChecksum } from './row-checksum.ts';
import { parseState, stateRecord, type StoreState } from './store-header.ts';

export interface RestoreOptions extends RestorePlaceOptions {
  /** Of a backup file. The caller's, who closes it. */
  readonly backup: Pick<BackupFileSource, 'where' | 'pages' | 'header' | 'backup'>;
  /** Is the backup whole? Rejects if not. */
  readonly check: () => Promise<void>;
  /**
   * Can what is in it be used here? Called with what says so: `k/…`, and of each vat the header and its kinds; `trailer` is the last line of the file that
   * they were read from. Rejects if not.
   */
  readonly examine: (rows: Pick<Store, 'get' | 'page'>, trailer: BackupTrailer) => Promise<void>;
  /** A store that is there is moved aside. Otherwise it is STORE_EXISTS. */
  readonly replace: boolean;
  /** Called with how many rows were written. */
  readonly onProgress?: (rows: number) => void;
}

export interface Restored {
  /** ISO 8601. */
  readonly taken: string;
  readonly rows: number;
  /** How often this store has been restored by now. */
  readonly restores: number;
  /** Where the store that was there is now. */
  readonly replaced: string | null;
}

/** What must be known before the first row is written. */
interface Survey {
  readonly state: StoreState;
  readonly restored: RestoredRow;
  readonly few: readonly StoreEntry[];
  readonly trailer: BackupTrailer;
}

const examined = /^(?:k\/|v\/[^/]+\/[!k]$)/;

const changed = (where: string): Error =>
  makeError('BACKUP_DAMAGED', `${where}: it was changed while it was read`, { hint: 'try again; nothing was changed' });

/** What was read is whole, or the pages had not ended well. */
const trailerOf = ({ where, backup }: RestoreOptions['backup']): BackupTrailer => {
  const trailer = backup.trailer();
  if (trailer === undefined) throw makeError('BACKUP_DAMAGED', `${where}: has no end`);
  return trailer;
};

/** It is known from before the rows were. */
const requireSameHeader = ({ where, header, backup }: RestoreOptions['backup']): void => {
  const there = backup.header();
  if (there === undefined || formatBackupHeader(there) !== formatBackupHeader(header)) throw changed(where);
};

const survey = async ({ backup, now }: RestoreOptions, checksum: RowChecksum): Promise<Survey> => {
  const { where, header } = backup;
  const few: StoreEntry[] = [];
  let state = { epoch: header.epoch, commits: header.commits, restores: 0 };
  let before: RestoredRow | undefined;
  const counters: StoreEntry[] = [];
  for await (const page of backup.pages()) {
    for (const row of page) {
      const [key, value] = row;
      if (key === restoredKey) before = parseRestored(where, checksum, value);
      if (key === stateKey) state = { ...state, restores: parseState(where, checksum, value).restores };
      if (examined.test(key)) few.push([key, checksum.check(key, value)]);
      else if (isPeerCounter(key)) counters.push([key, checksum.check(key, value)]);
    }
  }
  requireSameHeader(backup);
  const watch = watchNumbers(before);
  [...few, ...counters].forEach(watch.see);
  const at = now();
  const taken = Date.parse(header.taken);
  return {
    state: { ...state, restores: state.restores + 1 },
    restored: { at, taken: taken >= 0 ? taken : 0, epoch: header.epoch, ...numbersAfter(at, watch.highest()) },
    few,
    trailer: trailerOf(backup),
  };
};

const batchBytes = 1 << 20;
const own = new Set([stateKey, restoredKey]);

const fill = async (
  store: Store,
  { backup, onProgress = () => {} }: RestoreOptions,
  checksum: RowChecksum,
  { state, restored, trailer }: Survey,
): Promise<void> => {
  let ops: StoreOp[] = [];
  let [rows, bytes] = [0, 0];
  const flush = async (): Promise<void> => {
    await store.write(ops);
    ops = [];
    bytes = 0;
    onProgress(rows);
  };
  for await (const page of backup.pages()) {
    for (const [key, value] of page) {
      rows += 1;
      if (!own.has(key)) ops.push({ type: 'put', key, value });
      bytes += key.length + value.length;
      if (bytes >= batchBytes) await flush();
    }
  }
  // The digest of every byte, which is also what was signed.
  if (trailerOf(backup).sha256 !== trailer.sha256) throw changed(backup.where);
  ops.push(
    { type: 'put', key: stateKey, value: formatHeader(checksum, stateKey, stateRecord(state)) },
    { type: 'put', key: restoredKey, value: formatHeader(checksum, restoredKey, restoredRecord(restored)) },
  );
  await flush();
};

const build = async (place: RestorePlace, work: (store: Store) => Promise<void>): Promise<string | null> => {
  const store = await place.begin();
  await work(store).finally(() => store.close());
  return place.commit();
};

/**
 * Called once, by an entry point. Rejects STORE_EXISTS, STORE_IN_USE, STORE_UNUSABLE, BACKUP_DAMAGED, or as `check`, `examine` and the backup do; then what
 * was there before is in its place, and nothing else is left.
 */
export const restoreStore = async (options: RestoreOptions): Promise<Restored> => {
  const { fs, directory, backup, check, examine, replace } = options;
  const isThere = await hasStore(fs, directory);
  if (isThere && !replace) throw storeExists(directory);
  // Who has the store is said before a large file is read; where there is none, nothing is made before that.
  let place = isThere ? await openRestorePlace(options) : undefined;
  try {
    await check();
    const { header } = backup;
    const checksum = makeRowChecksum(header.store);
    const known = await survey(options, checksum);
    await examine(makeMemoryStore(known.few), known.trailer);
    place ??= await openRestorePlace(options);
    if (place.found === 'store' && !replace) throw storeExists(directory);
    const replaced = await build(place, (store) => fill(store, options, checksum, known));
    const { trailer, state } = known;
    return harden({ taken: header.taken, rows: trailer.rows, restores: state.restores, replaced });
  } finally {
    await place?.close();
  }
};
harden(restoreStore);
