/** Rows on their way into a copy: one that is damaged must not take the place of a good one in the copy before. */
import type { StoreEntry } from '../vats/store.ts';
import { makeRowChecksum, type RowChecksum } from './row-checksum.ts';
import { readStoreId } from './store-header.ts';

type Page = readonly StoreEntry[];

async function* checking(pages: AsyncIterable<Page>, where: string): AsyncGenerator<Page> {
  let checksum: RowChecksum | undefined;
  for await (const page of pages) {
    checksum ??= makeRowChecksum(readStoreId(where, page));
    for (const [key, value] of page) checksum.check(key, value);
    yield page;
  }
}

/**
 * The same pages of all rows of a store. Throws ROW_DAMAGED at the first that is not as it was written; STORE_DAMAGED if they do not say which store this is;
 * or as they do.
 */
export const soundPages = (pages: AsyncIterable<Page>, where: string): AsyncGenerator<Page> => checking(pages, where);
harden(soundPages);
