/**
 * The REPL: JavaScript on references to a boss that runs elsewhere. It is a client like any other; nothing that is typed runs in
 * the boss's process.
 *
 *   keys or lines ──▶ evaluator (node:repl) ──▶ value ──▶ promise? wait ──▶ writer ──▶ text without control characters
 *                         │ scope: boss, E, machine(…) …
 *                         └ E(boss).method(…) ──▶ the client's session ──▶ the boss
 *
 * With a terminal it is a dialogue (dialogue.ts), without one it runs what it reads (script.ts). It receives everything: streams, the
 * REPL module of Node, the global object that statements see, and the boss.
 */
import type { Readable, Writable } from 'node:stream';
import { makeDialogue } from './dialogue.ts';
import type { Subject } from './scope.ts';
import { makeScript } from './script.ts';
import type { ReplTables } from './writer.ts';

export interface ReplPowers {
  readonly input: Readable;
  /** Results, and on a terminal everything else. */
  readonly output: Writable;
  /** Where there is no terminal: everything that is no result. */
  readonly notes: Writable;
  /** Do a keyboard and a screen hang on input and output? */
  readonly isTTY: boolean;
  readonly nodeRepl: typeof import('node:repl');
  /** The global object. */
  readonly scope: object;
  readonly subject: Subject;
  readonly enliven: (locator: string) => Promise<unknown>;
  readonly tables: ReplTables;
  /** Calls back after so many milliseconds, unless the result was called. */
  readonly setTimer: (callback: () => void, milliseconds: number) => () => void;
  /** Calls back for exceptions and rejections that nobody handled, until the result is called. */
  readonly onUnhandled: (callback: (error: unknown) => void) => () => void;
  /** A file with mode 0600, or none. Only a dialogue has a history. */
  readonly historyFile?: string;
  /** Fulfilled with the reason when the session with the boss is lost. */
  readonly lost: Promise<unknown>;
  /** Said at the end: that boss and hobs go on, and how to stop them. */
  readonly farewell: string;
}

export interface Repl {
  /** Until the end of input, or until somebody leaves. 1 if it ran what it read, and a statement failed. */
  run(): Promise<0 | 1>;
}

export const makeRepl = (powers: ReplPowers): Repl => (powers.isTTY ? makeDialogue(powers) : makeScript(powers));
harden(makeRepl);
