/**
 * The list of those who were turned away. One locator that was used can be presented with as many keys as somebody cares to make, so what
 * counts as the same is the machine and the reason: it counts up, and keeps some of the keys, instead of pushing others out. Pure.
 */
import type { Refusal } from '../protocol/shapes.ts';

export const MOST_REFUSALS = 100;
harden(MOST_REFUSALS);
/** Keys that are kept of one refusal: the first that came. */
export const MOST_PEERS = 5;
harden(MOST_PEERS);

/** Newest last. */
export const recordRefusal = (
  known: readonly Refusal[],
  refusal: Omit<Refusal, 'times' | 'since' | 'peers'>,
): readonly Refusal[] => {
  const { machine, code, peerId, at } = refusal;
  const isSame = (other: Refusal): boolean => other.machine === machine && other.code === code;
  const before = known.find(isSame);
  const peers = [...new Set([...(before?.peers ?? []), peerId])].slice(0, MOST_PEERS);
  const newest: Refusal = { ...refusal, since: before?.since ?? at, times: (before?.times ?? 0) + 1, peers };
  return harden([...known.filter((other) => !isSame(other)), newest].slice(-MOST_REFUSALS));
};
harden(recordRefusal);
