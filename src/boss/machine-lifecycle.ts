/** What moves a machine on: see lifecycle.ts for the way, machine-jobs.ts for what is asked of the provider. */
import { accepted, arrived, forgotten, overdue, provided, refused, requireForgettable, take } from './lifecycle.ts';
import type { Progress } from './lifecycle.ts';
import type { Lifecycle } from './machine-facets.ts';
import { make, pursue } from './machine-jobs.ts';
import { E } from '../vats/eventual-send.ts';
import type { MachineTurn } from './machine-turn.ts';

export const lifecycleMethods = (turn: MachineTurn): Lifecycle => {
  const { portrait, self, powers, online, held, situation, note, change } = turn;
  const { id, hobKey, progress, registry, generation, reported } = portrait;

  const end = (last: Progress): void => {
    change({ progress: last, hob: null });
    const { name, request, enrolment } = portrait;
    const secretHash = enrolment?.secretHash ?? null;
    registry.released(self.admin, harden({ machineId: id, name, hobKey, request, secretHash }));
    if (hobKey !== null) powers.hobEnds(hobKey, turn.durable());
    // The actor stays as long as somebody refers to it, to say that the machine is gone; what it had is of no more use.
    portrait.desired.set({ ...portrait.desired.get(), resources: [] });
    portrait.received.set(null);
    portrait.facts.set(null);
  };

  const advance = (next: Progress): void => {
    if (next === progress) return;
    if (next.state === 'gone') end(next);
    else change({ progress: next });
  };

  return {
    create: () => {
      const nonce = powers.newNonce();
      const { secretHash } = powers.mint(id, nonce);
      const expiresAt = powers.now() + powers.enrolmentLife;
      registry.expected(secretHash, self.gate, portrait.enrolment?.secretHash ?? null);
      if (progress.jobs === 0) note('requested');
      change({ progress: take(progress, 'create', expiresAt), enrolment: { nonce, secretHash, expiresAt } });
    },
    resume: () => {
      if (progress.job !== null && !held) pursue(portrait, self, powers);
    },
    expire: () => advance(held ? progress : overdue(progress, powers.now())),
    accepted: (number) => {
      if (progress.job?.number !== number) return;
      advance(accepted(progress, number));
      make(portrait, self, powers);
    },
    provided: (number, leaves = []) => {
      const next = provided(progress, number, leaves);
      if (next.leaves !== undefined) note(`left where it was: ${next.leaves.join(', ')}`);
      // Nothing more will be heard of a hob that was here all along.
      const isThere = next.state === 'starting' && online();
      advance(isThere ? arrived(next, generation === 0 || reported === generation) : next);
    },
    refused: (number, failure) => {
      const next = refused(progress, number, failure);
      if (next.state !== 'failed' && next !== progress) {
        note(`its provider failed: ${failure.code}: ${failure.message}`);
      }
      advance(next);
    },
    drop: (remains) => {
      // Two may have asked.
      if (progress.state === 'gone') return harden({ remains });
      requireForgettable(progress, situation());
      note(`forgotten; what remains: ${remains.join(', ') || 'nothing'}`);
      end(forgotten(progress));
      const { provider, options } = portrait;
      const [told, unheard] = [() => {}, () => {}];
      void powers.on(E(provider).forget({ machineId: id, options }), told, unheard);
      return harden({ remains });
    },
  };
};
harden(lifecycleMethods);
