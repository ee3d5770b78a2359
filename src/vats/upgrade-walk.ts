/**
 * Upgrades the rows of all open vats that are of an older version than their kind, one turn for each, a page at a time. Nobody need do
 * this, since an actor is upgraded when it is first called; it is for who wants to have it behind them, or to see beforehand what would
 * be. Rows of the newest version are only looked at: one whose portrait is not of its kind's shape, which its first call would find, is told of.
 */
import { describeError, type ErrorDescription } from '../errors/gobs-error.ts';
import { pagesIn } from './key-order.ts';
import { actorRange } from './keys.ts';
import { decodeRow, isStripped } from './row.ts';
import type { StoreEntry, PageRequest } from './store.ts';
import type { Vat } from './vat.ts';

export interface KindAndVersion {
  readonly kind: string;
  readonly version: number;
}

/** What became of one row. Rows that are as they should be are not told of. */
export type WalkedRow = { readonly vat: string; readonly key: string } & (
  | {
      readonly outcome: 'upgraded';
      readonly from: KindAndVersion;
      readonly to: KindAndVersion;
      /** How many actors of each kind were made for it. */
      readonly spawned: Readonly<Record<string, number>>;
    }
  /** Of a kind without successors: it stays as it is. */
  | { readonly outcome: 'retired'; readonly from: KindAndVersion }
  /** It stays as it is. */
  | { readonly outcome: 'failed'; readonly error: ErrorDescription }
);

export interface WalkOptions {
  readonly vats: () => Promise<Iterable<Vat>>;
  readonly page: (request: PageRequest) => Promise<readonly StoreEntry[]>;
  /** From groups not yet written, then from the store. */
  readonly get: (key: string) => string | undefined;
}

/** Rows, and so turns, under way at once. */
const PAGE = 200;

/** Of each kind, the actors that are in the writes of an upgrade's turn and were not there before, but for `own`. */
export const countSpawned = (
  vat: string,
  own: string,
  writes: ReadonlyMap<string, string | undefined>,
  before: (key: string) => string | undefined,
): Readonly<Record<string, number>> => {
  const { gt: prefix } = actorRange(vat);
  const counts = new Map<string, number>();
  for (const [key, value] of writes) {
    if (value === undefined || key === own || !key.startsWith(prefix) || before(key) !== undefined) continue;
    const kind = key.slice(prefix.length).split('/')[0]!;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return harden(Object.fromEntries(counts));
};
harden(countSpawned);

const walkRow = async (vat: Vat, [key, value]: StoreEntry, { get }: WalkOptions): Promise<WalkedRow | undefined> => {
  const where = { vat: vat.name, key };
  try {
    const row = decodeRow(key, value);
    if (isStripped(row)) return undefined;
    const from = { kind: row.kind, version: row.version };
    const stage = vat.stageOf(key, row);
    if (stage === 'current') {
      vat.requireSound(key, row);
      return undefined;
    }
    if (stage === 'retired') return { ...where, outcome: 'retired', from };
    const [kind, instance] = key.slice(actorRange(vat.name).gt.length).split('/') as [string, string];
    const spawned = await vat.upgrade({ kind, instance: Number(instance) });
    // A turn since then may have written it again: what is told is what is there.
    const now = decodeRow(key, get(key) ?? value);
    return { ...where, outcome: 'upgraded', from, to: { kind: now.kind, version: now.version }, spawned };
  } catch (error) {
    return { ...where, outcome: 'failed', error: describeError(error) };
  }
};

async function* walk(options: WalkOptions): AsyncGenerator<WalkedRow> {
  for (const vat of await options.vats()) {
    for await (const entries of pagesIn(options, actorRange(vat.name), PAGE)) {
      for (const row of await Promise.all(entries.map((entry) => walkRow(vat, entry, options)))) {
        if (row !== undefined) yield harden(row);
      }
    }
  }
}

/** Row by row, as they are asked for; each is durable when it is told of. */
export const walkUpgrades = (options: WalkOptions): AsyncGenerator<WalkedRow> => walk(options);
harden(walkUpgrades);
