/**
 * The durable map: an actor whose entries are rows of their own, so that a turn costs what it touches and not what the map holds. Its
 * portrait is only the number of entries. See docs/explanation/store.md.
 */
import { M } from '@endo/patterns';
import { compareKeys } from './key-order.ts';
import { defineKind, type DurableMap, type MapPage } from './kind.ts';

/** The rows of one map, as the vat gives them to it. */
export interface EntryRows {
  read(key: string): unknown;
  has(key: string): boolean;
  write(key: string, value: unknown): void;
  remove(key: string): void;
  /** Answers after the turn is durable. */
  page(after: string, limit: number): Promise<MapPage<unknown>>;
}

export interface MapPowers {
  rowsOf(map: object): EntryRows;
}

const KEY_LIMIT = 500;
const PAGE_LIMIT = 1_000;

const checkKey = (key: unknown): void => {
  if (typeof key !== 'string' || key === '' || key.length > KEY_LIMIT || !key.isWellFormed()) {
    throw TypeError(`a map's key is a text of 1 to ${KEY_LIMIT} characters, not ${JSON.stringify(key)}`);
  }
};

const DurableMapI = M.interface('DurableMap', {
  get: M.call(M.string()).returns(M.any()),
  has: M.call(M.string()).returns(M.boolean()),
  set: M.call(M.string(), M.any()).returns(M.undefined()),
  delete: M.call(M.string()).returns(M.boolean()),
  size: M.call().returns(M.number()),
  page: M.call(M.splitRecord({ limit: M.number() }, { after: M.string() })).returns(M.promise()),
});

export interface MapPortrait {
  readonly size: number;
}

export const mapKind = defineKind<MapPortrait, DurableMap<unknown>, MapPowers>({
  label: 'map',
  guard: DurableMapI,
  portrait: M.splitRecord({ size: M.number() }),
  behave: (bcom, self, { size }, { rowsOf }) => {
    const rows = rowsOf(self);
    return {
      get: (key) => rows.read(key),
      has: (key) => rows.has(key),
      set: (key, value) => {
        checkKey(key);
        const isNew = !rows.has(key);
        rows.write(key, value);
        if (isNew) bcom(({ size: old }) => ({ size: old + 1 }));
      },
      delete: (key) => {
        if (!rows.has(key)) return false;
        rows.remove(key);
        bcom(({ size: old }) => ({ size: old - 1 }));
        return true;
      },
      size: () => size,
      page: ({ after = '', limit }) => rows.page(after, Math.max(1, Math.min(PAGE_LIMIT, Math.floor(limit)))),
    };
  },
});

/**
 * Joins a page of the store with keys that are, or were when it was asked for, not written yet. `stored` are the keys found in the
 * store, of at most `limit`; what is behind the last of a full page was not looked at, so the page ends there.
 */
export const joinPage = (
  stored: readonly string[],
  pending: readonly string[],
  limit: number,
): { readonly keys: readonly string[]; readonly end: string | null } => {
  const end = stored.length >= limit ? stored[stored.length - 1]! : null;
  const inReach = pending.filter((key) => end === null || compareKeys(key, end) <= 0);
  const keys = [...new Set([...stored, ...inReach])].sort(compareKeys);
  return { keys, end };
};
