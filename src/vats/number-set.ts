/**
 * Sets of numbers as bits, for millions of them: about a bit for each where they are dense, and a few hundred bytes for each block of 2,048 that
 * has any.
 */
const blockBits = 2_048;

export interface NumberSet {
  /** Was it new? */
  add(number: number): boolean;
  has(number: number): boolean;
  readonly size: number;
  /** Those that are not in the other, in no order. */
  without(other: NumberSet | undefined): Iterable<number>;
}

export const makeNumberSet = (): NumberSet => {
  const blocks = new Map<number, Uint32Array>();
  let size = 0;

  const isIn = (block: Uint32Array | undefined, bit: number): boolean =>
    block !== undefined && ((block[bit >>> 5]! >>> (bit & 31)) & 1) === 1;

  const set: NumberSet = {
    add: (number) => {
      const at = Math.floor(number / blockBits);
      const bit = number % blockBits;
      let block = blocks.get(at);
      if (block === undefined) blocks.set(at, (block = new Uint32Array(blockBits / 32)));
      if (isIn(block, bit)) return false;
      block[bit >>> 5]! |= 1 << (bit & 31);
      size += 1;
      return true;
    },
    has: (number) => isIn(blocks.get(Math.floor(number / blockBits)), number % blockBits),
    get size() {
      return size;
    },
    *without(other) {
      for (const [at, block] of blocks) {
        for (let bit = 0; bit < blockBits; bit += 1) {
          const number = at * blockBits + bit;
          if (isIn(block, bit) && other?.has(number) !== true) yield number;
        }
      }
    },
  };
  return Object.freeze(set);
};
harden(makeNumberSet);
