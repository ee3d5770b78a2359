/**
 * Whole numbers that a store counts with: of at most 15 digits, as in names (names.ts), so that what is added to one in the life of a store is exact
 * too.
 */
const MOST = 10 ** 15 - 1;

/** Of at least `least`, 0 by default. */
export const isCount = (value: unknown, least = 0): value is number =>
  Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= MOST;
harden(isCount);
