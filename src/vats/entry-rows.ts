/** The rows of one durable map, read and written through the running turn. */
import type { EntryRows } from './durable-map.ts';
import { entryRange } from './keys.ts';
import type { MapPage } from './kind.ts';
import type { PortraitCodec } from './portrait-codec.ts';
import { makeQuietKit, type Kit } from './promise-bridge.ts';
import { requireVersion } from './row.ts';
import type { StoreEntry, PageRequest } from './store.ts';
import { assertPassable, translateReason } from './translate.ts';
import type { Turn } from './turn.ts';

export interface EntryRowsOptions {
  readonly vat: string;
  /** Instance number of the map. */
  readonly map: number;
  /** Its reference: held while somebody waits for a page of it, so that it is not taken away with its entries. */
  readonly self: object;
  readonly codec: PortraitCodec;
  /** The running turn; throws OUTSIDE_TURN. */
  readonly turnFor: (what: string) => Turn;
  /** Reads through the running turn. */
  readonly read: (key: string) => string | undefined;
  readonly page: (request: PageRequest) => Promise<readonly StoreEntry[]>;
  readonly enqueue: (step: () => void) => void;
}

const ROW = { kind: 'entry', version: 1 } as const;

export const makeEntryRows = (options: EntryRowsOptions): EntryRows => {
  const { vat, map, self, codec, turnFor, read, page, enqueue } = options;
  const { gt: prefix, lt } = entryRange(vat, map);

  /** Held by whoever takes itself out of it in the end. */
  const awaited = new Map<Kit, object>();

  const readRow = (key: string) => {
    const value = read(key);
    if (value === undefined) return undefined;
    const row = codec.decodeRow(key, value);
    requireVersion(key, row, ROW.kind, ROW.version);
    return row;
  };

  const readEntry = (key: string): { readonly value: unknown } | undefined => {
    const row = readRow(key);
    return row === undefined ? undefined : { value: codec.decodePortrait(key, row) };
  };

  /**
   * Values are read when the vat comes to it, not when the keys were looked up: what was on its way then may have failed since. They may
   * be on their way themselves; so no more than any other promise of the vat does this one tell the host before they are durable.
   */
  const answer = (found: readonly StoreEntry[], limit: number): MapPage<unknown> => {
    const entries = found.flatMap(([row]) => {
      const entry = readEntry(row);
      return entry === undefined ? [] : [[row.slice(prefix.length), entry.value] as const];
    });
    const last = found.length < limit ? undefined : found[limit - 1]![0];
    return harden({ entries, next: last === undefined ? null : last.slice(prefix.length) });
  };

  const collect = async (after: string, limit: number, kit: Kit): Promise<void> => {
    const found = await page({ gt: prefix + after, lt, limit });
    enqueue(() => {
      try {
        kit.resolve(answer(found, limit));
      } catch (error) {
        kit.reject(translateReason(error));
      } finally {
        awaited.delete(kit);
      }
    });
  };

  return harden({
    read: (key) => readEntry(prefix + key)?.value,
    has: (key) => read(prefix + key) !== undefined,
    write: (key, value) => {
      const row = prefix + key;
      const change = (readRow(row)?.change ?? 0) + 1;
      turnFor('set').write(row, codec.encode({ ...ROW, change }, assertPassable(value)));
    },
    remove: (key) => turnFor('delete').write(prefix + key, undefined),
    page: (after, limit) => {
      const kit = makeQuietKit();
      const turn = turnFor('page');
      awaited.set(kit, self);
      const fail = (reason: unknown): void => {
        awaited.delete(kit);
        kit.reject(reason);
      };
      const release = (): void => void collect(after, limit, kit).catch((error) => fail(translateReason(error)));
      turn.outputs.push({ release, fail });
      return kit.promise as Promise<MapPage<unknown>>;
    },
  } satisfies EntryRows);
};
harden(makeEntryRows);
