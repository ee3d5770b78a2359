/**
 * Sweeping, in bounded batches, each of which leaves a store in which counts are right and every reference leads somewhere: a backup may be made
 * in between, and a killed process leaves garbage for the next cycle, and nothing that is half there.
 *
 *   strip, in all vats: what is condemned refers to nothing any more; maps lose their entries, and their size with them; a vat that
 *   nothing in is held loses its roots
 *   ──▶ take away: the rows themselves, and from the count in their vat's header
 */
import { instanceIn, lowered, readHeader } from './collector-rows.ts';
import { mapKind } from './durable-map.ts';
import type { GroupCommit } from './group-commit.ts';
import { actorRange, entryRange, rootRange, vatHeaderKey, vatRange, type KeyRange } from './keys.ts';
import { pagesIn } from './key-order.ts';
import type { StoreEntry, StoreOp } from './store.ts';
import { decodeRow, stripped } from './row.ts';

export interface Sweep {
  /** What is condemned in one vat refers to nothing any more. First for all vats: they may refer to each other's. */
  strip(vat: string): Promise<void>;
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
  /** Of a vat that another made: nobody can reach anything in it. */
  readonly isUnheld: (vat: string) => boolean;
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
  const { rows, write, isCondemned, isUnheld, breathe, headerChanged, vatGone, pace } = options;
  const swept = { actors: 0, entries: 0, vats: 0 };

  async function* pagesOf(range: KeyRange): AsyncGenerator<readonly StoreEntry[]> {
    for await (const page of pagesIn(rows, range, pace)) {
      yield page;
      if (page.length === pace) await breathe();
    }
  }

  /** The row with a count lowered, as it is now. */
  const lower = (key: string, count: string, by: number): readonly StoreOp[] => {
    const value = rows.get(key);
    return value === undefined ? [] : [{ type: 'put', key, value: lowered(key, value, count, by) }];
  };

  const condemnedIn = (vat: string, page: readonly StoreEntry[]): readonly StoreEntry[] =>
    page.filter(([key]) => isCondemned(vat, instanceIn(vat, key)));

  const empty = async (vat: string, key: string): Promise<void> => {
    for await (const page of pagesOf(entryRange(vat, instanceIn(vat, key)))) {
      if (page.length === 0) return;
      await write([...page.map(([entry]) => del(entry)), ...lower(key, 'size', page.length)]);
      swept.entries += page.length;
    }
  };

  const stripPage = async (vat: string, page: readonly StoreEntry[]): Promise<void> => {
    const ops: StoreOp[] = [];
    for (const [key, value] of condemnedIn(vat, page)) {
      const row = decodeRow(key, value);
      if (row.kind === mapKind.label) await empty(vat, key);
      else if (row.slots.length > 0) ops.push({ type: 'put', key, value: stripped(row) });
    }
    if (ops.length > 0) await write(ops);
  };

  const stripRoots = async (vat: string): Promise<void> => {
    for await (const page of pagesOf(rootRange(vat))) {
      if (page.length === 0) return;
      const written = write([...page.map(([key]) => del(key)), ...lower(vatHeaderKey(vat), 'roots', page.length)]);
      headerChanged(vat);
      await written;
    }
  };

  const takeAway = async (vat: string, page: readonly StoreEntry[]): Promise<void> => {
    const ops = condemnedIn(vat, page).map(([key]) => del(key));
    if (ops.length === 0) return;
    const written = write([...ops, ...lower(vatHeaderKey(vat), 'actors', ops.length)]);
    headerChanged(vat);
    await written;
    swept.actors += ops.length;
  };

  const isEmpty = (vat: string): boolean => {
    const key = vatHeaderKey(vat);
    const value = rows.get(key);
    if (value === undefined) return false;
    return readHeader(key, value).actors === 0;
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
    strip: async (vat) => {
      if (isUnheld(vat)) await stripRoots(vat);
      for await (const page of pagesOf(actorRange(vat))) await stripPage(vat, page);
    },
    vat: async (vat) => {
      for await (const page of pagesOf(actorRange(vat))) await takeAway(vat, page);
      if (isUnheld(vat) && isEmpty(vat)) await takeVatAway(vat);
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
