/**
 * A store that knows whose it is and how much was written to it. Two rows of its own head the store:
 *
 *   !format   {"format":1,"store":"<random id>"}    written once
 *   !state    {"epoch":7,"commits":1234}            in every batch, with the batch's own number
 *
 * **format** says whether this program can read the rows at all. **epoch** counts openings, so that another peer sees that we
 * were restarted. **commits** counts batches: the number is in the batch itself, so it is as durable as the batch is, and a store that
 * has fewer than were acknowledged has lost some.
 */
import { makeError } from '../errors/gobs-error.ts';
import type { Store, StoreOp } from '../vats/store.ts';
import type { CommitWitness } from './commit-witness.ts';
import { countIn, formatHeader, parseHeader } from './header-row.ts';
import { makeInOrder } from './in-order.ts';
import { copyOps } from './store-arguments.ts';

/** What this program writes, and the newest that it reads. */
const storeFormat = 1;

const formatKey = '!format';
const stateKey = '!state';

/** Above every key that we write. */
const afterAll = '\u{10ffff}';

export interface Ledger extends Store {
  /** Random, and the same for the life of the store. */
  readonly storeId: string;
  /** Counts openings, this one included: 1 for a new store. */
  readonly epoch: number;
  /** Batches acknowledged since the store was made; opening it is one. */
  commits(): number;
}

export interface LedgerOptions {
  /** Called once, for a new store. At most 200 characters. */
  readonly randomId: () => string;
  /** What errors call the store; its directory. */
  readonly where: string;
  /** Told of every batch, and asked at opening. The ledger closes it. Without one, a lost end of the store goes unnoticed. */
  readonly witness?: CommitWitness;
}

interface State {
  readonly epoch: number;
  readonly commits: number;
}

const put = (key: string, record: Readonly<Record<string, string | number>>): StoreOp => ({
  type: 'put',
  key,
  value: formatHeader(key, record),
});

const readState = (store: Store, where: string): State | undefined => {
  const text = store.get(stateKey);
  if (text === undefined) return undefined;
  const record = parseHeader(where, stateKey, text);
  return {
    epoch: countIn(where, stateKey, record, 'epoch', 1),
    commits: countIn(where, stateKey, record, 'commits', 1),
  };
};

/** The id of a store that is there; undefined if there is nothing at all. */
const readFormat = async (store: Store, where: string): Promise<string | undefined> => {
  const text = store.get(formatKey);
  if (text === undefined) {
    const [first] = await store.page({ gt: '', lt: afterAll, limit: 1 });
    if (first === undefined) return undefined;
    if (store.get(stateKey) !== undefined) throw missing(where, formatKey);
    throw makeError('STORE_NOT_OURS', `${where}: holds rows, but no ${formatKey}: not a gobs store`, {
      hint: 'choose another directory with --state DIR',
    });
  }
  const record = parseHeader(where, formatKey, text);
  const format = countIn(where, formatKey, record, 'format', 1);
  if (format > storeFormat) {
    throw makeError('NEWER_FORMAT', `${where}: the store has format ${format}, this gobs knows ${storeFormat}`, {
      hint: 'use the gobs that wrote it, or a newer one; nothing was changed',
    });
  }
  if (typeof record['store'] !== 'string') throw missing(where, `${formatKey}: store`);
  return record['store'];
};

const missing = (where: string, what: string): Error =>
  makeError('STORE_DAMAGED', `${where}: ${what} is missing`, { hint: 'nothing was changed; restore a backup' });

const requireNoneLost = (where: string, commits: number, witness: CommitWitness | undefined): void => {
  if (witness === undefined || witness.seen <= commits) return;
  throw makeError(
    'STORE_DAMAGED',
    `${where}: ${witness.seen} commits were acknowledged, ${commits} are there: the last ${witness.seen - commits} are lost`,
    { hint: `restore a backup, or remove ${witness.where} to go on with what is left` },
  );
};

const makeLedger = (store: Store, storeId: string, opened: State, { where, witness }: LedgerOptions): Ledger => {
  const writes = makeInOrder();
  const { epoch } = opened;
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
      await store.write([...ops, put(stateKey, { epoch, commits: commits + 1 })]);
    } catch (error) {
      // It may be written all the same: go on from what the store says, if it still says anything.
      try {
        commits = readState(store, where)?.commits ?? commits;
      } catch {}
      throw error;
    }
    commits += 1;
    witness?.note(commits);
  };

  return harden({
    storeId,
    epoch,
    commits: () => commits,
    get(key) {
      requireOpen();
      return store.get(key);
    },
    async page(request) {
      requireOpen();
      return store.page(request);
    },
    snapshot() {
      requireOpen();
      return store.snapshot();
    },
    async write(ops) {
      requireOpen();
      const copy = copyOps(ops);
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
 * `write` does; then it has written nothing, and store and witness are still the caller's.
 */
export const openLedger = async (store: Store, options: LedgerOptions): Promise<Ledger> => {
  const { randomId, where, witness } = options;
  const known = await readFormat(store, where);
  const before = known === undefined ? { epoch: 0, commits: 0 } : readState(store, where);
  if (before === undefined) throw missing(where, stateKey);
  requireNoneLost(where, before.commits, witness);

  const storeId = known ?? randomId();
  const state = { epoch: before.epoch + 1, commits: before.commits + 1 };
  const format = known === undefined ? [put(formatKey, { format: storeFormat, store: storeId })] : [];
  await store.write([...format, put(stateKey, { ...state })]);
  witness?.note(state.commits);
  return makeLedger(store, storeId, state, options);
};
harden(openLedger);
