/** The rows of one durable map, read and written through the running turn. */
import { requireTurn } from './current-turn.ts';
import { joinPage, type EntryRows } from './durable-map.ts';
import type { GroupCommit } from './group-commit.ts';
import { entryPrefix, entryRange } from './keys.ts';
import type { MapPage } from './kind.ts';
import { compareKeys } from './key-order.ts';
import type { PortraitCodec } from './portrait-codec.ts';
import { makeQuietKit } from './promise-bridge.ts';
import { assertPassable } from './translate.ts';

export interface EntryRowsOptions {
  readonly vat: string;
  /** Instance number of the map. */
  readonly map: number;
  readonly codec: PortraitCodec;
  readonly read: (key: string) => string | undefined;
  readonly commits: GroupCommit;
  readonly enqueue: (step: () => void) => void;
}

export const makeEntryRows = ({ vat, map, codec, read, commits, enqueue }: EntryRowsOptions): EntryRows => {
  const prefix = entryPrefix(vat, map);

  const decode = (key: string, value: string | undefined): unknown =>
    value === undefined ? undefined : codec.decode(key, value).portrait;

  /** The durable keys behind `gt`, at most `limit`, joined with those on their way; values as of now. */
  const collect = async (gt: string, limit: number, settle: (page: () => MapPage<unknown>) => void): Promise<void> => {
    const range = { ...entryRange(vat, map), gt };
    const before = commits.pendingKeys(gt, range.lt);
    const stored = (await commits.page({ ...range, limit })).map(([key]) => key);
    settle(() => {
      const pending = [...before, ...commits.pendingKeys(gt, range.lt)];
      const { keys, end } = joinPage(stored, pending.filter((key) => compareKeys(key, gt) > 0), limit);
      const entries: (readonly [string, unknown])[] = [];
      for (const key of keys) {
        if (entries.length === limit) return { entries, next: entries[limit - 1]![0] };
        const value = commits.get(key);
        if (value !== undefined) entries.push([key.slice(prefix.length), decode(key, value)]);
      }
      return { entries, next: end === null ? null : end.slice(prefix.length) };
    });
  };

  return {
    read: (key) => decode(prefix + key, read(prefix + key)),
    has: (key) => read(prefix + key) !== undefined,
    write: (key, value) => {
      const row = prefix + key;
      const old = read(row);
      const change = old === undefined ? 1 : codec.decode(row, old).change + 1;
      assertPassable(value);
      requireTurn('set').write(row, codec.encode(row, { kind: 'entry', version: 1, change }, value));
    },
    remove: (key) => requireTurn('delete').write(prefix + key, undefined),
    page: (after, limit) => {
      const kit = makeQuietKit();
      const release = (): void => {
        collect(prefix + after, limit, (page) =>
          enqueue(() => {
            try {
              kit.resolve(harden(page()));
            } catch (error) {
              kit.reject(error);
            }
          }),
        ).catch((error: unknown) => enqueue(() => kit.reject(error)));
      };
      requireTurn('page').outputs.push({ release, fail: kit.reject });
      return kit.promise as Promise<MapPage<unknown>>;
    },
  };
};
