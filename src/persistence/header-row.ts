/** Rows whose key begins with `!`: the store's own. Their text is a JSON record. */
import { describeError, makeError } from '../errors/gobs-error.ts';
import type { RowChecksum } from './row-checksum.ts';

export type HeaderRecord = Readonly<Record<string, string | number>>;

const hint = 'nothing was changed; restore a backup';

/** The value as it is on disk. */
export const formatHeader = (checksum: RowChecksum, key: string, record: HeaderRecord): string =>
  checksum.add(key, JSON.stringify(record));
harden(formatHeader);

/** Of a value from the disk. Throws STORE_DAMAGED, naming key, expected and found. `where` is what people call the store. */
export const parseHeader = (where: string, checksum: RowChecksum, key: string, value: string): HeaderRecord => {
  try {
    return harden(JSON.parse(checksum.check(key, value)) as HeaderRecord);
  } catch (error) {
    throw makeError('STORE_DAMAGED', `${where}: ${describeError(error).message}`, { hint });
  }
};
harden(parseHeader);

/** A count in a header. Throws STORE_DAMAGED unless it is a whole number of at least `least`. */
export const countIn = (where: string, key: string, record: HeaderRecord, name: string, least: number): number => {
  const count = record[name];
  if (typeof count === 'number' && Number.isSafeInteger(count) && count >= least) return count;
  throw makeError(
    'STORE_DAMAGED',
    `${where}: row ${key}: ${name} of ${least} or more expected, ${JSON.stringify(count) ?? 'none'} found`,
    { hint },
  );
};
harden(countIn);
