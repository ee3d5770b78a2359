/**
 * Whoever looks through all rows of a store, one after the other in the order of their keys, to see whether something is missing or wrong.
 * Readers are given each row once; several may read along (see src/persistence/row-check.ts, which has each row's checksum looked at first).
 */

/** One thing that is wrong. */
export interface RowFinding {
  readonly code: 'ROW_DAMAGED' | 'STORE_DAMAGED';
  /** Of the row that is wrong, or that says what should be there. */
  readonly key: string;
  /** One line, which names the key, what was expected and what was found. */
  readonly message: string;
}

export interface RowReader {
  /** `text` is without a checksum. Never throws. */
  row(key: string, text: string): readonly RowFinding[];
  /** After the last row. */
  end(): readonly RowFinding[];
}

/** The finding that there are not as many rows of some sort as the row `key` says; none if there are. */
export const countFinding = (key: string, what: string, expected: number, found: number): readonly RowFinding[] =>
  expected === found
    ? []
    : harden([{ code: 'STORE_DAMAGED', key, message: `row ${key}: ${expected} ${what} expected, ${found} found` }]);
harden(countFinding);

/** That a row is not what it should be; the message names the key. */
export const rowFinding = (key: string, message: string): readonly RowFinding[] =>
  harden([{ code: 'ROW_DAMAGED', key, message }]);
harden(rowFinding);
