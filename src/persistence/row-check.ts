/**
 * Looks at every row of a store as it is on disk, in the order of the keys: `!format` first, which says whose the others are; then each
 * row's checksum; and what readers find who know what rows mean (src/vats/row-counts.ts, src/captp/row-counts.ts). It gets the rows from wherever: a
 * snapshot (`Ledger.snapshotOnDisk`), a closed store, a backup.
 */
import { describeError } from '../errors/gobs-error.ts';
import { compareKeys } from '../vats/key-order.ts';
import { rowFinding, type RowFinding, type RowReader } from '../vats/row-reader.ts';
import type { StoreEntry } from '../vats/store.ts';
import { countIn, parseHeader } from './header-row.ts';
import { formatKey, makeRowChecksum, stateKey } from './row-checksum.ts';

export interface RowCheck {
  /** Called for each row. */
  row(row: StoreEntry): readonly RowFinding[];
  /** Called after the last. */
  end(): readonly RowFinding[];
}

const missing = (key: string): readonly RowFinding[] =>
  harden([{ code: 'STORE_DAMAGED', key, message: `row ${key} is missing` }]);

/** The store's id. Throws STORE_DAMAGED. */
const idIn = (value: string): string => {
  const { store } = parseHeader('the store', makeRowChecksum(''), formatKey, value);
  if (typeof store === 'string') return store;
  throw Error(`row ${formatKey}: store is missing`);
};

/** Made for one look through a store; so are the readers. */
export const makeRowCheck = (readers: readonly RowReader[]): RowCheck => {
  let checksum = makeRowChecksum('');
  let last = '';
  let formatFound = false;
  let stateFound = false;

  const check = ([key, value]: StoreEntry): readonly RowFinding[] => {
    const text = checksum.check(key, value);
    if (key === formatKey) {
      checksum = makeRowChecksum(idIn(value));
      formatFound = true;
      return [];
    }
    if (key === stateKey) {
      const record = parseHeader('the store', checksum, key, value);
      for (const count of ['epoch', 'commits']) countIn('the store', key, record, count, 1);
      stateFound = true;
      return [];
    }
    return readers.flatMap((reader) => reader.row(key, text));
  };

  return harden({
    row: (row) => {
      const [key] = row;
      const inOrder = last === '' || compareKeys(last, key) < 0;
      last = key;
      const order = inOrder ? [] : rowFinding(key, `row ${key}: it comes after a row with a greater key, or the same`);
      try {
        return [...order, ...check(row)];
      } catch (error) {
        return [...order, ...rowFinding(key, describeError(error).message)];
      }
    },
    end: () => [
      ...(formatFound ? [] : missing(formatKey)),
      ...(stateFound ? [] : missing(stateKey)),
      ...readers.flatMap((reader) => reader.end()),
    ],
  } satisfies RowCheck);
};
harden(makeRowCheck);
