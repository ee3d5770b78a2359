/**
 * Keys in byte order of their UTF-8, kept sorted as they come and go: a list of chunks, each a sorted array of at most
 * 1,024 keys. Adding or removing one moves at most a chunk; a page starts with two binary searches.
 *
 *   chunks  ┌─────────┐ ┌─────────┐ ┌───┐
 *           │ a  b  d │ │ e  k  m │ │ z │     every chunk has a key; all of a chunk are below all of the next
 *           └─────────┘ └─────────┘ └───┘
 */
import { compareKeys } from '../vats/key-order.ts';

const fullChunk = 1_024;

/** The first index whose item is not `below`, of items that are all below and then all not. */
const firstNot = <T>(items: readonly T[], below: (item: T) => boolean): number => {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (below(items[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
};

export interface SortedKeys {
  /** The key must not be there. */
  add(key: string): void;
  /** The key must be there. */
  remove(key: string): void;
  /** `gt < key < lt`, in order, at most `limit`. */
  between(gt: string, lt: string, limit: number): string[];
}

/** Owned by one memory store. */
export const makeSortedKeys = (): SortedKeys => {
  const chunks: string[][] = [];
  const chunkOf = (key: string): number => firstNot(chunks, (chunk) => compareKeys(chunk.at(-1)!, key) < 0);

  return harden({
    add(key) {
      if (chunks.length === 0) {
        chunks.push([key]);
        return;
      }
      // A key above all others goes to the last chunk.
      const at = Math.min(chunkOf(key), chunks.length - 1);
      const chunk = chunks[at]!;
      chunk.splice(
        firstNot(chunk, (other) => compareKeys(other, key) < 0),
        0,
        key,
      );
      if (chunk.length > fullChunk) chunks.splice(at + 1, 0, chunk.splice(fullChunk / 2));
    },
    remove(key) {
      const at = chunkOf(key);
      const chunk = chunks[at]!;
      chunk.splice(
        firstNot(chunk, (other) => compareKeys(other, key) < 0),
        1,
      );
      if (chunk.length === 0) chunks.splice(at, 1);
    },
    between(gt, lt, limit) {
      const found: string[] = [];
      for (let at = chunkOf(gt); at < chunks.length && found.length < limit; at += 1) {
        const chunk = chunks[at]!;
        const from = firstNot(chunk, (key) => compareKeys(key, gt) <= 0);
        const to = firstNot(chunk, (key) => compareKeys(key, lt) < 0);
        for (let i = from; i < to && found.length < limit; i += 1) found.push(chunk[i]!);
        if (to < chunk.length) break;
      }
      return found;
    },
  });
};
harden(makeSortedKeys);
