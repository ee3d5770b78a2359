/**
 * The plain model's state: what there is, as ordinary objects. It is copied whole before everything that may have to be taken back, so there
 * is nothing clever in it that could be wrong in the same way as the journal of a turn.
 */
import type { Slot, VatName } from './program.ts';

export interface PlainEntry {
  n: number;
  change: number;
}

export interface PlainActor {
  readonly id: number;
  readonly vat: VatName;
  readonly ephemeral: boolean;
  /** Of its row: label and version. */
  kind: Kind;
  /** The label in its name. */
  readonly address: string;
  n: number;
  refs: (number | null)[];
  change: number;
  /** Another number for each portrait that it ever had; never used again. */
  portrait: number;
  /** A collector ran when nobody could reach it. */
  isGarbage?: boolean;
  /** Undefined for an ephemeral actor, and for the first of a vat that was made. */
  readonly map: { change: number; readonly entries: Map<string, PlainEntry> } | undefined;
}

export interface Kind {
  readonly label: string;
  readonly version: number;
}

export interface PlainState {
  readonly actors: Map<number, PlainActor>;
  /** Of each vat: the highest version of each kind that was written. */
  readonly kinds: Map<VatName, Map<string, number>>;
  /** Number of the next vat that is made. */
  nextVat: number;
  /** What peers were given, in the order of their numbers; what locators lead to, likewise. */
  readonly exports: { readonly peer: number[]; readonly locator: number[] };
  /** How often this store was restored. */
  restores: number;
}

export const emptyState = (): PlainState => ({
  actors: new Map(),
  kinds: new Map(),
  nextVat: 1,
  exports: { peer: [], locator: [] },
  restores: 0,
});

/** Thrown by the model's vat code. */
export class Thrown extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

export const copyActor = (actor: PlainActor): PlainActor => ({
  ...actor,
  refs: [...actor.refs],
  map: actor.map && {
    change: actor.map.change,
    entries: new Map([...actor.map.entries].map(([key, entry]) => [key, { ...entry }])),
  },
});

export const copyState = (state: PlainState): PlainState => ({
  ...state,
  actors: new Map([...state.actors].map(([id, actor]) => [id, copyActor(actor)])),
  kinds: new Map([...state.kinds].map(([vat, kinds]) => [vat, new Map(kinds)])),
  exports: { peer: [...state.exports.peer], locator: [...state.exports.locator] },
});

/** A row of that kind is written. */
export const noteKind = ({ kinds }: PlainState, vat: VatName, { label, version }: Kind): void => {
  const known = kinds.get(vat) ?? new Map<string, number>();
  kinds.set(vat, known.set(label, Math.max(known.get(label) ?? 0, version)));
};

export const withoutEphemeral = (state: PlainState): PlainState => ({
  ...state,
  actors: new Map([...state.actors].filter(([, { ephemeral }]) => !ephemeral)),
});

export const bytesOrder = (left: string, right: string): number =>
  Buffer.compare(Buffer.from(left), Buffer.from(right));

export const sortedEntries = (actor: PlainActor): (readonly [string, number])[] =>
  [...actor.map!.entries].map(([key, { n }]) => [key, n] as const).sort(([a], [b]) => bytesOrder(a, b));

/** What the code of a method was given. */
export interface Seen {
  readonly n: number;
  readonly refs: readonly (number | null)[];
  readonly portrait: number;
}

export const seenBy = ({ n, refs, portrait }: PlainActor): Seen => ({ n, refs: [...refs], portrait });

export const refIn = (seen: Seen, slot: Slot): number | null => seen.refs[slot] ?? null;
