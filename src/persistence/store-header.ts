/**
 * What a store says of itself, in the rows `!format` and `!state` as they lie on disk: for the ledger, which opens it, and for whoever reads its rows
 * without that.
 */
import { makeError } from '../errors/gobs-error.ts';
import type { StoreEntry } from '../vats/store.ts';
import { countIn, parseHeader, type HeaderRecord } from './header-row.ts';
import { formatKey, makeRowChecksum, stateKey, type RowChecksum } from './row-checksum.ts';

/** What this program writes, and the newest that it reads. */
export const storeFormat = 1;
harden(storeFormat);

export interface StoreFormat {
  readonly format: number;
  /** Its id. */
  readonly store: string;
}

export interface StoreState {
  readonly epoch: number;
  readonly commits: number;
  /** 0: never. */
  readonly restores: number;
}

/** STORE_DAMAGED. */
export const missing = (where: string, what: string): Error =>
  makeError('STORE_DAMAGED', `${where}: ${what} is missing`, { hint: 'nothing was changed; restore a backup' });
harden(missing);

/** Of `!format`. Throws STORE_DAMAGED; or NEWER_FORMAT, since nobody knows what the other rows are then. */
export const parseFormat = (where: string, value: string): StoreFormat => {
  const record = parseHeader(where, makeRowChecksum(''), formatKey, value);
  const format = countIn(where, formatKey, record, 'format', 1);
  if (format > storeFormat) {
    throw makeError('NEWER_FORMAT', `${where}: the store has format ${format}, this gobs knows ${storeFormat}`, {
      hint: 'use the gobs that wrote it, or a newer one; nothing was changed',
    });
  }
  const { store } = record;
  if (typeof store !== 'string') throw missing(where, `${formatKey}: store`);
  return harden({ format, store });
};
harden(parseFormat);

/** Of `!state`. Throws STORE_DAMAGED. */
export const parseState = (where: string, checksum: RowChecksum, value: string): StoreState => {
  const record = parseHeader(where, checksum, stateKey, value);
  return harden({
    epoch: countIn(where, stateKey, record, 'epoch', 1),
    commits: countIn(where, stateKey, record, 'commits', 1),
    restores: record['restores'] === undefined ? 0 : countIn(where, stateKey, record, 'restores', 1),
  });
};
harden(parseState);

/** What `!state` says. */
export const stateRecord = ({ epoch, commits, restores }: StoreState): HeaderRecord =>
  harden({ epoch, commits, ...(restores === 0 ? {} : { restores }) });
harden(stateRecord);

const valueOf = (where: string, key: string, rows: readonly StoreEntry[]): string => {
  const row = rows.find(([found]) => found === key);
  if (row === undefined) throw missing(where, key);
  return row[1];
};

/** `rows`: at least the first. Throws as `parseFormat` does. */
export const readStoreId = (where: string, rows: readonly StoreEntry[]): string =>
  parseFormat(where, valueOf(where, formatKey, rows)).store;
harden(readStoreId);

/** `rows`: at least those whose keys begin with `!`. Throws STORE_DAMAGED, NEWER_FORMAT. */
export const readStoreHeader = (where: string, rows: readonly StoreEntry[]): StoreFormat & StoreState => {
  const format = parseFormat(where, valueOf(where, formatKey, rows));
  const state = parseState(where, makeRowChecksum(format.store), valueOf(where, stateKey, rows));
  return harden({ ...format, ...state });
};
harden(readStoreHeader);
