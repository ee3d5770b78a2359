/** What the turns of a crash child are to do, by chance, from what it knows to be there. */
import type { Chance } from './chance.ts';
import type { DeskLook } from './desk-look.ts';
import { TALLIES, type Deed, type Job } from './desks.ts';
import { FIRST_DESKS } from './office.ts';

export interface Known {
  readonly desks: string[];
  /** By desk: those that no turn under way is about. */
  readonly notes: Map<string, number[]>;
  /** May there be others? */
  readonly isAll: boolean;
}

const MOST_DESKS = 4;
const MOST_NOTES = 12;

/** Undefined: nobody has looked. */
export const learn = (looks: readonly DeskLook[] | undefined): Known => ({
  desks: looks?.map(({ name }) => name) ?? [...FIRST_DESKS],
  notes: new Map(looks?.map(({ name, notes, shelf }) => [name, [...notes, ...shelf].map(([number]) => number)])),
  isAll: looks !== undefined,
});

const notesAt = ({ notes }: Known, desk: string): number[] => {
  const known = notes.get(desk) ?? [];
  notes.set(desk, known);
  return known;
};

const isAboutNote = (deed: Deed): boolean => deed === 'drop' || deed === 'move' || deed === 'give';

const possibleDeed = (chance: Chance, deed: Deed, own: number, { desks, isAll }: Known): Deed => {
  if (isAboutNote(deed) && own === 0) return deed === 'drop' ? 'ring' : 'spawn';
  if (deed === 'make' && !(isAll && desks.length < MOST_DESKS && chance.oneIn(2))) return 'plain';
  return (deed === 'spawn' || deed === 'ring') && own >= MOST_NOTES ? 'drop' : deed;
};

export const makeJob = (chance: Chance, deeds: readonly Deed[], number: number, at: string, known: Known): Job => {
  const own = notesAt(known, at);
  const deed = possibleDeed(chance, chance.pick(deeds), own.length, known);
  const others = known.desks.filter((name) => name !== at);
  return harden({
    deed,
    tallies: Array.from({ length: TALLIES }, (_, tally) => tally).filter((tally) => tally === 0 || chance.oneIn(2)),
    other: deed === 'make' ? `made-${number}` : chance.pick(others),
    note: isAboutNote(deed) ? own.splice(chance.between(0, own.length - 1), 1)[0]! : 0,
    // Now and then a batch that is more than one block of LevelDB's log.
    padding: 'x'.repeat(chance.oneIn(20) ? 40_000 : chance.between(0, 200)),
  });
};

/** A turn was acknowledged. */
export const learnFrom = ({ deed, other, note }: Job, number: number, at: string, known: Known): void => {
  if (deed === 'make') known.desks.push(other);
  if (deed === 'spawn' || deed === 'ring') notesAt(known, at).push(number);
  if (deed === 'move') notesAt(known, at).push(note);
  if (deed === 'give') notesAt(known, other).push(note);
};
