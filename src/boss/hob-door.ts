/**
 * What hobs can do with what they were given, beside speaking for their own machine: a hob may have in its bindings whatever an admin has put there, by
 * numbers that it has for ever. So these count only while its machine is one of the fleet.
 *
 *   held after a restore      nothing but its own side of its machine, until it is confirmed (held.ts)
 *   gone                      its sessions end, and no other begins
 *
 * It lives as long as the process. Machines say what they are in the turn in which their hob comes, so nothing is remembered of hobs that are away.
 */
import { makeError } from '../errors/gobs-error.ts';
import { parseActorName, type RefName } from '../vats/names.ts';

export interface HobDoor {
  /** In the turn in which it is let in. */
  readonly hobComes: (hobKey: string, held: boolean) => void;
  /** Counts once `durable` resolves: it is of the turn that wrote it. */
  readonly hobConfirmed: (hobKey: string, durable: Promise<void>) => void;
  /** The same. */
  readonly hobEnds: (hobKey: string, durable: Promise<void>) => void;
}

export interface HobDoorInHand extends HobDoor {
  /** For the peer: why this one may not use what it was given under that name. */
  readonly whyNot: (peerId: string, name: RefName) => Error | undefined;
}

const isHobSide = (name: RefName): boolean => {
  const actor = parseActorName(name);
  return actor?.vat === 'boss' && actor.kind === 'machine' && actor.facet === 'hobSide';
};

/** `close` ends the sessions with a peer. */
export const makeHobDoor = (close: (peerId: string, reason: Error) => void): HobDoorInHand => {
  const held = new Set<string>();
  const once = (durable: Promise<void>, work: () => void): void => void durable.then(work, () => {});
  return harden({
    hobComes: (hobKey, isHeld) => {
      if (isHeld) held.add(hobKey);
      else held.delete(hobKey);
    },
    hobConfirmed: (hobKey, durable) => once(durable, () => held.delete(hobKey)),
    hobEnds: (hobKey, durable) =>
      once(durable, () => {
        close(hobKey, makeError('MACHINE_GONE', 'the machine of this hob was destroyed or forgotten'));
        held.delete(hobKey);
      }),
    whyNot: (peerId, name) =>
      held.has(peerId) && !isHobSide(name)
        ? makeError('RESTORE_UNCONFIRMED', 'the boss was restored from a backup, and holds the machine of this hob', {
            hint: 'an admin of the boss confirms the machine',
          })
        : undefined,
  } satisfies HobDoorInHand);
};
harden(makeHobDoor);

/** Of a boss without a peer. */
export const noHobDoor: HobDoor = harden({ hobComes: () => {}, hobConfirmed: () => {}, hobEnds: () => {} });
harden(noHobDoor);
