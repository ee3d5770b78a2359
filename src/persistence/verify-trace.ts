/** Is a row of the trace one? What another version of gobs wrote is left alone, as by whoever reads the trace. */
import { decodeRow } from '../vats/trace-rows.ts';
import type { Findings } from './verify-findings.ts';

const SLOT = /^t\/[0-9]{6,}$/;

const isText = (value: unknown): boolean => typeof value === 'string';
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isList = (value: unknown, isOne: (each: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(isOne);
const isTexts =
  (count: number) =>
  (value: unknown): boolean =>
    isList(value, isText) && (value as readonly unknown[]).length === count;
const orNone =
  (isOne: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === 0 || isOne(value);

/** As `Entry` of trace-record.ts has them. */
const columns: readonly ((value: unknown) => boolean)[] = [
  isText,
  isCount,
  isText,
  isText,
  isText,
  isText,
  orNone(isText),
  orNone(isTexts(2)),
  (changed) => isList(changed, isText),
  (effects) => isList(effects, isTexts(3)),
  isCount,
];

const isEntry = (entry: unknown): boolean =>
  Array.isArray(entry) && entry.length === columns.length && columns.every((is, at) => is(entry[at]));

const isTraceRow = (text: string): boolean => {
  try {
    const row = decodeRow(text);
    return row === undefined || (isCount(row.row) && isCount(row.first) && isList(row.entries, isEntry));
  } catch {
    return false;
  }
};

/** `text` is undefined if its checksum did not fit. */
export const checkTraceRow = (key: string, text: string | undefined, findings: Findings): void => {
  if (!SLOT.test(key)) findings.add('UNKNOWN_ROW', key, 'is no place of the trace');
  else if (text !== undefined && !isTraceRow(text)) findings.add('ROW_DAMAGED', key, 'has no records of turns');
};
harden(checkTraceRow);
