/**
 * Sweeping: the rows of the actors that were condemned go away, in bounded batches, each of which leaves counts that are right: a killed
 * process leaves garbage, for the next cycle, and nothing that is half there.
 *
 *   a map's entries, batch by batch, its size with them ──▶ its row, together with those of other actors and their vat's header
 */
import { instanceIn, lowered, readHeader } from './collector-rows.ts';
import { mapKind } from './durable-map.ts';
import type { GroupCommit } from './group-commit.ts';
import { actorRange, entryRange, vatHeaderKey, vatRange, type KeyRange } from './keys.ts';
import type { StoreEntry, StoreOp } from './store.ts';
import { decodeRow } from './row.ts';

export interface Sweep {
  /** Takes the condemned actors of one vat away, and the vat if another had made it and nothing is left of it. */
  vat(vat: string): Promise<void>;
  readonly actors: number;
  readonly entries: number;
  readonly vats: number;
}

export interface SweepOptions {
  readonly rows: Pick<GroupCommit, 'get' | 'page'>;
  /** Throws, and writes nothing, if the sweep must not go on. */
  readonly write: (ops: readonly StoreOp[]) => Promise<void>;
  readonly isCondemned: (vat: string, instance: number) => boolean;
  /** Lets the vats run. */
  readonly breathe: () => Promise<void>;
  /** What the vat has in memory of its header is not what is stored. */
  readonly headerChanged: (vat: string) => void;
  readonly vatGone: (vat: string) => void;
  /** Rows that a step reads, and a batch takes away, at most. */
  readonly pace: number;
}

const del = (key: string): StoreOp => ({ type: 'del', key });

export const makeSweep = (options: SweepOptions): Sweep => {
  const { rows, write, isCondemned, breathe, headerChanged, vatGone, pace } = options;
  const swept = { actors: 0, entries: 0, vats: 0 };

  async function* pagesOf({ gt, lt }: KeyRange): AsyncGenerator<readonly StoreEntry[]> {
    for (let from = gt; ;) {
      const page = await rows.page({ gt: from, lt, limit: pace });
      yield page;
      if (page.length < pace) return;
      from = page[pace - 1]![0];
      await breathe();
    }
  }

  /** The row with a count lowered, as it is now. */
  const lower = (key: string, count: string, by: number): readonly StoreOp[] => {
    const value = rows.get(key);
    return value === undefined ? [] : [{ type: 'put', key, value: lowered(key, value, count, by) }];
  };

  /** Writes together what takes actors away. */
  const takeAway = async (vat: string, ops: readonly StoreOp[], actors: number): Promise<void> => {
    const written = write([...ops, ...lower(vatHeaderKey(vat), 'actors', actors)]);
    headerChanged(vat);
    await written;
    swept.actors += actors;
  };

  /** All but the last entries of a condemned map; these are given, to go with its row. */
  const empty = async (vat: string, key: string): Promise<readonly StoreOp[]> => {
    for await (const page of pagesOf(entryRange(vat, instanceIn(vat, key)))) {
      const ops = page.map(([entry]) => del(entry));
      swept.entries += ops.length;
      if (ops.length < pace) return ops;
      await write([...ops, ...lower(key, 'size', ops.length)]);
    }
    return [];
  };

  const opsFor = async (vat: string, [key, value]: StoreEntry): Promise<readonly StoreOp[]> => {
    const isMap = decodeRow(key, value).kind === mapKind.label;
    return [...(isMap ? await empty(vat, key) : []), del(key)];
  };

  const sweepPage = async (vat: string, page: readonly StoreEntry[]): Promise<void> => {
    let ops: StoreOp[] = [];
    let actors = 0;
    for (const entry of page) {
      if (!isCondemned(vat, instanceIn(vat, entry[0]))) continue;
      ops.push(...(await opsFor(vat, entry)));
      actors += 1;
      if (ops.length < pace) continue;
      await takeAway(vat, ops, actors);
      [ops, actors] = [[], 0];
    }
    if (actors > 0) await takeAway(vat, ops, actors);
  };

  const isEmpty = (vat: string): boolean => {
    const key = vatHeaderKey(vat);
    const value = rows.get(key);
    if (value === undefined) return false;
    const { made, actors } = readHeader(key, value);
    return made && actors === 0;
  };

  /** Nobody can make an actor in it any more: that would take a turn of one. Its header goes last. */
  const takeVatAway = async (vat: string): Promise<void> => {
    const header = vatHeaderKey(vat);
    for await (const page of pagesOf(vatRange(vat))) {
      // Made again meanwhile.
      if (!isEmpty(vat)) return;
      const isLast = page.length < pace;
      const keys = page.map(([key]) => key).filter((key) => key !== header);
      const written = write([...keys, ...(isLast ? [header] : [])].map(del));
      if (isLast) vatGone(vat);
      await written;
    }
    swept.vats += 1;
  };

  return harden({
    vat: async (vat) => {
      for await (const page of pagesOf(actorRange(vat))) await sweepPage(vat, page);
      if (isEmpty(vat)) await takeVatAway(vat);
    },
    get actors() {
      return swept.actors;
    },
    get entries() {
      return swept.entries;
    },
    get vats() {
      return swept.vats;
    },
  } satisfies Sweep);
};
harden(makeSweep);
