import { makeError } from '../errors/gobs-error.ts';
import type { StoreEntry } from './store.ts';

/** Byte order of UTF-8, which is the order of code points: what stores sort by, and JavaScript's own order is not. */
export const compareKeys = (left: string, right: string): number => {
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i += 1) {
    const a = left.charCodeAt(i);
    const b = right.charCodeAt(i);
    if (a !== b) {
      // Surrogates stand for code points above all other code units, though their own values are below U+E000.
      const aHigh = a >= 0xd800 && a <= 0xdfff;
      const bHigh = b >= 0xd800 && b <= 0xdfff;
      return aHigh === bHigh ? a - b : aHigh ? 1 : -1;
    }
  }
  return left.length - right.length;
};
harden(compareKeys);

/**
 * The last key of a page that begins behind `gt`: the next page begins behind it. A key that somebody wrote past us and that is no text is read as another one, and might
 * be read again and again. Throws ROW_DAMAGED; the page has a row.
 */
export const lastKey = (page: readonly StoreEntry[], gt: string): string => {
  const last = page[page.length - 1]![0];
  if (compareKeys(last, gt) > 0) return last;
  throw makeError('ROW_DAMAGED', `row ${last}: its key is not as it was written`, {
    hint: 'nothing was changed; restore a backup',
  });
};
harden(lastKey);
