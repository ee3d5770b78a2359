/**
 * Where records of turns are kept: rows `t/<slot>`, written round and round, so that they are bounded in number and bytes, and nothing has to
 * be deleted.
 *
 *   row n is in slot n mod slots:   … 1021 1022 1023 │ 1024 1025 │ 2 3 4 …      the newest is before the jump
 *
 * The newest row is found by halving, which needs no row that says where it is.
 */
import { codeOf } from '../errors/gobs-error.ts';
import { isCount } from './counts.ts';
import { parseStored } from './json-shape.ts';
import { isEntry } from './trace-entry.ts';
import type { Entry } from './trace-record.ts';

export interface TraceRow {
  /** Counts rows, from 0. */
  readonly row: number;
  /** The number of its first turn. */
  readonly first: number;
  readonly entries: readonly Entry[];
}

export interface TraceLimits {
  readonly slots: number;
  /** Characters of a row's records. */
  readonly rowLength: number;
  /** Records in memory. */
  readonly waiting: number;
}

export const traceLimits: TraceLimits = harden({ slots: 1_024, rowLength: 8_192, waiting: 1_000 });
harden(traceLimits);

const VERSION = 1;
const DIGITS = 6;

export const slotKey = (slot: number): string => `t/${String(slot).padStart(DIGITS, '0')}`;
harden(slotKey);

const encodeRow = (row: number, first: number, entries: readonly string[]): string =>
  `{"v":${VERSION},"n":${row},"s":${first},"r":[${entries.join(',')}]}`;

/** Undefined for what another version wrote. Throws for what is no row. */
export const decodeRow = (text: string): TraceRow | undefined => {
  const { v, n, s, r } = Object(parseStored(text)) as Readonly<Record<string, unknown>>;
  if (isCount(v, 1) && v !== VERSION) return undefined;
  if (v !== VERSION || !isCount(n) || !isCount(s) || !Array.isArray(r) || !r.every(isEntry)) {
    throw Error('it is no row');
  }
  return { row: n, first: s, entries: r };
};
harden(decodeRow);

/** Undefined too for what is no row. */
export const soundRow = (text: string): TraceRow | undefined => {
  try {
    return decodeRow(text);
  } catch {
    return undefined;
  }
};
harden(soundRow);

type Get = (key: string) => string | undefined;

/** Undefined too if the row is damaged: that ends nothing but the trace before it. Throws what else `get` throws. */
export const rowIn = (get: Get, slot: number): TraceRow | undefined => {
  try {
    const text = get(slotKey(slot));
    return text === undefined ? undefined : soundRow(text);
  } catch (error) {
    if (codeOf(error) === 'ROW_DAMAGED') return undefined;
    throw error;
  }
};
harden(rowIn);

/** The rows of these entries, each as full as may be. What is longer than a row has one of its own. */
export const rowsOf = (
  entries: readonly Entry[],
  from: { readonly row: number; readonly first: number },
  { slots, rowLength }: TraceLimits,
): readonly (readonly [key: string, value: string])[] => {
  const rows: (readonly [string, string])[] = [];
  let texts: string[] = [];
  let length = 0;
  let { first } = from;
  const end = (): void => {
    if (texts.length === 0) return;
    const row = from.row + rows.length;
    rows.push([slotKey(row % slots), encodeRow(row, first, texts)]);
    first += texts.length;
    texts = [];
    length = 0;
  };
  for (const entry of entries) {
    const text = JSON.stringify(entry);
    if (length + text.length > rowLength) end();
    texts.push(text);
    length += text.length;
  }
  end();
  return rows;
};
harden(rowsOf);

/** The newest row; undefined if there is none. Throws as `get` does, but not ROW_DAMAGED. */
export const newestRow = (get: Get, slots: number): TraceRow | undefined => {
  let newest = rowIn(get, 0);
  if (newest === undefined) return undefined;
  const start = newest.row;
  // Slots up to `low` are of the newest round, those from `high` on are not.
  let [low, high] = [0, slots];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    const found = rowIn(get, middle);
    if (found?.row === start + middle) [low, newest] = [middle, found];
    else high = middle;
  }
  return newest;
};
harden(newestRow);
