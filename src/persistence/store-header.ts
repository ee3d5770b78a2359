/** What a store says of itself, read from its rows as they lie on disk, by whoever does not open it. */
import { makeError } from '../errors/gobs-error.ts';
import type { StoreEntry } from '../vats/store.ts';
import { countIn, parseHeader, type HeaderRecord } from './header-row.ts';
import { formatKey, makeRowChecksum, stateKey } from './row-checksum.ts';

/** What this program writes, and the newest that it reads. */
export const storeFormat = 1;
harden(storeFormat);

/** Of what `!format` says. Throws STORE_DAMAGED, or NEWER_FORMAT. */
export const requireKnownFormat = (where: string, record: HeaderRecord): number => {
  const format = countIn(where, formatKey, record, 'format', 1);
  if (format <= storeFormat) return format;
  throw makeError('NEWER_FORMAT', `${where}: the store has format ${format}, this gobs knows ${storeFormat}`, {
    hint: 'use the gobs that wrote it, or a newer one; nothing was changed',
  });
};
harden(requireKnownFormat);

export interface StoreHeader {
  readonly format: number;
  /** Its id. */
  readonly store: string;
  readonly epoch: number;
  readonly commits: number;
}

const damaged = (where: string, what: string): Error =>
  makeError('STORE_DAMAGED', `${where}: ${what}`, { hint: 'nothing was changed; restore a backup' });

const recordOf = (where: string, key: string, storeId: string, rows: readonly StoreEntry[]): HeaderRecord => {
  const row = rows.find(([found]) => found === key);
  if (row === undefined) throw damaged(where, `${key} is missing`);
  return parseHeader(where, makeRowChecksum(storeId), key, row[1]);
};

/** `rows`: at least the first. Throws STORE_DAMAGED; or NEWER_FORMAT, since nobody knows what the other rows are then. */
export const readStoreId = (where: string, rows: readonly StoreEntry[]): string => {
  const record = recordOf(where, formatKey, '', rows);
  requireKnownFormat(where, record);
  const { store } = record;
  if (typeof store === 'string') return store;
  throw damaged(where, `${formatKey}: store is missing`);
};
harden(readStoreId);

/** `rows`: at least those whose keys begin with `!`. Throws STORE_DAMAGED, NEWER_FORMAT. */
export const readStoreHeader = (where: string, rows: readonly StoreEntry[]): StoreHeader => {
  const store = readStoreId(where, rows);
  const format = recordOf(where, formatKey, '', rows);
  const state = recordOf(where, stateKey, store, rows);
  return harden({
    format: countIn(where, formatKey, format, 'format', 1),
    store,
    epoch: countIn(where, stateKey, state, 'epoch', 1),
    commits: countIn(where, stateKey, state, 'commits', 1),
  });
};
harden(readStoreHeader);
