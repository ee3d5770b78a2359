/**
 * What every value in the database begins with:
 *
 *   <crc32 of the store's id, key, line feed and text, 8 hex digits> <text>
 *
 * so that a value that was altered or cut short, is under another key or is another store's, is told from one of ours. The ledger adds it
 * to what is written and takes it off what is read; whoever reads rows as they lie on the disk (a backup, a check of one) uses this itself.
 * Of `!format` the id is not part of the sum: it is that row that says it.
 */
import { crc32 } from 'node:zlib';
import { makeError } from '../errors/gobs-error.ts';

/** The row that says which format the store has, and the store's id. */
export const formatKey = '!format';
harden(formatKey);

/** The row that says how often the store was opened, and how many batches it was given. */
export const stateKey = '!state';
harden(stateKey);

export interface RowChecksum {
  /** The value as it is on disk. */
  add(key: string, text: string): string;
  /** The text of a value from the disk. Throws ROW_DAMAGED, naming key, expected and found. */
  check(key: string, value: string): string;
}

const sumOf = (storeId: string, key: string, text: string): string => {
  const id = key === formatKey ? '' : storeId;
  return crc32(text, crc32(`${id}${key}\n`))
    .toString(16)
    .padStart(8, '0');
};

/** `storeId`: as `!format` has it; for that row itself, any. */
export const makeRowChecksum = (storeId: string): RowChecksum =>
  harden({
    add: (key, text) => `${sumOf(storeId, key, text)} ${text}`,
    check: (key, value) => {
      const found = value.slice(0, 8);
      const text = value.slice(9);
      const expected = sumOf(storeId, key, text);
      if (found === expected && value[8] === ' ') return text;
      throw makeError('ROW_DAMAGED', `row ${key}: checksum ${JSON.stringify(found)}, expected ${expected}`, {
        hint: 'nothing was overwritten; restore a backup',
      });
    },
  } satisfies RowChecksum);
harden(makeRowChecksum);
