/**
 * What happened to one machine: the newest lines, oldest first. What happens again and again has one line, of the last time. An actor of its
 * own, so that a line costs no more than the log.
 */
import { M } from '@endo/patterns';
import { plainText } from '../protocol/plain-text.ts';
import type { LogEntry } from '../protocol/shapes.ts';
import { defineKind } from '../vats/kind.ts';

export interface MachineLog {
  /** Dated by the turn. What does not fit a line is cut. */
  note(what: string): void;
  read(): readonly LogEntry[];
  clear(): void;
}

/** Lines that are kept. */
export const LOG_LINES = 60;
harden(LOG_LINES);
const LINE_LENGTH = 300;

const MachineLogI = M.interface('MachineLog', {
  note: M.call(M.string()).returns(),
  read: M.call().returns(M.array()),
  clear: M.call().returns(),
});

export const machineLogKind = defineKind<readonly LogEntry[], MachineLog>({
  label: 'machine-log',
  guard: MachineLogI,
  portrait: M.arrayOf(M.splitRecord({ at: M.number(), what: M.string() }), { arrayLengthLimit: LOG_LINES }),
  behave: (bcom, _self, lines, { now }) => ({
    note: (what) => {
      const line = { at: now(), what: plainText(what, LINE_LENGTH) };
      bcom((latest) =>
        [...latest.slice(0, latest.at(-1)?.what === line.what ? -1 : undefined), line].slice(-LOG_LINES),
      );
    },
    read: () => lines,
    clear: () => bcom(() => []),
  }),
});
harden(machineLogKind);
