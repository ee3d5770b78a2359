/** The question before something is destroyed. */
import { makeError } from '../../errors/gobs-error.ts';
import { printable } from '../../protocol/printable.ts';
import type { Surroundings } from './action.ts';

/**
 * Rejects with BAD_USAGE unless somebody at a terminal typed the name (of several machines: their number). No names, no
 * question. Called before anything was changed, and only without --yes.
 */
export const confirmDestruction = async (names: readonly string[], { powers }: Surroundings): Promise<void> => {
  if (names.length === 0) return;
  const what = printable(names.join(', '));
  if (powers.stdin.isTTY !== true || !powers.stderr.isTTY) {
    throw makeError('BAD_USAGE', `destroying ${what} wants --yes where there is no terminal to ask on`);
  }
  const wanted = names.length === 1 ? names[0]! : String(names.length);
  const words = names.length === 1 ? 'its name' : 'how many these are';
  const answer = await powers.ask(`This destroys ${what}, and all that is there. Type ${words} to go on: `);
  if (answer.trim() !== wanted) throw makeError('BAD_USAGE', `nothing was destroyed: that was not ${words}`);
};
harden(confirmDestruction);
