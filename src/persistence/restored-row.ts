/**
 * What a store that was restored from a backup says of that, in a row of its own:
 *
 *   !restored   {"at":ms,"taken":ms,"epoch":7,"numbers":n,"instances":n}
 *
 * **at** and **taken**: when it was restored, and when the backup was taken, by the clocks of who did that. **epoch**: of the backup.
 *
 * What was numbered after the backup is out there still: machines at providers, references in the portraits of hobs. So numbers go on where none was
 * ever given: **numbers** is the least that is given to other peers and to machines from then on, **instances** the least that is given to actors.
 */
import { countIn, parseHeader, type HeaderRecord } from './header-row.ts';
import type { RowChecksum } from './row-checksum.ts';

export const restoredKey = '!restored';
harden(restoredKey);

export interface RestoredRow {
  readonly at: number;
  readonly taken: number;
  readonly epoch: number;
  readonly numbers: number;
  readonly instances: number;
}

/** Throws STORE_DAMAGED. */
export const parseRestored = (where: string, checksum: RowChecksum, value: string): RestoredRow => {
  const record = parseHeader(where, checksum, restoredKey, value);
  const count = (name: string, least: number): number => countIn(where, restoredKey, record, name, least);
  return harden({
    at: count('at', 0),
    taken: count('taken', 0),
    epoch: count('epoch', 1),
    numbers: count('numbers', 1),
    instances: count('instances', 1),
  });
};
harden(parseRestored);

export const restoredRecord = ({ at, taken, epoch, numbers, instances }: RestoredRow): HeaderRecord =>
  harden({ at, taken, epoch, numbers, instances });
harden(restoredRecord);
