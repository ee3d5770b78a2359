/** The list of those who were turned away: bounded, and the same again counts up instead of pushing others out. Pure. */
import type { Refusal } from '../protocol/shapes.ts';

export const MOST_REFUSALS = 100;
harden(MOST_REFUSALS);

/** Newest last. */
export const recordRefusal = (known: readonly Refusal[], refusal: Omit<Refusal, 'times'>): readonly Refusal[] => {
  const isSame = ({ machine, peerId, code }: Refusal): boolean =>
    machine === refusal.machine && peerId === refusal.peerId && code === refusal.code;
  const times = (known.find(isSame)?.times ?? 0) + 1;
  return harden([...known.filter((other) => !isSame(other)), { ...refusal, times }].slice(-MOST_REFUSALS));
};
harden(recordRefusal);
