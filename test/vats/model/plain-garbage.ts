/** What can be reached in the plain model, and what a collector may take away. */
import { VATS } from './program.ts';
import type { PlainState } from './plain-state.ts';

/** `held`: ids of what the roots, the host and what is in memory refer to. Garbage stays garbage: nobody has a reference to it. */
const reachedFrom = ({ actors, exports }: PlainState, held: Iterable<number>): ReadonlySet<number> => {
  const met = new Set<number>();
  const queue = [...held, ...exports.peer, ...exports.locator];
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    if (met.has(id)) continue;
    met.add(id);
    queue.push(...(actors.get(id)?.refs ?? []).filter((ref) => ref !== null));
  }
  return met;
};

/** A cycle while the process lives: what the engine has not noticed as garbage stays. */
export const mayCollect = (state: PlainState, held: Iterable<number>): void => {
  const reached = reachedFrom(state, held);
  for (const [id, actor] of state.actors) if (!reached.has(id)) actor.isGarbage = true;
};

/** A cycle of a process that has just begun. */
export const collectAll = (state: PlainState, held: Iterable<number>): void => {
  const reached = reachedFrom(state, held);
  for (const id of [...state.actors.keys()]) if (!reached.has(id)) state.actors.delete(id);
  const vats = new Set<string>([...VATS, ...[...state.actors.values()].map(({ vat }) => vat)]);
  for (const vat of [...state.kinds.keys()]) if (!vats.has(vat)) state.kinds.delete(vat);
};
