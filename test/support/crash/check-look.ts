/** What in a look at the desks does not fit together: traces of half a turn, of a message that came before its turn or came twice. */
import { TALLIES, type DeskLook, type LogEntry } from './desks.ts';

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);

const same = (what: string, found: unknown, expected: unknown): string[] =>
  found === expected ? [] : [`${what} is ${String(found)}, expected ${String(expected)}`];

const checkDesk = ({ name, turns, sum, tallies, logSize, log, notes, heard, heardTurns }: DeskLook): string[] => {
  const numbers = log.map(([number]) => number);
  const dropped = new Set(log.filter(([, { deed }]) => deed === 'drop').map(([, { note }]) => note));
  const spawned = log
    .filter(([number, { deed }]) => deed === 'spawn' && !dropped.has(number))
    .map(([number]) => number);
  const tallied = (tally: number): number =>
    sumOf(log.filter(([, entry]) => entry.tallies.includes(tally)).map(([number]) => number));
  return [
    ...same('number of turns', turns, numbers.length),
    ...same('size of the log', logSize, numbers.length),
    ...same('sum of the numbers', sum, sumOf(numbers)),
    ...tallies.flatMap((found, tally) => same(`tally ${tally}`, found, tallied(tally))),
    ...same('number of tallies', tallies.length, log.length + heard.length === 0 ? tallies.length : TALLIES),
    ...same('notes', notes.map(([number]) => number).join(), spawned.join()),
    ...notes.flatMap(([number, says]) => same(`note ${number}`, says, number)),
    ...same('number of messages', heardTurns, sumOf(heard.map(([, times]) => times))),
    ...heard.flatMap(([key, times]) => same(`message ${key}, times`, times, 1)),
  ].map((problem) => `desk ${name}: ${problem}`);
};

const TELLING: readonly string[] = ['send', 'ask', 'make'];

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

/** Empty if everything fits. */
export const checkLook = (looks: readonly DeskLook[]): readonly string[] => [
  ...looks.flatMap(checkDesk),
  ...checkMessages(looks),
];
