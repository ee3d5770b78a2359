/** What in a look at the desks does not fit together: traces of half a turn or half an upgrade, of a message that came before its turn or came twice, of notes that went astray. */
import { stampOf, type AgeLook } from './aging.ts';
import type { RowsLook } from './check-rows.ts';
import type { DeskLook } from './desk-look.ts';
import { MAPS, TALLIES, type LogEntry } from './desks.ts';
import type { LoneTallyLook, TallyLook } from './tallies.ts';

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);

const same = (what: string, found: unknown, expected: unknown): string[] =>
  found === expected ? [] : [`${what} is ${String(found)}, expected ${String(expected)}`];

/** Whoever is looked at was revived. */
const checkAge = (what: string, { since, at, stamped }: AgeLook, version: number): string[] => [
  ...same(`version of ${what}`, at, version),
  ...same(`stamp of ${what}`, stamped, stampOf({ since, at })),
];

const checkTally = (what: string, tally: LoneTallyLook, sum: number, version: number): string[] => [
  ...same(what, tally.sum, sum),
  ...checkAge(what, tally, version),
];

const checkDesk = (look: DeskLook, version: number): string[] => {
  const { name, age, turns, sum, tallies, logSize, log, heard, heardTurns } = look;
  const numbers = log.map(([number]) => number);
  const tallied = (tally: number): number =>
    sumOf(log.filter(([, entry]) => entry.tallies.includes(tally)).map(([number]) => number));
  return [
    ...checkAge('the desk', age, version),
    ...same('number of turns', turns, numbers.length),
    ...same('size of the log', logSize, numbers.length),
    ...same('sum of the numbers', sum, sumOf(numbers)),
    ...tallies.flatMap((tally, index) => checkTally(`tally ${index}`, tally, tallied(index), version)),
    ...same('number of tallies', tallies.length, log.length + heard.length === 0 ? tallies.length : TALLIES),
    ...same('number of messages', heardTurns, sumOf(heard.map(([, times]) => times))),
    ...heard.flatMap(([key, times]) => same(`message ${key}, times`, times, 1)),
  ].map((problem) => `desk ${name}: ${problem}`);
};

const TELLING: readonly string[] = ['send', 'ask', 'make', 'give'];

/** Nothing was heard that was not said. */
const checkMessages = (looks: readonly DeskLook[]): string[] => {
  const said = new Map<string, LogEntry>();
  for (const { name, log } of looks) for (const [number, entry] of log) said.set(`${name}:${number}`, entry);
  return looks.flatMap(({ name, heard }) =>
    heard.flatMap(([key]) => {
      const entry = said.get(key);
      if (entry !== undefined && TELLING.includes(entry.deed) && entry.other === name) return [];
      return [`desk ${name}: heard ${key}, which was not said`];
    }),
  );
};

interface Note {
  readonly place: string;
  /** Two that refer to each other. */
  readonly isRing: boolean;
}

/**
 * Where notes must be, by number: what the logs say, in the order of the turns' numbers. A turn is about a note only if the one before that was about it was acknowledged. One that was given
 * and did not arrive is nowhere.
 */
const expectedNotes = (looks: readonly DeskLook[]): ReadonlyMap<number, Note> => {
  const heard = new Set(looks.flatMap(({ name, heard: keys }) => keys.map(([key]) => `${name} ${key}`)));
  const turns = looks.flatMap(({ name, log }) => log.map(([number, entry]) => ({ name, number, ...entry })));
  const notes = new Map<number, Note>();
  for (const { name, number, deed, note, other } of turns.sort((one, two) => one.number - two.number)) {
    const { isRing, place } = notes.get(note) ?? { isRing: false, place: '' };
    if (deed === 'spawn' || deed === 'ring') notes.set(number, { place: `${name}, notes`, isRing: deed === 'ring' });
    if (deed === 'move') notes.set(note, { place: `${name}, ${place.endsWith('notes') ? 'shelf' : 'notes'}`, isRing });
    if (deed === 'drop') notes.delete(note);
    if (deed !== 'give') continue;
    if (heard.has(`${other} ${name}:${number}`)) notes.set(note, { place: `${other}, notes`, isRing });
    else notes.delete(note);
  }
  return notes;
};

const checkNotes = (looks: readonly DeskLook[], version: number): string[] => {
  const expected = expectedNotes(looks);
  const found = looks.flatMap(({ name, notes, shelf }) => [
    ...notes.map(([number, note]) => ({ number, note, place: `${name}, notes` })),
    ...shelf.map(([number, note]) => ({ number, note, place: `${name}, shelf` })),
  ]);
  const places = new Map(found.map(({ number, place }) => [number, place]));
  return [
    ...same('number of notes', found.length, expected.size),
    ...[...expected].flatMap(([number, { place }]) => same(`place of note ${number}`, places.get(number), place)),
    ...found.flatMap(({ number, note }) => [
      ...checkTally(`note ${number}`, note, number, version),
      ...same(`note ${number} of a ring`, note.other !== null, expected.get(number)?.isRing),
      ...(note.other === null ? [] : checkTally(`the other note ${number}`, note.other, number, version)),
    ]),
  ];
};

/** Empty if everything fits. */
export const checkLook = (looks: readonly DeskLook[], version: number): readonly string[] => [
  ...looks.flatMap((look) => checkDesk(look, version)),
  ...checkMessages(looks),
  ...checkNotes(looks, version),
];

const stampsOf = (looks: readonly (AgeLook | null)[]): number =>
  looks.filter((look) => (look?.stamped ?? 0) > 0).length;

/** Actors and entries that nobody can reach, or that are not there. */
export const checkLeft = (looks: readonly DeskLook[], left: RowsLook): readonly string[] => {
  let [actors, entries] = [0, 0];
  for (const { age, tallies, logSize, notes, shelf, heard, made } of looks) {
    const all: readonly TallyLook[] = [...tallies, ...notes.map(([, note]) => note), ...shelf.map(([, note]) => note)];
    const others = all.map(({ other }) => other).filter((other) => other !== null);
    const isFurnished = tallies.length > 0;
    actors += 1 + (isFurnished ? MAPS : 0) + all.length + others.length + stampsOf([age, ...all, ...others]);
    entries += logSize + notes.length + shelf.length + heard.length + made.length;
  }
  return [...same('number of actors', left.actors, actors), ...same('number of entries', left.entries, entries)];
};
