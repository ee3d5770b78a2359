/**
 * An admin has looked at a machine after the boss was restored from a backup, and it may go on (held.ts): what the boss wants of it counts again, under a
 * generation above that which its hob holds, and its open job is taken up.
 */
import { E } from '../vats/eventual-send.ts';
import { knownEpochs, raisedAbove, unknownEpoch } from './held.ts';
import { isDoomed, START_PATIENCE, type Progress } from './lifecycle.ts';
import type { MachineTurn } from './machine-turn.ts';

/** The time that it was held is not counted against its hob. */
const withPatience = (progress: Progress, now: number): Progress => {
  const { job } = progress;
  return job === null || job.deadline === null
    ? progress
    : harden({ ...progress, job: { ...job, deadline: now + START_PATIENCE } });
};

/** In the turn of the confirmation, when the machine is not held any more. */
const takeUp = ({ portrait, self }: MachineTurn): void => {
  const { hobKey, progress } = portrait;
  // Its locator was void, so it needs another.
  if (progress.job?.task === 'create' && hobKey === null) self.lifecycle.create();
  else self.lifecycle.resume();
};

/** Changes nothing if there is nothing to confirm. */
export const confirmMachine = (turn: MachineTurn): void => {
  const { portrait, powers, online, held, note, change } = turn;
  const { desired, enrolment, epochs, generation, hob, hobKey, holds, policy, progress } = portrait;
  const isNews = unknownEpoch(epochs, powers.epoch) !== null;
  if (!held && !isNews) return;
  const raised = raisedAbove(holds, desired.get());
  if (raised !== undefined) desired.set(raised);
  note(
    raised === undefined ? 'confirmed' : `confirmed; desired state ${generation} is ${raised.generation} from now on`,
  );
  change({
    confirmed: powers.restores,
    holds: null,
    epochs: knownEpochs(epochs, held),
    // Who has a locator from before the restore is not known; one that was used is of no use to others anyhow.
    enrolment: held && hobKey === null && enrolment !== null ? { ...enrolment, expiresAt: 0 } : enrolment,
    generation: raised?.generation ?? generation,
    policy,
    progress: held ? withPatience(progress, powers.now()) : progress,
  });
  if (held) takeUp(turn);
  if (held && hobKey !== null) powers.hobConfirmed(hobKey, turn.durable());
  if (held && hob !== null && online() && !isDoomed(progress)) void E(hob).push(desired.get());
};
harden(confirmMachine);
