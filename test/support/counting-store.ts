/**
 * A store around another that tells of each write, before it is made and after it is durable, and that can die as by `kill -9`.
 * For ending a process at every one of its steps: a recorded run says how many there are (`steps.length`), then one run for
 * each is ended there. A run that meets none has not tested anything, so check that `crashed` resolved.
 *
 * In a process of its own:
 *
 *     const { store } = countingStore(real, ({ number }) => {
 *       if (number === at) process.kill(process.pid, 'SIGKILL');
 *     });
 *
 * In the test's process, where what was alive goes on but cannot do anything any more:
 *
 *     const counting = countingStore(memory, ({ number }) => {
 *       if (number === at) counting.crash();
 *     });
 *     …                                                  // run something on counting.store
 *     await counting.crashed;
 *     const next = makeMemoryStore(memory.entries());    // what the next life finds
 */
import type { Store, StoreOp } from '../../src/vats/store.ts';

/** `before`: nothing of the batch is written. `after`: all of it is, and nobody has been told. */
export interface StoreStep {
  /** Counts from 1, the two moments of a write apart. */
  readonly number: number;
  readonly moment: 'before' | 'after';
  readonly ops: readonly StoreOp[];
}

export interface CountingStore {
  readonly store: Store;
  /** All so far, in order. */
  readonly steps: readonly StoreStep[];
  /**
   * From now on nothing reaches the wrapped store, which is not closed either: writes and pages never settle, `get` throws,
   * `close` only resolves.
   * Called by a hook, the wrapped store stays exactly as it is at that step.
   */
  crash(): void;
  /** Resolves when `crash` is called. */
  readonly crashed: Promise<void>;
}

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/**
 * Writes go one at a time. `hook` may kill the process, call `crash`, throw (the write is then not made, or its outcome not
 * told: it rejects with what was thrown, and later writes go on), or return a promise, which is waited for.
 */
export const countingStore = (wrapped: Store, hook: (step: StoreStep) => unknown = () => undefined): CountingStore => {
  const steps: StoreStep[] = [];
  const { promise: crashed, resolve: endLife } = Promise.withResolvers<void>();
  let alive = true;
  let last: Promise<unknown> = Promise.resolve();

  const tell = async (moment: StoreStep['moment'], ops: readonly StoreOp[]): Promise<void> => {
    if (!alive) return never();
    const step = harden({ number: steps.length + 1, moment, ops });
    steps.push(step);
    await hook(step);
    return alive ? undefined : never();
  };
  const writeOne = async (ops: readonly StoreOp[]): Promise<void> => {
    await tell('before', ops);
    await wrapped.write(ops);
    await tell('after', ops);
  };

  const store: Store = harden({
    get(key) {
      if (!alive) throw Error('the process that had this store was killed');
      return wrapped.get(key);
    },
    page: async (request) => {
      const page = alive ? await wrapped.page(request) : undefined;
      return alive && page !== undefined ? page : never();
    },
    snapshot: () => {
      if (!alive) throw Error('the process that had this store was killed');
      return wrapped.snapshot();
    },
    write: (ops) => {
      const copy = ops.map((op) => ({ ...op }));
      const written = last.then(() => writeOne(copy));
      last = written.catch(() => undefined);
      return written;
    },
    close: async () => {
      await Promise.race([last, crashed]);
      if (alive) await wrapped.close();
    },
  });
  const crash = () => {
    alive = false;
    endLife();
  };
  return { store, steps, crash, crashed };
};
