/**
 * A store over another: it reads what the other has, and keeps what is written to itself, in memory. For trying out what a program would do
 * to a store.
 *
 *   write ─▶ overlay ◀─ get, page ─▶ (where the overlay has nothing) the store below, which never changes
 *
 * It costs memory for what is written, and nothing for what is not.
 */
import { makeError } from '../errors/gobs-error.ts';
import { compareKeys, lastKey } from '../vats/key-order.ts';
import type { PageRequest, Store, StoreEntry, StoreOp } from '../vats/store.ts';
import { makeInOrder } from './in-order.ts';
import { makeSortedKeys } from './sorted-keys.ts';
import { copyOps, requireKey, requirePageRequest } from './store-arguments.ts';

/** Rows of the store below that are not to be seen any more are undefined. */
type Values = Map<string, string | undefined>;

const makeView = (below: Pick<Store, 'get' | 'page'>, content: Values) => {
  const values: Values = new Map();
  const keys = makeSortedKeys();

  const set = (key: string, value: string | undefined): void => {
    if (!values.has(key)) keys.add(key);
    values.set(key, value);
  };
  const remove = (key: string): void => {
    if (below.get(key) !== undefined) {
      set(key, undefined);
    } else if (values.delete(key)) {
      keys.remove(key);
    }
  };
  for (const [key, value] of content) set(key, value);

  /** What is there of a range, given the first rows below; `all`: there are no others. Only as far as is known. */
  const merge = (stored: readonly StoreEntry[], all: boolean, { gt, lt, limit }: PageRequest): StoreEntry[] => {
    const last = all ? undefined : stored.at(-1)![0];
    // Each key that hides a row hides one of those that are known.
    const over = keys.between(gt, lt, limit + stored.length);
    const visible = new Map(stored);
    for (const key of over) {
      const value = values.get(key);
      if (value === undefined) visible.delete(key);
      else visible.set(key, value);
    }
    const known = last === undefined ? [...visible] : [...visible].filter(([key]) => compareKeys(key, last) <= 0);
    return known.sort(([a], [b]) => compareKeys(a, b)).slice(0, limit);
  };

  return {
    values,
    get: (key: string): string | undefined => (values.has(key) ? values.get(key) : below.get(key)),
    page: async (request: PageRequest): Promise<readonly StoreEntry[]> => {
      const { gt, lt, limit } = request;
      const stored: StoreEntry[] = [];
      let from = gt;
      for (;;) {
        const more = await below.page({ gt: from, lt, limit });
        stored.push(...more);
        const all = more.length < limit;
        if (!all) from = lastKey(more, from);
        const found = merge(stored, all, request);
        if (all || found.length === limit) return Object.freeze(found.map((entry) => Object.freeze(entry)));
      }
    },
    apply: (ops: readonly StoreOp[]): void => {
      for (const op of ops) {
        if (op.type === 'put') set(op.key, op.value);
        else remove(op.key);
      }
    },
  };
};

/** Closing it closes the store below, to which nobody may write meanwhile. */
export const makeOverlayStore = (below: Store): Store => {
  const view = makeView(below, new Map());
  const writes = makeInOrder();
  let closed = false;
  const requireOpen = (): void => {
    if (closed) throw makeError('STORE_UNUSABLE', 'the store is closed');
  };
  return harden({
    get(key) {
      requireOpen();
      requireKey(key);
      return view.get(key);
    },
    async page(request) {
      requireOpen();
      requirePageRequest(request);
      return view.page(request);
    },
    snapshot() {
      requireOpen();
      const then = makeView(below, view.values);
      return harden({
        page: async (request) => {
          requirePageRequest(request);
          return then.page(request);
        },
        close: async () => {},
      });
    },
    async write(ops) {
      requireOpen();
      const copy = copyOps(ops);
      return writes.run(() => view.apply(copy));
    },
    async close() {
      closed = true;
      await writes.idle();
      await below.close();
    },
  });
};
harden(makeOverlayStore);
