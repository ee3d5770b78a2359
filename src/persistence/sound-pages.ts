/** Rows on their way into a copy: one that is damaged must not take the place of a good one in the copy before. */
import { makeError } from '../errors/gobs-error.ts';
import { compareKeys } from '../vats/key-order.ts';
import type { StoreEntry } from '../vats/store.ts';
import { brief } from './brief.ts';
import { makeRowChecksum, type RowChecksum } from './row-checksum.ts';
import { whyNoKey } from './store-arguments.ts';
import { readStoreId } from './store-header.ts';

type Page = readonly StoreEntry[];

const damaged = (key: string, what: string): Error =>
  makeError('ROW_DAMAGED', `row ${brief(key, 80)}: ${what}`, { hint: 'nothing was changed; restore a backup' });

async function* checking(pages: AsyncIterable<Page>, where: string): AsyncGenerator<Page> {
  let checksum: RowChecksum | undefined;
  let last = '';
  for await (const page of pages) {
    checksum ??= makeRowChecksum(readStoreId(where, page));
    for (const [key, value] of page) {
      const why = whyNoKey(key);
      if (why !== undefined) throw damaged(key, `its key ${why}`);
      if (compareKeys(key, last) <= 0) throw damaged(key, 'comes after a row with a greater key, or the same');
      checksum.check(key, value);
      last = key;
    }
    yield page;
  }
}

/**
 * The same pages of all rows of a store. Throws ROW_DAMAGED at the first that is not as it was written; STORE_DAMAGED if they do not say which store this is;
 * or as they do.
 */
export const soundPages = (pages: AsyncIterable<Page>, where: string): AsyncGenerator<Page> => checking(pages, where);
harden(soundPages);
