/**
 * What the turns of the crash matrix change, made so that half a turn shows. A *desk* is alone in its vat with what it made. Each turn has a number of
 * its own, and leaves it in several rows that must move together:
 *
 *   log      a durable map: number → what the turn did
 *   desk     its portrait: how many turns, the sum of their numbers
 *   tallies  actors of their own: the sum of the numbers that were meant for them
 *   notes    tallies that turns made, by number, alone or two that refer to each other: in one of two durable maps, the other of which is the shelf.
 *            Turns drop them, move them from one to the other, and give them to other desks
 *   heard    a durable map, of what turns of other desks sent; and its count in the desk's portrait
 *
 * Desks make desks, in vats of their own. `look` tells all of it (desk-look.ts), and `checkLook` says what in it does not fit together.
 */
import { M } from '@endo/patterns';
import { E } from '../../../src/vats/eventual-send.ts';
import { defineKind, type DurableMap, type SpawnableKind, type TurnTools } from '../../../src/vats/kind.ts';
import type { MakeVat } from '../../../src/vats/vat-types.ts';
import { AgeShape, ageOfNew, stepsTo, type Age } from './aging.ts';
import { lookAtDesk, type DeskLook } from './desk-look.ts';
import { newTally, type Tally, type TallyKind } from './tallies.ts';

export type Deed = 'plain' | 'spawn' | 'ring' | 'drop' | 'move' | 'give' | 'send' | 'ask' | 'make' | 'caught' | 'throw';

/** What one turn is to do. */
export interface Job {
  readonly deed: Deed;
  /** Which tallies. */
  readonly tallies: readonly number[];
  /** Of the other desk: for `give`, `send` and `ask`, or the new one's for `make`. */
  readonly other: string;
  /** For `drop`, `move` and `give`: which note. */
  readonly note: number;
  readonly padding: string;
}

export type LogEntry = Omit<Job, 'padding'>;

export interface Desk {
  /** Answers when what it asked for is durable too. */
  work(number: number, job: Job, other?: Desk): unknown;
  hear(number: number, from: string): void;
  /** Hears that, and takes a note. */
  take(number: number, from: string, key: string, note: Tally): void;
  look(): Promise<DeskLook>;
}

/** What a desk makes in its first turn. */
interface Furniture {
  readonly tallies: readonly Tally[];
  readonly log: DurableMap<Job>;
  readonly notes: DurableMap<Tally>;
  readonly shelf: DurableMap<Tally>;
  readonly heard: DurableMap<number>;
  readonly made: DurableMap<Desk>;
}

export interface DeskPortrait {
  readonly name: string;
  readonly age: Age;
  readonly turns: number;
  readonly sum: number;
  readonly heardTurns: number;
  readonly furniture: Furniture | null;
}

export type DeskKind = SpawnableKind<DeskPortrait, Desk>;

/** Bound to the kind. */
export interface DeskPowers {
  readonly makeDesk: MakeVat<DeskPortrait, Desk, null>;
}

export const TALLIES = 3;
/** Durable maps of a desk. */
export const MAPS = 5;

export const newDesk = (version: number, name: string): DeskPortrait =>
  harden({ name, age: ageOfNew(version), turns: 0, sum: 0, heardTurns: 0, furniture: null });

const keyOf = (number: number): string => String(number).padStart(8, '0');

/** Takes a note from where it is; and says where it was. */
const takeNote = (
  number: number,
  { notes, shelf }: Furniture,
): { readonly key: string; readonly note: Tally; readonly from: DurableMap<Tally> } => {
  const key = keyOf(number);
  const from = notes.has(key) ? notes : shelf;
  const note = from.get(key)!;
  from.delete(key);
  return { key, note, from };
};

const DeskI = M.interface('Desk', {
  work: M.call(M.number(), M.record()).optional(M.remotable()).returns(M.any()),
  hear: M.call(M.number(), M.string()).returns(),
  take: M.call(M.number(), M.string(), M.string(), M.remotable()).returns(),
  look: M.call().returns(M.promise()),
});

