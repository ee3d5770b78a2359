/** Is it a record of a turn, as it is written? Whoever reads the trace asks, since one that is none would end that. */
import { isCount } from './counts.ts';
import type { Entry } from './trace-record.ts';

const isText = (value: unknown): boolean => typeof value === 'string';
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
const isNumber = (value: unknown): boolean => isCount(value);

/** As `Entry` of trace-record.ts has them. */
const columns: readonly ((value: unknown) => boolean)[] = [
  isText,
  isNumber,
  isText,
  isText,
  isText,
  isText,
  orNone(isText),
  orNone(isTexts(2)),
  (changed) => isList(changed, isText),
  (effects) => isList(effects, isTexts(3)),
  isNumber,
];

export const isEntry = (entry: unknown): entry is Entry =>
  Array.isArray(entry) && entry.length === columns.length && columns.every((is, at) => is(entry[at]));
harden(isEntry);
