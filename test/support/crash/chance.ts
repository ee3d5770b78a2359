/** Chance that can be had again: the same numbers for the same seed. */
export interface Chance {
  /** A whole number, `from` to `to`, both included. */
  between(from: number, to: number): number;
  pick<T>(from: readonly T[]): T;
  /** True in one of so many cases. */
  oneIn(cases: number): boolean;
}

/** A linear congruential generator; only its upper bits are any good, and only those are used. */
export const makeChance = (seed: number): Chance => {
  let state = (seed * 2_654_435_761) >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
  const between = (from: number, to: number): number => from + Math.floor(next() * (to - from + 1));
  return {
    between,
    pick: (from) => from[between(0, from.length - 1)]!,
    oneIn: (cases) => between(1, cases) === 1,
  };
};
