/**
 * Sets of numbers as bits, for millions of them: a byte or two for each where they are dense, and some fifty bytes for each that stands alone. Whoever
 * writes a row chooses the numbers in it, so one that stands alone must not cost much more than the text that names it.
 */
const blockBits = 32;

export interface NumberSet {
  /** Was it new? */
  add(number: number): boolean;
  has(number: number): boolean;
  readonly size: number;
  /** Those that are not in the other, in no order. */
  without(other: NumberSet | undefined): Iterable<number>;
}

export const makeNumberSet = (): NumberSet => {
  /** Numbers `32 n` to `32 n + 31`, a bit each, by `n`. */
  const blocks = new Map<number, number>();
  let size = 0;

  const bitsAt = (number: number): number => blocks.get(Math.floor(number / blockBits)) ?? 0;
  const bitOf = (number: number): number => 1 << (number % blockBits);

  const set: NumberSet = {
    add: (number) => {
      const before = bitsAt(number);
      const after = before | bitOf(number);
      if (after === before) return false;
      blocks.set(Math.floor(number / blockBits), after);
      size += 1;
      return true;
    },
    has: (number) => (bitsAt(number) & bitOf(number)) !== 0,
    get size() {
      return size;
    },
    *without(other) {
      for (const [at, bits] of blocks) {
        for (let bit = 0; bit < blockBits; bit += 1) {
          const number = at * blockBits + bit;
          if ((bits & (1 << bit)) !== 0 && other?.has(number) !== true) yield number;
        }
      }
    },
  };
  return Object.freeze(set);
};
harden(makeNumberSet);
