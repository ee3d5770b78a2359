/**
 * The Store port: what a vat needs from whatever keeps its rows. `src/persistence` has the implementations; one contract
 * suite (`test/contracts/store.ts`) holds for all of them. The key layout is in docs/explanation/store.md.
 */

/** One change to one key. Keys and values are well-formed Unicode; keys are of 1 to 1,024 bytes of UTF-8. */
export type StoreOp =
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  | { readonly type: 'del'; readonly key: string };

/** A range of keys without its ends, in byte order of their UTF-8: `gt < key < lt`. */
export interface PageRequest {
  readonly gt: string;
  readonly lt: string;
  /** At most so many entries; 1 or more. */
  readonly limit: number;
  /** The page may end when it has so many bytes, then with one row at least. Whoever asks for this looks for the end where nothing comes any more. */
  readonly bytes?: number;
}

export type StoreEntry = readonly [key: string, value: string];

/** The rows as they were at one moment, however many are written meanwhile. Whoever takes one must close it: it keeps what it shows on disk. */
export interface StoreSnapshot {
  page(request: PageRequest): Promise<readonly StoreEntry[]>;
  /** Idempotent. */
  close(): Promise<void>;
}

export interface Store {
  /** The value as of the last written batch. Synchronous. Throws `STORE_UNUSABLE` if the medium fails or the store is closed. */
  get(key: string): string | undefined;
  /** Entries of a range in key order, as of one moment not before the call. */
  page(request: PageRequest): Promise<readonly StoreEntry[]>;
  /** What the last written batch left, without holding up those that come. Throws `STORE_UNUSABLE`. */
  snapshot(): StoreSnapshot;
  /**
   * All or nothing, and synced to the medium when it resolves. Calls are written in the order in which they are made.
   * Of several changes to one key the last counts. An empty batch writes nothing, and resolves after those before it.
   * A rejection means that it is not known to be written: the caller must go on from what `get` says. A store whose medium failed
   * (`STORE_UNUSABLE`) refuses every later write until the medium works again, and one more then; reads go on. Wrong keys or values
   * reject with TypeError, and nothing of the batch is written.
   */
  write(ops: readonly StoreOp[]): Promise<void>;
  /** Waits for writes under way. After it, every other call fails. Idempotent. */
  close(): Promise<void>;
}
