/**
 * Plain text tables. Cells hold text from hosts and providers, so each is made printable: a cell is always one cell on one line,
 * whatever is in it. There are no colours and no lines, so that the same text can be read, cut and grepped.
 */
import { printable } from '../protocol/printable.ts';

/** A cell longer than this is cut, with `…` at its end; `--json` has all of it. */
const WIDEST = 100;

const characters = (text: string): number => [...text].length;

/** One cell: printable, and cut. */
export const lineCell = (value: unknown): string => {
  const text = printable(String(value));
  return characters(text) <= WIDEST ? text : `${[...text].slice(0, WIDEST - 1).join('')}…`;
};

harden(lineCell);
const cell = lineCell;

/** Lines without a break at the end; an empty cell is shown as `-`. Every row has as many cells as there are headings. */
export const renderTable = (headings: readonly string[], rows: readonly (readonly unknown[])[]): string => {
  const lines = [headings, ...rows.map((row) => row.map((value) => cell(value) || '-'))];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => characters(line[column] ?? ''))));
  const pad = (text: string, column: number) => text + ' '.repeat(widths[column]! - characters(text));
  return lines.map((line) => line.map(pad).join('  ').trimEnd()).join('\n');
};
harden(renderTable);

/** `name: value` lines, values aligned. */
export const renderFields = (fields: readonly (readonly [name: string, value: unknown])[]): string => {
  const width = Math.max(0, ...fields.map(([name]) => characters(name)));
  return fields
    .map(([name, value]) => `${name}:${' '.repeat(width - characters(name))} ${cell(value) || '-'}`)
    .join('\n');
};
harden(renderFields);

const SECOND = 1000;
const UNITS = [
  { size: 86_400 * SECOND, name: 'd' },
  { size: 3_600 * SECOND, name: 'h' },
  { size: 60 * SECOND, name: 'min' },
  { size: SECOND, name: 's' },
] as const;

/** `3 min ago`; `never` for null. Clocks differ: what is ahead of `now` is `now`. */
export const age = (at: number | null, now: number): string => {
  if (at === null) return 'never';
  const passed = now - at;
  const unit = UNITS.find(({ size }) => passed >= size);
  return unit === undefined ? 'now' : `${Math.floor(passed / unit.size)} ${unit.name} ago`;
};
harden(age);

/** `2025-11-20 08:30:12Z` */
export const moment = (at: number): string => {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? String(at) : `${date.toISOString().slice(0, 19).replace('T', ' ')}Z`;
};
harden(moment);
