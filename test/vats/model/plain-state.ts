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
  n: number;
  readonly refs: (number | null)[];
  change: number;
  /** Another number for each portrait that it ever had; never used again. */
  portrait: number;
  /** Undefined for an ephemeral actor. */
  readonly map: { change: number; readonly entries: Map<string, PlainEntry> } | undefined;
}

export interface PlainState {
  readonly actors: Map<number, PlainActor>;
}

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
  actors: new Map([...state.actors].map(([id, actor]) => [id, copyActor(actor)])),
});

export const withoutEphemeral = (state: PlainState): PlainState => ({
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

export const refIn = (seen: Seen, slot: Slot): number | null => seen.refs[slot]!;
