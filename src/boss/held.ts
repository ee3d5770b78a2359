/**
 * What a boss does not do after its store was restored from a backup, until an admin has looked at it.
 *
 * A backup is a memory of how things were. Since then machines were made and destroyed, locators spent, the keys of lost hosts dropped; and none of it
 * is known any more. So every machine of the backup is **held**:
 *
 *   its hob         is told nothing, hears RESTORE_UNCONFIRMED, and keeps its host as it was told last; what it says that it holds is noted
 *   its enrolment   is void for ever: who knows who has its locator by now
 *   its open job    waits, destroying too
 *   an admin        may look at it, say what it is to be (which stays here), confirm it, forget it, destroy it; nothing else
 *
 * Held is a machine that was confirmed fewer times ago than the store was restored: its portrait has the number of restores that there had been
 * when it was made, or confirmed last. So nothing has to be written when a store is restored, and 0 restores never hold anything.
 *
 * Pure.
 */
import { makeError } from '../errors/gobs-error.ts';
import { isSameState, type StateIdentity, type WantedState } from '../protocol/shapes.ts';
import type { HeldState, MachinePortrait, SeenEpochs } from './machine-portrait.ts';
import { makeWantedState } from './wanted-state.ts';

export const isHeld = ({ confirmed, progress }: Pick<MachinePortrait, 'confirmed' | 'progress'>, restores: number) =>
  confirmed < restores && progress.state !== 'gone';
harden(isHeld);

/** What admins hear of what has to wait. */
export const heldError = (name: string): Error =>
  makeError('RESTORE_UNCONFIRMED', `${name}: it is held, as the boss was restored from a backup`, {
    hint: `gobs machine confirm ${name} lets it go on, gobs machine forget ${name} drops it`,
  });
harden(heldError);

/** What its hob hears, and logs on its host. */
export const heldHobError = (name: string): Error =>
  makeError('RESTORE_UNCONFIRMED', `${name}: the boss was restored from a backup, and holds this machine`, {
    hint: `this host is kept as it is until an admin of the boss says: gobs machine confirm ${name}`,
  });
harden(heldHobError);

/** What is kept of what a held machine's hob says that it has. */
export const heldState = (held: StateIdentity | null, wanted: WantedState): HeldState | null =>
  held === null || isSameState(held, wanted)
    ? null
    : harden({ generation: held.generation, digest: held.digest, same: held.digest === wanted.digest });
harden(heldState);

/** Generations that a boss may have lost. A hob that says more is not believed: it could use up all the numbers that there are. */
const MOST_LOST = 1_000_000;

/**
 * What is wanted, under a generation above that which the hob says it holds, so that it is the newest for both. Undefined if it is that already, or the
 * same.
 */
export const raisedAbove = (held: StateIdentity | null, wanted: WantedState): WantedState | undefined => {
  if (held === null || isSameState(held, wanted) || held.generation < wanted.generation) return undefined;
  const isLikely = Number.isSafeInteger(held.generation) && held.generation - wanted.generation <= MOST_LOST;
  return isLikely ? makeWantedState({ ...wanted, generation: held.generation + 1 }) : undefined;
};
harden(raisedAbove);

/** Nothing that needs anybody's attention. */
export const noEpochs: SeenEpochs = harden({ said: 0, known: 0 });
harden(noEpochs);

/** The hob says that it has seen the boss's store at an epoch above its own. Returns what it was given if that is known. */
export const withEpoch = (epochs: SeenEpochs, epoch: number): SeenEpochs => {
  const { said, known } = epochs;
  if (epoch <= said) return epochs;
  return harden({ said: epoch, known: known ?? epoch });
};
harden(withEpoch);

/**
 * An admin knows. If that was of a restore, the hob that has not said anything yet may say it too: it was away.
 */
export const knownEpochs = ({ said, known }: SeenEpochs, isRestored: boolean): SeenEpochs =>
  harden({ said, known: isRestored && (known === null || said <= known) ? null : said });
harden(knownEpochs);

/** What was said and nobody knows of, if the boss's own epoch is not above it by now; else null. */
export const unknownEpoch = ({ said, known }: SeenEpochs, epoch: number): number | null =>
  known !== null && said > known && said > epoch ? said : null;
harden(unknownEpoch);
