/** Rows: how a portrait is written. The format is in docs/explanation/store.md. Whether a row is as it was written, the store knows. */
import { describeError, makeError } from '../errors/gobs-error.ts';
import { isCount } from './counts.ts';
import { checkShape, parseStored, storedLimits } from './json-shape.ts';
import type { RefName } from './names.ts';

export interface Row {
  readonly kind: string;
  readonly version: number;
  /** Rises by one with each change of the actor. */
  readonly change: number;
  /** The portrait in smallcaps encoding. */
  readonly body: string;
  /** Names of the references in it, in the order in which the body counts them. */
  readonly slots: readonly RefName[];
}

interface Written {
  readonly k: string;
  readonly v: number;
  readonly c: number;
  readonly b: string;
  readonly s: readonly RefName[];
}

/** As long as a label may be. */
const LONGEST_KIND = 63;

/** Nobody strips another row; a map loses its entries. */
const mayBeStripped = (key: string, kind: string): boolean => /^v\/[^/]+\/a\//.test(key) && kind !== 'map';

const isWritten = (key: string, value: unknown): value is Written => {
  if (typeof value !== 'object' || value === null) return false;
  const { k, v, c, b, s } = value as Written;
  const strings = typeof k === 'string' && k.length <= LONGEST_KIND && typeof b === 'string' && Array.isArray(s);
  if (!strings || !s.every((slot) => typeof slot === 'string') || !isCount(c, 1)) return false;
  // As `stripped` leaves it.
  return v === 0 ? b === '#null' && s.length === 0 && mayBeStripped(key, k) : isCount(v, 1);
};

/** Throws LIMIT_EXCEEDED for a portrait that nobody could read back. */
export const encodeRow = ({ kind, version, change, body, slots }: Row): string => {
  checkShape(body, storedLimits);
  return JSON.stringify({ k: kind, v: version, c: change, b: body, s: slots } satisfies Written);
};
harden(encodeRow);

export const damaged = (key: string, what: string): Error =>
  makeError('ROW_DAMAGED', `row ${key}: ${what}`, { hint: 'nothing was overwritten; restore a backup' });
harden(damaged);

const orDamaged = <T>(key: string, read: () => T): T => {
  try {
    return read();
  } catch (error) {
    throw damaged(key, describeError(error).message);
  }
};

/** Throws ROW_DAMAGED, naming the key, for what is no row, or has a portrait that is too much for whoever reads it. */
export const decodeRow = (key: string, text: string): Row => {
  const written = orDamaged(key, () => parseStored(text));
  if (!isWritten(key, written)) throw damaged(key, `{"k","v","c","b","s"} expected, ${text.slice(0, 40)} found`);
  const { k, v, c, b, s } = written;
  orDamaged(key, () => checkShape(b, storedLimits));
  return { kind: k, version: v, change: c, body: b, slots: s };
};
harden(decodeRow);

/**
 * The row of an actor that nobody can reach, without its portrait: it refers to nothing, and is of no version, so no upgrade begins with it. A collector writes
 * it before it takes it away; one that is killed in between leaves it to the next.
 */
export const stripped = (row: Row): string =>
  encodeRow({ ...row, version: 0, change: row.change + 1, body: '#null', slots: [] });
harden(stripped);

export const isStripped = ({ version }: Row): boolean => version === 0;
harden(isStripped);

/** Refuses a row that a newer program wrote: NEWER_VERSION, naming key, expected and found. */
export const requireNotNewer = (key: string, { kind, version }: Row, known: number): void => {
  if (version <= known) return;
  throw makeError('NEWER_VERSION', `row ${key}: ${kind} version ${version}, known ${known}`, {
    hint: 'use the gobs that wrote it, or a newer one',
  });
};
harden(requireNotNewer);

/** For rows without upgrades: refuses all but that label and version with UNKNOWN_KIND, NEWER_VERSION or OLDER_VERSION. */
export const requireVersion = (key: string, row: Row, label: string, version: number): void => {
  if (row.kind !== label) throw makeError('UNKNOWN_KIND', `row ${key} is of kind ${row.kind}, expected ${label}`);
  requireNotNewer(key, row, version);
  if (row.version < version) {
    throw makeError('OLDER_VERSION', `row ${key}: ${row.kind} version ${row.version}, known ${version}`);
  }
};
harden(requireVersion);
