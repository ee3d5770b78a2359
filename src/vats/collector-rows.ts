/**
 * What the collector reads and changes in rows. It knows no kinds and reads no portraits: the names of the references in a row
 * stand beside its portrait, and the two counts that it lowers are plain numbers in theirs.
 */
import { actorRange, type KeyRange } from './keys.ts';
import type { RefName } from './names.ts';
import { damaged, decodeRow, encodeRow, type Row } from './row.ts';

/** Rows by which the host world holds references: what other peers were given, and what locators lead to. */
export const hostRanges: readonly KeyRange[] = harden([
  { gt: 'p/', lt: 'p0' },
  { gt: 's/', lt: 's0' },
]);
harden(hostRanges);

/** Of a vat: its header, actors, entries of maps, and roots. */
const ROW = /^v\/[^/]+\/(?:!$|[amr]\/)/;
const EXPORT = /^p\/[^/]+\/x\//;

/** The names of the references in any row of the store. Throws ROW_DAMAGED. */
export const namesIn = (key: string, value: string): readonly RefName[] => {
  if (ROW.test(key)) return decodeRow(key, value).slots;
  if (EXPORT.test(key)) return [value];
  if (key.startsWith('s/')) return [value.slice(value.indexOf(' ') + 1)];
  return [];
};
harden(namesIn);

/** `v/boss/a/machine/7` → 7 */
export const instanceIn = (vat: string, key: string): number =>
  Number(key.slice(key.indexOf('/', actorRange(vat).gt.length) + 1));
harden(instanceIn);

/** The portrait of a header or of a map: a record, in smallcaps, whose numbers are written as they are. Throws ROW_DAMAGED. */
const recordIn = (key: string, { body }: Row): Readonly<Record<string, unknown>> => {
  const record = JSON.parse(body.slice(1)) as unknown;
  if (typeof record === 'object' && record !== null) return record as Readonly<Record<string, unknown>>;
  throw damaged(key, 'its portrait is no record');
};

/** A vat's header: its next instance number, how many actors it has (if that is counted), and whether another vat made it. */
export const readHeader = (
  key: string,
  value: string,
): { readonly next: number; readonly actors: number | undefined; readonly made: boolean } => {
  const { next, actors, type } = recordIn(key, decodeRow(key, value)) as {
    readonly next: number;
    readonly actors?: number;
    readonly type?: string;
  };
  return { next, actors, made: type !== undefined };
};
harden(readHeader);

/** The row with a count of its portrait lowered; as it was if it does not have it. */
export const lowered = (key: string, value: string, count: string, by: number): string => {
  const row = decodeRow(key, value);
  const record = recordIn(key, row);
  const before = record[count];
  if (typeof before !== 'number') return value;
  const body = `#${JSON.stringify({ ...record, [count]: before - by })}`;
  return encodeRow({ ...row, change: row.change + 1, body });
};
harden(lowered);
