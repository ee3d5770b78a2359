/** A store whose batches wait at a gate, so that a test decides when what is durable. */
import type { Store, StoreOp } from '../../src/vats/store.ts';

export interface GatedStore extends Store {
  /** From now on batches wait. */
  shut(): void;
  /** Those that wait, and all that come, go through. */
  open(): void;
  /** Lets one batch through, as soon as there is one; resolves when it is written. */
  letOneThrough(): Promise<readonly StoreOp[]>;
  /** Refuses one batch, as soon as there is one. */
  refuseOne(reason: Error): Promise<void>;
}

interface Waiting {
  readonly ops: readonly StoreOp[];
  readonly go: () => Promise<void>;
  readonly refuse: (reason: Error) => void;
}

export const makeGatedStore = (store: Store): GatedStore => {
  let isShut = false;
  const waiting: Waiting[] = [];
  let arrived = (): void => {};

  const next = async (): Promise<Waiting> => {
    while (waiting.length === 0) {
      await new Promise<void>((resolve) => {
        arrived = resolve;
      });
    }
    return waiting.shift()!;
  };

  return {
    get: store.get,
    page: store.page,
    snapshot: store.snapshot,
    close: store.close,
    write: (ops) => {
      if (!isShut) return store.write(ops);
      return new Promise((resolve, reject) => {
        const go = (): Promise<void> => {
          const written = store.write(ops);
          written.then(resolve, reject);
          return written;
        };
        waiting.push({ ops, go, refuse: reject });
        arrived();
      });
    },
    shut: () => {
      isShut = true;
    },
    open: () => {
      isShut = false;
      for (const { go } of waiting.splice(0)) void go();
    },
    letOneThrough: async () => {
      const { ops, go } = await next();
      await go();
      return ops;
    },
    refuseOne: async (reason) => {
      const { refuse } = await next();
      refuse(reason);
    },
  };
};
