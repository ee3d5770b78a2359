/**
 * Which actors a cycle has found: a bit for each, by vat and instance number, which is unique in its vat. The bits come in pieces, so that
 * they take what the actors that are found take, and not what all numbers that were ever given would.
 */

export interface Marks {
  /** False if it was marked already. */
  add(vat: string, instance: number): boolean;
  has(vat: string, instance: number): boolean;
  readonly count: number;
}

/** Numbers in a piece: a kilobyte. */
const PIECE = 8_192;

export const makeMarks = (): Marks => {
  const vats = new Map<string, Map<number, Uint8Array>>();
  let count = 0;

  const piecesOf = (vat: string): Map<number, Uint8Array> => {
    const known = vats.get(vat);
    if (known !== undefined) return known;
    const made = new Map<number, Uint8Array>();
    vats.set(vat, made);
    return made;
  };

  const pieceFor = (vat: string, instance: number): Uint8Array => {
    const pieces = piecesOf(vat);
    const number = Math.floor(instance / PIECE);
    const known = pieces.get(number);
    if (known !== undefined) return known;
    const made = new Uint8Array(PIECE / 8);
    pieces.set(number, made);
    return made;
  };

  return harden({
    add: (vat, instance) => {
      const piece = pieceFor(vat, instance);
      const [byte, bit] = [(instance % PIECE) >> 3, 1 << (instance & 7)];
      if ((piece[byte]! & bit) !== 0) return false;
      piece[byte]! |= bit;
      count += 1;
      return true;
    },
    has: (vat, instance) => {
      const piece = vats.get(vat)?.get(Math.floor(instance / PIECE));
      return piece !== undefined && (piece[(instance % PIECE) >> 3]! & (1 << (instance & 7))) !== 0;
    },
    get count() {
      return count;
    },
  } satisfies Marks);
};
harden(makeMarks);
