/** What a peer needs of the world beside its netlayers; an entry point hands it over. */
export interface PeerPowers {
  /** Milliseconds since 1970. Only differences are used. */
  readonly now: () => number;
  /** Calls back once, after so many milliseconds, unless the function that it returns was called before. */
  readonly setTimer: (callback: () => void, milliseconds: number) => () => void;
  /** Calls back soon, after input and output of others had their chance: `setImmediate`. */
  readonly soon: (callback: () => void) => void;
  /** Unpredictable bytes. */
  readonly randomBytes: (count: number) => Uint8Array;
}
