/** The facet for looking: nothing here changes anything. */
import type { Observer } from './machine-facets.ts';
import { driftOf } from './machine-status.ts';
import type { MachineTurn } from './machine-turn.ts';

export const observerMethods = (turn: MachineTurn): Observer => {
  const { portrait, self, powers, online, status } = turn;
  return {
    status,
    nextStatus: (revision) => {
      if (revision !== portrait.revision) return status();
      return powers.waitBeyond(portrait.id, portrait.revision, () => powers.promiseKit());
    },
    facts: () => portrait.facts.get(),
    drift: () => driftOf(portrait, online()),
    log: () => portrait.log.read(),
    nextLog: (last) => portrait.log.readBeyond(last),
    asObserver: () => self.observer,
  };
};
harden(observerMethods);
