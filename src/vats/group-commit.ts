/**
 * Group commit: turns that end while a batch is being written go into the next one together.
 *
 *   turns ──▶ open group ──flush──▶ writing group ──synced──▶ outputs released, in order
 *
 * Reads go open group → writing group → store. One batch is written at a time, so groups become durable in order, and the outputs
 * of a group never leave before those of an earlier one.
 */
import { makeError } from '../errors/gobs-error.ts';
import type { Committer } from './kernel-contract.ts';
import type { Store, StoreOp } from './store.ts';
import type { Output } from './turn.ts';

interface Group {
  readonly rows: Map<string, string | undefined>;
  readonly outputs: Output[];
}

export interface GroupCommit extends Committer {
  /** Rows of one turn, and what waits for them. With no rows: waits for whatever is not durable yet, and causes no write. */
  commit(rows: ReadonlyMap<string, string | undefined>, outputs: readonly Output[]): void;
  /** Starts writing, if something is open and nothing is under way. */
  flush(): void;
  /** Keys of a range that are in groups not yet written, also those that go away there. */
  pendingKeys(gt: string, lt: string): string[];
  /** Resolves when nothing is open or being written. */
  idle(): Promise<void>;
}

export interface GroupCommitOptions {
  readonly store: Store;
  /** Called before the outputs of a failed group are rejected: every vat must drop what it has in memory. */
  readonly onFailed: (reason: Error) => void;
  /** An output that throws is a programmer's mistake; it must not keep others from leaving. */
  readonly onOutputError: (error: unknown) => void;
}

const toOp = ([key, value]: readonly [string, string | undefined]): StoreOp =>
  value === undefined ? { type: 'del', key } : { type: 'put', key, value };

export const makeGroupCommit = ({ store, onFailed, onOutputError }: GroupCommitOptions): GroupCommit => {
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

  const done = (): void => {
    writing = undefined;
    flush();
    if (writing !== undefined) return;
    const waiters = idleWaiters;
    idleWaiters = [];
    for (const wake of waiters) wake();
  };

  const fail = (group: Group, cause: unknown): void => {
    const lost = [group, open];
    writing = undefined;
    open = newGroup();
    const error = makeError('COMMIT_FAILED', `the turn could not be written: ${(cause as Error).message}`, { cause });
    onFailed(error);
    for (const { outputs } of lost) each(outputs, (output) => output.fail(error));
    done();
  };

  const flush = (): void => {
    if (writing !== undefined || (open.rows.size === 0 && open.outputs.length === 0)) return;
    const group = open;
    writing = group;
    open = newGroup();
    store.write([...group.rows].map(toOp)).then(
      () => {
        writing = undefined;
        each(group.outputs, (output) => output.release());
        done();
      },
      (cause: unknown) => fail(group, cause),
    );
  };

  const commit: GroupCommit['commit'] = (rows, outputs) => {
    if (rows.size > 0) {
      for (const [key, value] of rows) open.rows.set(key, value);
      open.outputs.push(...outputs);
    } else if (open.rows.size > 0) {
      open.outputs.push(...outputs);
    } else if (writing !== undefined) {
      writing.outputs.push(...outputs);
    } else {
      each(outputs, (output) => output.release());
    }
  };

  const pendingValue = (key: string): { value: string | undefined } | undefined => {
    if (open.rows.has(key)) return { value: open.rows.get(key) };
    if (writing?.rows.has(key) === true) return { value: writing.rows.get(key) };
    return undefined;
  };

  return harden({
    commit,
    flush,
    get: (key: string) => {
      const pending = pendingValue(key);
      return pending === undefined ? store.get(key) : pending.value;
    },
    page: (request) => store.page(request),
    pendingKeys: (gt: string, lt: string) => {
      const keys = new Set<string>();
      for (const rows of [writing?.rows, open.rows]) {
        for (const key of rows?.keys() ?? []) if (key > gt && key < lt) keys.add(key);
      }
      return [...keys];
    },
    write: (ops) =>
      new Promise<void>((release, fail) => {
        const rows = new Map(ops.map((op) => [op.key, op.type === 'put' ? op.value : undefined]));
        commit(rows, [{ release, fail }]);
        flush();
      }),
    idle: () =>
      new Promise<void>((wake) => {
        flush();
        if (writing === undefined) wake();
        else idleWaiters.push(wake);
      }),
  });
};
