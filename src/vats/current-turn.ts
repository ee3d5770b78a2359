/**
 * Which turn is running. Turns are synchronous and one process runs one at a time, so one variable is enough: it is set
 * when a method is entered and cleared before anything else can run. It gives no authority: what it lets code do, that
 * code can only do to references that it holds.
 */
import { makeError } from '../errors/gobs-error.ts';
import type { Turn } from './turn.ts';
import type { Vat } from './vat.ts';

let current: Turn | undefined;

export const currentTurn = (): Turn | undefined => current;
harden(currentTurn);

/** The running turn of a vat. Throws OUTSIDE_TURN, naming what was tried, if there is none, or another vat's. */
export const requireTurn = (vat: Vat, what: string): Turn => {
  if (current === undefined) {
    throw makeError('OUTSIDE_TURN', `${what} outside a turn`, {
      hint: 'methods are synchronous; to go on after a promise, use on(promise, handler)',
    });
  }
  if (current.vat !== vat) {
    throw makeError('OUTSIDE_TURN', `${what} of vat ${vat.name} in a turn of vat ${current.vat.name}`, {
      hint: 'vats share nothing: pass references, and call them with E()',
    });
  }
  return current;
};
harden(requireTurn);

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
harden(withTurn);
