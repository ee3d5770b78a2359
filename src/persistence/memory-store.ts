/**
 * A store that keeps its rows in memory, for tests and for vats that need not outlive their process. It keeps every
 * promise of the port except the medium: a batch is applied in one step, a few microtasks after the call and in the order
 * of the calls, so that nobody comes to rely on reading a batch before `write` has resolved.
 */
import { makeError } from '../errors/gobs-error.ts';
import { compareKeys } from '../vats/key-order.ts';
import type { Store, StoreEntry, StoreOp } from '../vats/store.ts';
import { makeInOrder } from './in-order.ts';
import { makeSortedKeys } from './sorted-keys.ts';
import { copyOps, requireKey, requirePageRequest } from './store-arguments.ts';

export interface MemoryStore extends Store {
  /**
   * All that is written, in key order: a copy. Works after `close` too. A test reopens a store by giving it to `makeMemoryStore`.
   */
  entries(): readonly StoreEntry[];
}

/** `content`: what it starts with, in any order. */
export const makeMemoryStore = (content: Iterable<StoreEntry> = []): MemoryStore => {
  const values = new Map<string, string>();
  const keys = makeSortedKeys();
  const writes = makeInOrder();
  let closed = false;

  const apply = (ops: readonly StoreOp[]): void => {
    for (const op of ops) {
      const there = values.has(op.key);
      if (op.type === 'put') {
        values.set(op.key, op.value);
        if (!there) keys.add(op.key);
      } else if (there) {
        values.delete(op.key);
        keys.remove(op.key);
      }
    }
  };
  const requireOpen = (): void => {
    if (closed) throw makeError('STORE_UNUSABLE', 'the memory store is closed');
  };

  apply(copyOps(Array.from(content, ([key, value]) => ({ type: 'put', key, value }) as const)));

  return harden({
    get(key) {
      requireOpen();
      requireKey(key);
      return values.get(key);
    },
    async page(request) {
      requireOpen();
      requirePageRequest(request);
      const { gt, lt, limit } = request;
      // Pairs of texts that are frozen are hardened; harden would take longer than all the rest.
      return Object.freeze(keys.between(gt, lt, limit).map((key) => Object.freeze([key, values.get(key)!] as const)));
    },
    snapshot() {
      requireOpen();
      const then = makeMemoryStore(values);
      return harden({ page: then.page, close: then.close });
    },
    async write(ops) {
      requireOpen();
      const copy = copyOps(ops);
      return writes.run(() => apply(copy));
    },
    close() {
      closed = true;
      return writes.idle();
    },
    entries: () => harden([...values].sort(([a], [b]) => compareKeys(a, b))),
  });
};
harden(makeMemoryStore);
