/**
 * Group commit: turns that end while a batch is being written go into the next one together.
 *
 *   turns ──▶ open group ──flush──▶ writing group ──synced──▶ outputs released, in order
 *
 * Reads go open group → writing group → store. One batch is written at a time, so groups become durable in order, and the outputs
 * of a group never leave before those of an earlier one.
 */
import { describeError, makeError } from '../errors/gobs-error.ts';
import type { Committer } from './kernel-contract.ts';
import { compareKeys, lastKey } from './key-order.ts';
import type { Store, StoreEntry, StoreOp } from './store.ts';
import type { GroupCompanion } from './trace.ts';
import type { Output } from './turn.ts';

export type Rows = ReadonlyMap<string, string | undefined>;

interface Group {
  readonly rows: Map<string, string | undefined>;
  readonly outputs: Output[];
}

export type Pending = 'nothing' | 'writing' | 'open';

export interface GroupCommit extends Committer {
  /** Rows of one turn, and what waits for them. With no rows: waits for whatever is not durable yet, and causes no write. */
  commit(rows: Rows, outputs: readonly Output[]): void;
  /** Starts writing, if something is open and nothing is under way. */
  flush(): void;
  /** What waits for whatever is not durable yet waits for the group that is open, or else for the one that is being written. */
  pending(): Pending;
  /** Resolves when it is so. */
  idle(): Promise<void>;
}

export interface GroupCommitOptions {
  readonly store: Store;
  /** Called before the outputs of a failed group are rejected: every vat must drop what it has in memory. Must not throw. */
  readonly onFailed: (reason: Error) => void;
  /** Rows join the open group: a turn's, or the host world's. Called before anybody can read them. Must not throw. */
  readonly onRows: (rows: Rows) => void;
  /** An output that throws is a programmer's mistake; it must not keep others from leaving. */
  readonly onOutputError: (error: unknown) => void;
  /** Rows that go along with every group. */
  readonly companion?: GroupCompanion | undefined;
}

const toOp = ([key, value]: readonly [string, string | undefined]): StoreOp =>
  value === undefined ? { type: 'del', key } : { type: 'put', key, value };

const isBetween = (key: string, gt: string, lt: string): boolean =>
  compareKeys(key, gt) > 0 && compareKeys(key, lt) < 0;

export const makeGroupCommit = ({
  store,
  onFailed,
  onRows,
  onOutputError,
  companion,
}: GroupCommitOptions): GroupCommit => {
  const newGroup = (): Group => ({ rows: new Map(), outputs: [] });
  let open = newGroup();
  let writing: Group | undefined;
  let idleWaiters: (() => void)[] = [];

  const each = (outputs: readonly Output[], act: (output: Output) => void): void => {
    for (const output of outputs) {
      try {
        act(output);
      } catch (error) {
        onOutputError(error);
      }
    }
  };

  // ------------------------------------------------------------------------------------------- writing

  const done = (): void => {
    flush();
    if (writing !== undefined) return;
    const waiters = idleWaiters;
    idleWaiters = [];
    for (const wake of waiters) wake();
  };

  const succeed = ({ outputs }: Group): void => {
    writing = undefined;
    companion?.written();
    each(outputs, (output) => output.release());
    done();
  };

  /** The open group goes too: its turns saw what the failed one wrote. */
  const fail = (group: Group, cause: unknown): void => {
    const lost = [...group.outputs, ...open.outputs];
    writing = undefined;
    companion?.failed();
    open = newGroup();
    const { message: why, hint } = describeError(cause);
    const message = `the turn could not be written: ${why}`;
    const details = hint === undefined ? {} : { hint };
    onFailed(makeError('COMMIT_FAILED', message, { ...details, cause }));
    // Callers get no cause: it is the host's.
    each(lost, (output) => output.fail(makeError('COMMIT_FAILED', message, details)));
    done();
  };

  const put = (group: Group): Promise<void> => {
    try {
      for (const [key, value] of companion?.join() ?? []) group.rows.set(key, value);
    } catch (error) {
      return Promise.reject(error as Error);
    }
    return store.write([...group.rows].map(toOp));
  };

  const flush = (): void => {
    if (writing !== undefined || open.rows.size === 0) return;
    const group = open;
    writing = group;
    open = newGroup();
    put(group).then(
      () => succeed(group),
      (cause: unknown) => fail(group, cause),
    );
  };

  const commit: GroupCommit['commit'] = (rows, outputs) => {
    if (rows.size > 0) onRows(rows);
    for (const [key, value] of rows) open.rows.set(key, value);
    if (open.rows.size > 0) open.outputs.push(...outputs);
    else if (writing !== undefined) writing.outputs.push(...outputs);
    else each(outputs, (output) => output.release());
  };

  const write: GroupCommit['write'] = (ops) =>
    new Promise<void>((release, reject) => {
      commit(new Map(ops.map((op) => [op.key, op.type === 'put' ? op.value : undefined])), [{ release, fail: reject }]);
      flush();
    });

  // ------------------------------------------------------------------------------------------- reading

  const get = (key: string): string | undefined => {
    if (open.rows.has(key)) return open.rows.get(key);
    if (writing?.rows.has(key) === true) return writing.rows.get(key);
    return store.get(key);
  };

  const pendingKeys = (gt: string, lt: string): string[] =>
    [writing?.rows, open.rows].flatMap((rows) => [...(rows?.keys() ?? [])].filter((key) => isBetween(key, gt, lt)));

  /** Keys that are or were in a range, up to `end`; beyond it, if it is not `lt`, there may be more. */
  const keysBetween = async (
    gt: string,
    lt: string,
    limit: number,
  ): Promise<{ keys: string[]; end: string | null }> => {
    // What is pending now may be in the store only after the store's page was taken, and pending no more when that arrives.
    const before = pendingKeys(gt, lt);
    const stored = await store.page({ gt, lt, limit });
    const end = stored.length < limit ? null : lastKey(stored, gt);
    const keys = [...new Set([...stored.map(([key]) => key), ...before, ...pendingKeys(gt, lt)])].sort(compareKeys);
    return { keys: end === null ? keys : keys.filter((key) => compareKeys(key, end) <= 0), end };
  };

  const page: GroupCommit['page'] = async ({ gt, lt, limit }) => {
    const entries: StoreEntry[] = [];
    for (let from = gt; ;) {
      const { keys, end } = await keysBetween(from, lt, limit);
      for (const key of keys) {
        const value = get(key);
        if (value !== undefined) entries.push([key, value]);
        if (entries.length === limit) return entries;
      }
      if (end === null) return entries;
      from = end;
    }
  };

  const pending = (): Pending => {
    if (open.rows.size > 0) return 'open';
    return writing === undefined ? 'nothing' : 'writing';
  };

  const idle = (): Promise<void> =>
    new Promise((wake) => {
      flush();
      if (writing === undefined) wake();
      else idleWaiters.push(wake);
    });

  return harden({ commit, flush, get, page, write, pending, idle });
};
harden(makeGroupCommit);