const DeskShape = M.splitRecord({
  name: M.string(),
  age: AgeShape,
  turns: M.number(),
  sum: M.number(),
  heardTurns: M.number(),
  furniture: M.any(),
});

type Do = (number: number, job: Job, furniture: Furniture, other: Desk | undefined) => unknown;

const deedsOf = (
  name: string,
  { makeDesk, spawn }: DeskPowers & Pick<TurnTools, 'spawn'>,
  tallyKind: TallyKind,
): Record<Deed, Do> => {
  const { version } = tallyKind;
  return {
    plain: () => undefined,
    spawn: (number, _job, { notes }) => notes.set(keyOf(number), spawn(tallyKind, newTally(version, number))),
    ring: (number, _job, { notes }) => {
      const one = spawn(tallyKind, newTally(version, number));
      one.befriend(spawn(tallyKind, newTally(version, number, one)));
      notes.set(keyOf(number), one);
    },
    drop: (_number, { note }, furniture) => void takeNote(note, furniture),
    move: (_number, job, furniture) => {
      const { key, note, from } = takeNote(job.note, furniture);
      (from === furniture.notes ? furniture.shelf : furniture.notes).set(key, note);
    },
    give: (number, job, furniture, other) => {
      const { key, note } = takeNote(job.note, furniture);
      return E(other!).take(number, name, key, note);
    },
    send: (number, _job, _furniture, other) => void E(other!).hear(number, name),
    ask: (number, _job, _furniture, other) => E(other!).hear(number, name),
    make: (number, job, { made }) => {
      const desk = makeDesk({ name: job.other, about: null, portrait: newDesk(version, job.other) });
      made.set(job.other, desk);
      return E(desk).hear(number, name);
    },
    caught: (number, { tallies }, { tallies: all }) => {
      try {
        all[tallies[0]!]!.fail(number);
      } catch {
        // What it did is undone, and this turn goes on.
      }
    },
    throw: () => {
      throw Error('on purpose, after everything');
    },
  };
};

/** Of the version of the tallies that it makes. */
export const makeDeskKind = (tallyKind: TallyKind): DeskKind => {
  const { version } = tallyKind;
  return defineKind<DeskPortrait, Desk, DeskPowers>({
    label: 'desk',
    version,
    upgrades: stepsTo(version),
    guard: DeskI,
    portrait: DeskShape,
    behave: (bcom, _self, portrait, powers) => {
      const { spawn, makeMap } = powers;

      const furnished = (): Furniture => {
        if (portrait.furniture !== null) return portrait.furniture;
        const tallies = Array.from({ length: TALLIES }, () => spawn(tallyKind, newTally(version, 0)));
        const furniture = harden({
          tallies,
          log: makeMap<Job>(),
          notes: makeMap<Tally>(),
          shelf: makeMap<Tally>(),
          heard: makeMap<number>(),
          made: makeMap<Desk>(),
        });
        bcom((latest) => ({ ...latest, furniture }));
        return furniture;
      };

      const hearIn = ({ heard }: Furniture, number: number, from: string): void => {
        const key = `${from}:${number}`;
        heard.set(key, (heard.get(key) ?? 0) + 1);
        bcom((latest) => ({ ...latest, heardTurns: latest.heardTurns + 1 }));
      };

      return {
        work: (number, job, other) => {
          const furniture = furnished();
          furniture.log.set(keyOf(number), job);
          for (const tally of job.tallies) furniture.tallies[tally]!.add(number);
          bcom((latest) => ({ ...latest, turns: latest.turns + 1, sum: latest.sum + number }));
          return deedsOf(portrait.name, powers, tallyKind)[job.deed](number, job, furniture, other);
        },
        hear: (number, from) => hearIn(furnished(), number, from),
        take: (number, from, key, note) => {
          const furniture = furnished();
          furniture.notes.set(key, note);
          hearIn(furniture, number, from);
        },
        look: () => lookAtDesk(portrait, powers),
      };
    },
  });
};
