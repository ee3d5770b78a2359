/** What a store says of itself, read from its rows as they lie on disk, by whoever does not open it. */
import { makeError } from '../errors/gobs-error.ts';
import type { StoreEntry } from '../vats/store.ts';
import { countIn, parseHeader } from './header-row.ts';
import { formatKey, makeRowChecksum } from './row-checksum.ts';

export interface StoreHeader {
  readonly format: number;
  /** Its id. */
  readonly store: string;
  readonly epoch: number;
  readonly commits: number;
}

/** `rows`: at least those whose keys begin with `!`. Throws STORE_DAMAGED. */
export const readStoreHeader = (where: string, rows: readonly StoreEntry[]): StoreHeader => {
  const damaged = (what: string): Error =>
    makeError('STORE_DAMAGED', `${where}: ${what}`, { hint: 'nothing was changed; restore a backup' });
  const read = (key: string, storeId: string) => {
    const row = rows.find(([found]) => found === key);
    if (row === undefined) throw damaged(`${key} is missing`);
    return parseHeader(where, makeRowChecksum(storeId), key, row[1]);
  };
  const format = read(formatKey, '');
  const { store } = format;
  if (typeof store !== 'string') throw damaged(`${formatKey}: store is missing`);
  const state = read('!state', store);
  return harden({
    format: countIn(where, formatKey, format, 'format', 1),
    store,
    epoch: countIn(where, '!state', state, 'epoch', 1),
    commits: countIn(where, '!state', state, 'commits', 1),
  });
};
harden(readStoreHeader);
