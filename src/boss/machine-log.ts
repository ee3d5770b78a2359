/**
 * What happened to one machine: the newest lines, oldest first. What happens again and again has one line, of the last time. What others can make
 * happen as often as they like does not push out the last lines of what the boss itself did. An actor of its own, so that a line costs no more than
 * the log.
 */
import { M } from '@endo/patterns';
import { plainText } from '../protocol/plain-text.ts';
import type { LogEntry } from '../protocol/shapes.ts';
import { defineKind } from '../vats/kind.ts';

export interface MachineLog {
  /** Dated by the turn. What does not fit a line is cut. */
  note(what: string): void;
  /** The same of what a hob, or somebody who would be one, did. */
  noteOfOthers(what: string): void;
  read(): readonly LogEntry[];
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
  clear: M.call().returns(),
});

const bounded = (lines: readonly Line[]): readonly Line[] => {
  if (lines.length <= LOG_LINES) return lines;
  const tooManyOwn = lines.filter(({ ofOthers }) => !ofOthers).length > OWN_LINES;
  const oldest = lines.findIndex(({ ofOthers }) => ofOthers !== tooManyOwn);
  return lines.filter((_line, at) => at !== oldest);
};

export const machineLogKind = defineKind<readonly Line[], MachineLog>({
  label: 'machine-log',
  guard: MachineLogI,
  portrait: M.arrayOf(M.splitRecord({ at: M.number(), what: M.string(), ofOthers: M.boolean() }), {
    arrayLengthLimit: LOG_LINES,
  }),
  behave: (bcom, _self, lines, { now }) => {
    const add = (what: string, ofOthers: boolean): void => {
      const line = { at: now(), what: plainText(what, LINE_LENGTH), ofOthers };
      bcom((latest) => bounded([...latest.slice(0, latest.at(-1)?.what === line.what ? -1 : undefined), line]));
    };
    return {
      note: (what) => add(what, false),
      noteOfOthers: (what) => add(what, true),
      read: () => lines.map(({ at, what }) => ({ at, what })),
      clear: () => bcom(() => []),
    };
  },
});
harden(machineLogKind);
