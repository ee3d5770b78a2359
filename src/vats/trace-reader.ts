/** Reading the trace back, newest first, a few rows at a time: the ring may be long, and the vats have other things to do. */
import { codeOf } from '../errors/gobs-error.ts';
import type { RefName } from './names.ts';
import type { Store } from './store.ts';
import { recordOf, type Entry, type TraceRecord } from './trace-record.ts';
import { rowIn, slotKey, soundRow, type TraceRow } from './trace-rows.ts';
import type { Trace } from './trace.ts';

export interface TraceRequest {
  /** The `last` of an earlier page: only what is newer. Default: all there is. */
  readonly after?: number;
  /** At most so many, the newest. Default 100. */
  readonly limit?: number;
  /** Waits until there is something. */
  readonly wait?: boolean;
}

export interface TracePage {
  /** Oldest first. */
  readonly records: readonly TraceRecord[];
  /** The `after` of what comes next. */
  readonly last: number;
  /** There were more than the limit. */
  readonly cut: boolean;
}

export type AcceptRecord = (record: TraceRecord) => boolean;

type TraceStore = Pick<Store, 'get' | 'page'>;

const ROWS = 32;

interface Search {
  readonly after: number;
  readonly limit: number;
  readonly accept: AcceptRecord;
  /** Newest first. One more than the limit tells that there are others. */
  readonly found: TraceRecord[];
}

/** Looks at some records, the newest first; false when the search is over. */
const visit = (entries: readonly Entry[], first: number, { after, limit, accept, found }: Search): boolean => {
  for (let index = entries.length - 1; index >= 0; index -= 1) {
    if (first + index <= after || found.length > limit) return false;
    const record = recordOf(first + index, entries[index]!);
    if (accept(record)) found.push(record);
  }
  return found.length <= limit;
};

/** Where one of them is damaged, each by itself, and that one is passed over. */
const rowsInSlots = async (store: TraceStore, slot: number, count: number): Promise<(TraceRow | undefined)[]> => {
  const gt = slot === 0 ? 't/' : slotKey(slot - 1);
  try {
    const rows = await store.page({ gt, lt: slotKey(slot + count), limit: count });
    return rows.map(([, text]) => soundRow(text));
  } catch (error) {
    if (codeOf(error) !== 'ROW_DAMAGED') throw error;
    return Array.from({ length: count }, (_row, index) => rowIn(store.get, slot + index));
  }
};

/** `low` up to and without `high`, which are in slots that follow each other. */
const readRows = async (store: TraceStore, low: number, high: number, slots: number) => {
  const isOne = (row: TraceRow | undefined): row is TraceRow => row !== undefined && row.row >= low && row.row < high;
  const rows = await rowsInSlots(store, low % slots, high - low);
  return rows.filter(isOne).sort((one, other) => other.row - one.row);
};

const search = async (trace: Trace, store: TraceStore, wanted: Search): Promise<void> => {
  const { slots } = trace.limits;
  const { row: end, first, waiting } = trace.seen();
  if (!visit(waiting, first, wanted)) return;
  const oldest = Math.max(0, end - slots);
  for (let high = end; high > oldest;) {
    const low = Math.max(oldest, high - ROWS, Math.floor((high - 1) / slots) * slots);
    for (const row of await readRows(store, low, high, slots)) {
      if (!visit(row.entries, row.first, wanted)) return;
    }
    high = low;
  }
};

/** The number of the newest record. */
const newest = ({ first, waiting }: { readonly first: number; readonly waiting: readonly Entry[] }): number =>
  first + waiting.length - 1;

export const readTrace = async (
  trace: Trace,
  store: TraceStore,
  { after = 0, limit = 100, wait = false }: TraceRequest,
  accept: AcceptRecord = () => true,
): Promise<TracePage> => {
  for (let from = after; ;) {
    const seen = trace.seen();
    const last = Math.max(from, newest(seen));
    const more = trace.more();
    const found: TraceRecord[] = [];
    await search(trace, store, { after: from, limit, accept, found });
    // Whoever asks from beyond the end asks about another store.
    if (found.length > 0 || !wait || after > seen.given) {
      const records = found.slice(0, limit).reverse();
      const end = after > seen.given ? newest(seen) : last;
      return harden({ records, last: Math.max(end, records.at(-1)?.number ?? 0), cut: found.length > limit });
    }
    from = last;
    await more;
  }
};
harden(readTrace);

const withoutFacet = (name: RefName): string => name.slice(0, name.lastIndexOf('/'));

/** Turns of these actors, and those that changed them or sent to them; and what these senders sent. Names of references. */
export const isAbout = (names: readonly RefName[], senders: readonly string[] = []): AcceptRecord => {
  const wanted = new Set(names.map(withoutFacet));
  const isOne = (name: RefName): boolean => wanted.has(name) || wanted.has(withoutFacet(name));
  return ({ target, from, changed, effects }) =>
    isOne(target) || senders.includes(from) || changed.some(isOne) || effects.some((effect) => isOne(effect.target));
};
harden(isAbout);
