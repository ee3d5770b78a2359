/**
 * Programs for the model test (random-programs.ts makes them): what messages say. An actor of the test does what its message says, in its turn, so a random program is random
 * vat code; the plain model (plain-model.ts) reads the same programs.
 *
 *   program ── steps ──▶ message { to, ops, gift }      one at a time, with all that follows from it
 *                        batch, overlap                 many at once; the second half while the first is being written
 *                        settle                         a promise of the host is settled
 *                        restart, upgrade, older        another process, also with kinds of another generation
 *                        forget, export, collect, …     what is garbage, and goes
 *                        backup, restore
 *
 * Steps have a fate: batches may fail, be written though they are said to have failed, or the process may die in front of a write or
 * right behind it. To tell in advance what must happen, a message whose fate is not to go well has at most one message that follows
 * from it, which has at most one, and so on; others may have many, which have none.
 */

/** Of the references that each actor holds: three, and from generation 2 on (kinds.ts) one more. */
export type Slot = 0 | 1 | 2 | 3;

/** On the map that each durable actor has. */
export type MapOp =
  | { readonly do: 'set'; readonly key: string; readonly n: number }
  | { readonly do: 'get' | 'delete'; readonly key: string }
  | { readonly do: 'size' };

export type Op =
  | MapOp
  /** `bcom` with a value, made from the portrait that the code was given. */
  | { readonly do: 'put'; readonly n: number }
  /** `bcom` with an updater. */
  | { readonly do: 'add'; readonly n: number }
  /** What the code was given; and what the actor has now, by a near call. */
  | { readonly do: 'read' | 'look' }
  /** Makes an actor and keeps it, an ephemeral one only if it is ephemeral itself; its code remembers it too, as it should not. */
  | { readonly do: 'spawn'; readonly slot: Slot; readonly n: number; readonly ephemeral: boolean }
  /** Makes a vat, and keeps its first actor, which has no map. */
  | { readonly do: 'found'; readonly slot: Slot; readonly n: number }
  | { readonly do: 'unlink' | 'take' | 'give'; readonly slot: Slot }
  | { readonly do: 'throw' | 'keep' }
  | { readonly do: 'page'; readonly after: string; readonly limit: number }
  /** Near calls; `caught`: what they throw ends there. */
  | { readonly do: 'near'; readonly slot: Slot; readonly ops: readonly Op[]; readonly caught: boolean }
  | { readonly do: 'self'; readonly ops: readonly Op[]; readonly caught: boolean }
  /** `bcom` with a value by code that was kept; a near call of an actor that was remembered. */
  | { readonly do: 'use'; readonly index: number; readonly n: number }
  | { readonly do: 'haunt'; readonly index: number }
  /** To an object of the host. */
  | { readonly do: 'tell'; readonly n: number }
  /** Turns that follow: of another actor, of this one, and of this one when the host settles a promise. */
  | { readonly do: 'send'; readonly slot: Slot; readonly ops: readonly Op[] }
  | { readonly do: 'later'; readonly ops: readonly Op[] }
  | { readonly do: 'when'; readonly gate: number; readonly ops: readonly Op[] };

export interface Message {
  /** Indices of references that the host has, modulo how many there are. */
  readonly to: number;
  readonly gift: number;
  readonly ops: readonly Op[];
}

/** What becomes of a step's writes, counted from 1. `lied`: written, and said to have failed. */
export type Fate =
  | { readonly end: 'well' }
  | { readonly end: 'failed' | 'lied' }
  | { readonly end: 'killed'; readonly write: number; readonly moment: 'before' | 'after' };

export type Step =
  | { readonly step: 'message'; readonly message: Message; readonly fate: Fate }
  | { readonly step: 'batch'; readonly messages: readonly Message[]; readonly fate: Fate }
  | {
      readonly step: 'overlap';
      readonly first: readonly Message[];
      readonly second: readonly Message[];
      readonly fate: { readonly end: 'well' | 'failed' };
    }
  | { readonly step: 'settle'; readonly gate: number }
  | { readonly step: 'restart' }
  /** A process ends in order, and one with the next generation of kinds begins; or one with those before, if the store lets it. */
  | { readonly step: 'upgrade' | 'older' }
  /** The host keeps so many of its references, beside the roots. */
  | { readonly step: 'forget'; readonly keep: number }
  /** The host gives a reference to a peer or a locator; gets one back from there; takes one away from there. */
  | { readonly step: 'export'; readonly index: number; readonly locator: boolean }
  | { readonly step: 'enliven' | 'revoke'; readonly index: number }
  /** A cycle of the collector while there are turns; and one in a process that has just begun, where it takes all that nobody can reach. */
  | { readonly step: 'collect'; readonly messages: readonly Message[] }
  | { readonly step: 'clean' }
  /** A backup, begun while a batch is being written that becomes durable, with others, when so many pages were read. */
  | { readonly step: 'backup'; readonly messages: readonly Message[]; readonly pages: number }
  /** The last backup; a restart if there is none. What was restored is backed up at once. */
  | { readonly step: 'restore' };

export interface Program {
  /** Of its kinds, at first. */
  readonly generation: number;
  /** Rows that the collector reads in one step. */
  readonly pace: number;
  /** Actors that a vat keeps in memory. */
  readonly cacheLimit: number;
  readonly steps: readonly Step[];
}

export const MOST_STEPS = 20;
export const GATES = 3;
/** Those that are there from the start; others are made by turns, `colony-1` and so on. */
export const VATS = ['a', 'b'] as const;
export type VatName = string;
