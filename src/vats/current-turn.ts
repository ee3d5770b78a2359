/**
 * Which turn is running. Turns are synchronous and one process runs one at a time, so one variable is enough: it is set
 * when a method is entered and cleared before anything else can run. It gives no authority: what it lets code do, that
 * code can only do to references that it holds.
 */
import { makeError } from '../errors/gobs-error.ts';
import type { Turn } from './turn.ts';

let current: Turn | undefined;

export const currentTurn = (): Turn | undefined => current;

/** The running turn; throws OUTSIDE_TURN, naming what was tried, if there is none. */
export const requireTurn = (what: string): Turn =>
  current ??
  (() => {
    throw makeError('OUTSIDE_TURN', `${what} outside a turn`, {
      hint: 'methods are synchronous; to go on after a promise, use on(promise, handler)',
    });
  })();

/** Runs `body` as the code of `turn`. Called by the vat only. */
export const withTurn = <T>(turn: Turn, body: () => T): T => {
  const previous = current;
  current = turn;
  try {
    return body();
  } finally {
    current = previous;
  }
};
