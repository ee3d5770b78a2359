/**
 * For what others can make happen as often as they like, and what somebody wants to read all the same: says which of it is to be told, and how
 * much was not told since. Each key is told once in a while; where there are too many keys to be told apart, the rest count as one.
 */
export interface Seldom {
  /** Undefined: not now. Otherwise how many of this key were left out since the last that was told. */
  (key: string): number | undefined;
}

export interface SeldomOptions {
  /** Milliseconds. */
  readonly now: () => number;
  /** Milliseconds between two of the same key. */
  readonly every?: number;
  /** Keys that are told apart in that time. */
  readonly keys?: number;
}

export const makeSeldom = ({ now, every = 60_000, keys = 100 }: SeldomOptions): Seldom => {
  interface Told {
    at: number;
    left: number;
  }
  /** In the order in which they were told. */
  const told = new Map<string, Told>();
  const rest: Told = { at: -Infinity, left: 0 };

  /** What was left out is kept for the next line of that key, so a key is dropped only when as long again has passed. */
  const dropOld = (time: number): void => {
    for (const [key, { at, left }] of told) {
      if (time - at < (left === 0 ? every : 2 * every)) return;
      told.delete(key);
    }
  };

  const decide = (one: Told, time: number): number | undefined => {
    // A clock that was set back must not silence anybody.
    if (time >= one.at && time - one.at < every) {
      one.left += 1;
      return undefined;
    }
    const { left } = one;
    one.at = time;
    one.left = 0;
    return left;
  };

  return harden((key: string) => {
    const time = now();
    dropOld(time);
    const known = told.get(key);
    if (known === undefined && told.size >= keys) return decide(rest, time);
    const one = known ?? { at: -Infinity, left: 0 };
    const left = decide(one, time);
    if (left !== undefined) {
      told.delete(key);
      told.set(key, one);
    }
    return left;
  });
};
harden(makeSeldom);
