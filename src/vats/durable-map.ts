/**
 * The durable map: an actor whose entries are rows of their own, so that a turn costs what it touches and not what the map holds. Its
 * portrait is only the number of entries. See docs/explanation/store.md.
 */
import { M } from '@endo/patterns';
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

/** With at most three bytes for each, and the map's prefix, this is within what a store takes. */
const KEY_LIMIT = 300;
const PAGE_LIMIT = 1_000;

const shown = (key: unknown): string => (typeof key === 'string' ? JSON.stringify(key.slice(0, 60)) : typeof key);

/** Near calls are not checked by the guard. */
const requireText = (key: unknown): string => {
  if (typeof key === 'string') return key;
  throw TypeError(`a map's key is a text, not ${shown(key)}`);
};

const isKey = (text: string): boolean => text !== '' && text.length <= KEY_LIMIT && text.isWellFormed();

const requireKey = (key: unknown): string => {
  const text = requireText(key);
  if (isKey(text)) return text;
  throw TypeError(`a map's key is a text of 1 to ${KEY_LIMIT} characters, not ${shown(text)}`);
};

const requireRequest = ({ after = '', limit }: { readonly after?: string; readonly limit: number }) => {
  if (after !== '') requireKey(after);
  if (!Number.isSafeInteger(limit) || limit < 1) throw TypeError(`a page's limit is 1 or more, not ${limit}`);
  return { after, limit: Math.min(PAGE_LIMIT, limit) };
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
    // What cannot be a key is not there.
    const has = (key: string): boolean => isKey(requireText(key)) && rows.has(key);
    return {
      get: (key) => (has(key) ? rows.read(key) : undefined),
      has,
      set: (key, value) => {
        const isNew = !rows.has(requireKey(key));
        rows.write(key, value);
        if (isNew) bcom({ size: size + 1 });
      },
      delete: (key) => {
        if (!has(key)) return false;
        rows.remove(key);
        bcom({ size: size - 1 });
        return true;
      },
      size: () => size,
      page: (request) => {
        const { after, limit } = requireRequest(request);
        return rows.page(after, limit);
      },
    };
  },
});
harden(mapKind);
