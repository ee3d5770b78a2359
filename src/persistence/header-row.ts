/**
 * Rows whose key begins with `!`: the store's own. `<crc32 of key, line feed and JSON, 8 hex digits> <JSON>`, as actors' rows
 * are, so that one that was altered, cut short or is another's is told from one of ours.
 */
import { crc32 } from 'node:zlib';
import { makeError } from '../errors/gobs-error.ts';

const checksum = (key: string, json: string): string => crc32(`${key}\n${json}`).toString(16).padStart(8, '0');

export type HeaderRecord = Readonly<Record<string, string | number>>;

export const formatHeader = (key: string, record: HeaderRecord): string => {
  const json = JSON.stringify(record);
  return `${checksum(key, json)} ${json}`;
};
harden(formatHeader);

/** Throws STORE_DAMAGED, naming key, expected and found. `where` is what people call the store. */
export const parseHeader = (where: string, key: string, text: string): HeaderRecord => {
  const found = text.slice(0, 8);
  const json = text.slice(9);
  const expected = checksum(key, json);
  if (text !== `${expected} ${json}`) {
    throw makeError(
      'STORE_DAMAGED',
      `${where}: row ${key}: checksum ${expected} expected, ${JSON.stringify(found)} found`,
      {
        hint: 'nothing was changed; restore a backup',
      },
    );
  }
  return harden(JSON.parse(json) as HeaderRecord);
};
harden(parseHeader);

/** A count in a header. Throws STORE_DAMAGED unless it is a whole number of at least `least`. */
export const countIn = (where: string, key: string, record: HeaderRecord, name: string, least: number): number => {
  const count = record[name];
  if (typeof count === 'number' && Number.isSafeInteger(count) && count >= least) return count;
  throw makeError(
    'STORE_DAMAGED',
    `${where}: row ${key}: ${name} of ${least} or more expected, ${JSON.stringify(count) ?? 'none'} found`,
    { hint: 'nothing was changed; restore a backup' },
  );
};
harden(countIn);
