/**
 * A store that knows whose it is and how much was written to it. Two rows of its own head the store:
 *
 *   !format   {"format":1,"store":"<random id>"}    written once
 *   !state    {"epoch":7,"commits":1234}            in every batch, with the batch's own number; "restores":1 if it was restored once
 *
 * **format** says whether this program can read the rows at all. **epoch** counts openings, so that another peer sees that we
 * were restarted. **commits** counts batches: the number is in the batch itself, so it is as durable as the batch is, and a store that
 * has fewer than were acknowledged has lost some.
 *
 * Every value gets a checksum on its way in, and loses it on its way out (row-checksum.ts); one that does not fit is refused.
 */
import { makeError } from '../errors/gobs-error.ts';
import type { PageRequest, Store, StoreEntry, StoreOp, StoreSnapshot } from '../vats/store.ts';
import { requireNoneLost, type CommitWitness } from './commit-witness.ts';
import { formatHeader, type HeaderRecord } from './header-row.ts';
import { makeInOrder } from './in-order.ts';
import { parseRestored, restoredKey, type RestoredRow } from './restored-row.ts';
import { formatKey, makeRowChecksum, stateKey, type RowChecksum } from './row-checksum.ts';
import { missing, parseFormat, parseState, stateRecord, storeFormat, type StoreState } from './store-header.ts';
import { copyOps } from './store-arguments.ts';

/** Above every key that we write. */
const afterAll = '\u{10ffff}';

export interface Ledger extends Store {
  /** Random, and the same for the life of the store. */
  readonly storeId: string;
  /** Counts openings, this one included: 1 for a new store. */
  readonly epoch: number;
  /** How often it was restored from a backup; 0: never. */
  readonly restores: number;
  /** Of the last time. */
  readonly restored: RestoredRow | undefined;
  /** As `get` and `page`: throws or rejects ROW_DAMAGED for a row that is not as it was written. */
  snapshot(): StoreSnapshot;
  /** The rows as they are on disk, checksums and the store's own rows included: for a backup, which keeps a damaged row as it is. */
  snapshotOnDisk(): StoreSnapshot;
  /** Batches acknowledged since the store was made; opening it is one. */
  commits(): number;
}

/** Looks whether this program can go on with what is stored. */
export type Examine = (rows: Pick<Store, 'get' | 'page'>, storeId: string) => Promise<void>;

export interface LedgerOptions {
  /** Called once, for a new store. At most 200 characters. */
  readonly randomId: () => string;
  /** What errors call the store; its directory. */
  readonly where: string;
  /**
   * Looks at what is there before anything is written; what it rejects with keeps the store closed and as it is. The rows can be read while
   * it runs.
   */
  readonly examine?: Examine;
  /** Told of every batch, and asked at opening. The ledger closes it. Without one, a lost end of the store goes unnoticed. */
  readonly witness?: CommitWitness;
}

/** A row of our own, as it is on disk. */
const putHeader = (checksum: RowChecksum, key: string, record: HeaderRecord): StoreOp => ({
  type: 'put',
  key,
  value: formatHeader(checksum, key, record),
});

const readState = (store: Store, checksum: RowChecksum, where: string): StoreState | undefined => {
  const value = store.get(stateKey);
  return value === undefined ? undefined : parseState(where, checksum, value);
};

/** Of a store that was restored. */
const readRestored = (store: Store, checksum: RowChecksum, where: string): RestoredRow => {
  const value = store.get(restoredKey);
  if (value === undefined) throw missing(where, restoredKey);
  return parseRestored(where, checksum, value);
};

/** The id of a store that is there; undefined if there is nothing at all. */
const readFormat = async (store: Store, where: string): Promise<string | undefined> => {
  const value = store.get(formatKey);
  if (value === undefined) {
    const [first] = await store.page({ gt: '', lt: afterAll, limit: 1 });
    if (first === undefined) return undefined;
    if (store.get(stateKey) !== undefined) throw missing(where, formatKey);
    throw makeError('STORE_NOT_OURS', `${where}: holds rows, but no ${formatKey}: not a gobs store`, {
      hint: 'choose another directory with --state DIR',
    });
  }
  return parseFormat(where, value).store;
};

