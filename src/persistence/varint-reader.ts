/** Reads the numbers and texts of LevelDB's own files, one after the other. */
import type { Buffer } from 'node:buffer';

export interface VarintReader {
  readonly done: boolean;
  /** How far it has come. */
  readonly at: number;
  /** Throws for a number that is cut short, beyond what is exact, or not written as short as can be. */
  number(): number;
  /** Goes on after so many bytes. Throws if there are fewer. */
  skip(length: number): void;
  /** Bytes with their length before them. Throws if there are fewer. */
  bytes(): Buffer;
}

export const makeVarintReader = (from: Buffer): VarintReader => {
  let at = 0;
  const number = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = from[at];
      if (byte === undefined) throw Error('a number is cut short');
      at += 1;
      value += (byte & 127) * factor;
      if (!Number.isSafeInteger(value)) throw Error('a number is too large');
      if (byte === 0 && factor > 1) throw Error('a number is longer than need be');
      if (byte < 128) return value;
    }
  };
  const skip = (length: number): void => {
    if (at + length > from.length) throw Error('a text is cut short');
    at += length;
  };
  return {
    get done() {
      return at >= from.length;
    },
    get at() {
      return at;
    },
    number,
    skip,
    bytes: () => {
      const length = number();
      skip(length);
      return from.subarray(at - length, at);
    },
  };
};
harden(makeVarintReader);
