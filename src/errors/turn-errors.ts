/**
 * What a process writes of turns that were undone. Callers make turns fail as often as they like, and are told why; a line for each would fill
 * the log. So refusals are for those who look for them, and only what nobody meant to throw is a warning, seldom.
 */
import { makeSeldom } from './seldom.ts';

export interface TurnErrorLog {
  debug(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface UndoneTurn {
  readonly target: string;
  readonly method: string;
  readonly code: string;
  readonly message: string;
}

/** Codes that say something of the program or its store, not of its caller. */
const faults: ReadonlySet<string> = new Set([
  'UNEXPECTED',
  'STALE_BECOME',
  'OUTSIDE_TURN',
  'BAD_PORTRAIT',
  'STORE_UNUSABLE',
  'STORE_DAMAGED',
  'ROW_DAMAGED',
  'UNKNOWN_KIND',
  'NEWER_VERSION',
  'OLDER_VERSION',
  'UPGRADE_FAILED',
]);

/** For `onTurnError` of a kernel. */
export const makeTurnErrorLog = (log: TurnErrorLog, now: () => number): ((event: UndoneTurn) => void) => {
  const seldom = makeSeldom({ now });
  return (event) => {
    const { target, method, code, message } = event;
    if (!faults.has(code)) {
      log.debug(event, 'a turn was refused');
      return;
    }
    const left = seldom(`${target} ${method} ${message}`);
    if (left !== undefined) log.warn(left === 0 ? event : { ...event, left }, 'a turn was undone');
  };
};
harden(makeTurnErrorLog);