/** What is read of rows as they are on disk, when each has been checked. */
const checkedRows = (checksum: RowChecksum) => {
  const pageOf = async (rows: Pick<Store, 'page'>, request: PageRequest): Promise<readonly StoreEntry[]> =>
    // Pairs of texts that are frozen are hardened; harden would take longer than all the rest.
    Object.freeze(
      (await rows.page(request)).map(([key, value]) => Object.freeze([key, checksum.check(key, value)] as const)),
    );
  return {
    get: (rows: Pick<Store, 'get'>, key: string): string | undefined => {
      const value = rows.get(key);
      return value === undefined ? undefined : checksum.check(key, value);
    },
    page: pageOf,
    snapshot: (snapshot: StoreSnapshot): StoreSnapshot =>
      harden({ page: (request) => pageOf(snapshot, request), close: snapshot.close }),
  };
};

/** What `examine` sees: texts, each checked. */
const examinable = (store: Store, checksum: RowChecksum): Pick<Store, 'get' | 'page'> => {
  const { get, page } = checkedRows(checksum);
  return harden({ get: (key) => get(store, key), page: async (request) => page(store, request) });
};

const makeLedger = (
  store: Store,
  storeId: string,
  opened: StoreState,
  restored: RestoredRow | undefined,
  { where, witness }: LedgerOptions,
): Ledger => {
  const checksum = makeRowChecksum(storeId);
  const checked = checkedRows(checksum);
  const writes = makeInOrder();
  const { epoch, restores } = opened;
  let { commits } = opened;
  let closing: Promise<void> | undefined;

  const requireOpen = (): void => {
    if (closing !== undefined) throw makeError('STORE_UNUSABLE', `${where}: the store is closed`);
  };
  const closeAll = async (): Promise<void> => {
    await writes.idle();
    await store.close();
    witness?.close();
  };

  const writeOne = async (ops: readonly StoreOp[]): Promise<void> => {
    try {
      await store.write([
        ...ops,
        putHeader(checksum, stateKey, stateRecord({ epoch, commits: commits + 1, restores })),
      ]);
    } catch (error) {
      // It may be written all the same: go on from what the store says, if it still says anything.
      try {
        commits = readState(store, checksum, where)?.commits ?? commits;
      } catch {}
      throw error;
    }
    commits += 1;
    witness?.note(commits);
  };

  return harden({
    storeId,
    epoch,
    restores,
    restored,
    commits: () => commits,
    get(key) {
      requireOpen();
      return checked.get(store, key);
    },
    async page(request) {
      requireOpen();
      return checked.page(store, request);
    },
    snapshot() {
      requireOpen();
      return checked.snapshot(store.snapshot());
    },
    snapshotOnDisk() {
      requireOpen();
      return store.snapshot();
    },
    async write(ops) {
      requireOpen();
      const copy = copyOps(ops).map((op) =>
        op.type === 'put' ? { ...op, value: checksum.add(op.key, op.value) } : op,
      );
      const own = copy.find((op) => op.key.startsWith('!'));
      if (own !== undefined) throw new TypeError(`key ${JSON.stringify(own.key)} - keys with "!" are the store's own`);
      return writes.run(() => (copy.length === 0 ? undefined : writeOne(copy)));
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
  });
};

/**
 * Opens the ledger of a store, or begins one in an empty store. Called once for a store, by an entry point; closing the ledger
 * closes the store. When it resolves the new epoch is synced. Rejects NEWER_FORMAT, STORE_NOT_OURS, STORE_DAMAGED, or as
 * `examine` and `write` do; then it has written nothing, and store and witness are still the caller's.
 */
export const openLedger = async (store: Store, options: LedgerOptions): Promise<Ledger> => {
  const { randomId, where, witness } = options;
  const known = await readFormat(store, where);
  const storeId = known ?? randomId();
  const checksum = makeRowChecksum(storeId);
  const before = known === undefined ? { epoch: 0, commits: 0, restores: 0 } : readState(store, checksum, where);
  if (before === undefined) throw missing(where, stateKey);
  if (witness !== undefined) requireNoneLost(where, before.commits, witness);

  await options.examine?.(examinable(store, checksum), storeId);
  const restored = before.restores === 0 ? undefined : readRestored(store, checksum, where);

  const state = { ...before, epoch: before.epoch + 1, commits: before.commits + 1 };
  const header = (key: string, record: HeaderRecord) => putHeader(checksum, key, record);
  const format = known === undefined ? [header(formatKey, { format: storeFormat, store: storeId })] : [];
  await store.write([...format, header(stateKey, stateRecord(state))]);
  witness?.note(state.commits);
  return makeLedger(store, storeId, state, restored, options);
};
harden(openLedger);
