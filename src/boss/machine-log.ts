/**
 * What happened to one machine: the newest lines, oldest first. What happens again and again has one line, of the last time. What others can make
 * happen as often as they like does not push out the last lines of what the boss itself did. An actor of its own, so that a line costs no more than
 * the log.
 */
import { M } from '@endo/patterns';
import { plainText } from '../protocol/plain-text.ts';
import type { LogEntry } from '../protocol/shapes.ts';
import { defineKind, type PromiseKit } from '../vats/kind.ts';

export interface MachineLog {
  /** Dated by the turn. What does not fit a line is cut. */
  note(what: string): void;
  /** The same of what a hob, or somebody who would be one, did. */
  noteOfOthers(what: string): void;
  read(): readonly LogEntry[];
  /** The lines once the newest is another than this one: now, or when there is one more. */
  readBeyond(last: LogEntry | null): readonly LogEntry[] | Promise<readonly LogEntry[]>;
  clear(): void;
}

/** Lines that are kept. */
export const LOG_LINES = 60;
harden(LOG_LINES);
/** Of these, lines of the boss's own that no others push out. */
const OWN_LINES = 30;
const LINE_LENGTH = 300;

interface Line extends LogEntry {
  readonly ofOthers: boolean;
}

const MachineLogI = M.interface('MachineLog', {
  note: M.call(M.string()).returns(),
  noteOfOthers: M.call(M.string()).returns(),
  read: M.call().returns(M.array()),
  readBeyond: M.call(M.any()).returns(M.any()),
  clear: M.call().returns(),
});

const bounded = (lines: readonly Line[]): readonly Line[] => {
  if (lines.length <= LOG_LINES) return lines;
  const tooManyOwn = lines.filter(({ ofOthers }) => !ofOthers).length > OWN_LINES;
  const oldest = lines.findIndex(({ ofOthers }) => ofOthers !== tooManyOwn);
  return lines.filter((_line, at) => at !== oldest);
};

/**
 * Who waits for another line, by log. It lives as long as the process. A line that is added in a turn resolves the promise in that turn, which takes effect
 * when the turn is durable; if it is undone, the next line does (status-waiters.ts does the same).
 */
export interface LogWaiters {
  readonly waitForLine: (log: object, makeKit: () => PromiseKit<readonly LogEntry[]>) => Promise<readonly LogEntry[]>;
  readonly lineAdded: (log: object, lines: readonly LogEntry[]) => void;
}

export const makeLogWaiters = (): LogWaiters => {
  const kits = new Map<object, PromiseKit<readonly LogEntry[]>>();
  return harden({
    waitForLine: (log, makeKit) => {
      const known = kits.get(log);
      if (known !== undefined) return known.promise;
      const kit = makeKit();
      kits.set(log, kit);
      const forget = (): void => void kits.delete(log);
      kit.promise.then(forget, forget);
      return kit.promise;
    },
    lineAdded: (log, lines) => kits.get(log)?.resolve(lines),
  } satisfies LogWaiters);
};
harden(makeLogWaiters);

const entryOf = ({ at, what }: Line): LogEntry => ({ at, what });

export const machineLogKind = defineKind<readonly Line[], MachineLog, LogWaiters>({
  label: 'machine-log',
  guard: MachineLogI,
  portrait: M.arrayOf(M.splitRecord({ at: M.number(), what: M.string(), ofOthers: M.boolean() }), {
    arrayLengthLimit: LOG_LINES,
  }),
  behave: (bcom, self, lines, { now, promiseKit, waitForLine, lineAdded }) => {
    const add = (what: string, ofOthers: boolean): void => {
      const line = { at: now(), what: plainText(what, LINE_LENGTH), ofOthers };
      bcom((latest) => bounded([...latest.slice(0, latest.at(-1)?.what === line.what ? -1 : undefined), line]));
      lineAdded(self, harden([...lines.map(entryOf), entryOf(line)].slice(-LOG_LINES)));
    };
    return {
      note: (what) => add(what, false),
      noteOfOthers: (what) => add(what, true),
      read: () => lines.map(entryOf),
      readBeyond: (last) => {
        const newest = lines.at(-1);
        const isSame = newest === undefined ? last === null : newest.at === last?.at && newest.what === last.what;
        return isSame ? waitForLine(self, () => promiseKit()) : lines.map(entryOf);
      },
      clear: () => bcom(() => []),
    };
  },
});
harden(machineLogKind);
