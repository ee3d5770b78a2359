/** Rows whose key begins with `!`: the store's own. Their text is a JSON record. */
import { describeError, makeError } from '../errors/gobs-error.ts';
import { isCount } from '../vats/counts.ts';
import { parseStored } from '../vats/json-shape.ts';
import { brief } from './brief.ts';
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
    const record = parseStored(checksum.check(key, value));
    if (typeof record === 'object' && record !== null) return harden(record as HeaderRecord);
    throw Error(`row ${key}: is no record`);
  } catch (error) {
    throw makeError('STORE_DAMAGED', `${where}: ${describeError(error).message}`, { hint });
  }
};
harden(parseHeader);

/** A count in a header. Throws STORE_DAMAGED unless it is a whole number of at least `least`. */
export const countIn = (where: string, key: string, record: HeaderRecord, name: string, least: number): number => {
  const count = record[name];
  if (isCount(count, least)) return count;
  const found = brief(JSON.stringify(count) ?? 'none', 40);
  throw makeError('STORE_DAMAGED', `${where}: row ${key}: ${name} of ${least} or more expected, ${found} found`, {
    hint,
  });
};
harden(countIn);
