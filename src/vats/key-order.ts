import { makeError } from '../errors/gobs-error.ts';
import type { KeyRange } from './keys.ts';
import type { Store, StoreEntry } from './store.ts';

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

async function* paging(
  rows: Pick<Store, 'page'>,
  { gt, lt }: KeyRange,
  limit: number,
): AsyncGenerator<readonly StoreEntry[]> {
  for (let from = gt; ;) {
    const page = await rows.page({ gt: from, lt, limit });
    yield page;
    if (page.length < limit) return;
    from = lastKey(page, from);
  }
}

/** A range in pages of `limit` rows, the last of which has fewer, or none. Each is read when it is asked for. Throws as `page` does, and ROW_DAMAGED as `lastKey` does. */
export const pagesIn = (
  rows: Pick<Store, 'page'>,
  range: KeyRange,
  limit: number,
): AsyncGenerator<readonly StoreEntry[]> => paging(rows, range, limit);
harden(pagesIn);
