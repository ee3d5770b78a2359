/** What is told of a machine. Pure. */
import type { DriftReport, MachineStatus } from '../protocol/shapes.ts';
import { isHeld, unknownEpoch } from './held.ts';
import type { MachinePortrait } from './machine-portrait.ts';

/** What a status says that the machine does not know of itself. */
export interface Circumstances {
  readonly online: boolean;
  /** An online hob is seen now. */
  readonly now: number;
  /** Of the boss's store: how often it was restored, how often it was opened. */
  readonly restores: number;
  readonly epoch: number;
}

export const statusOf = (portrait: MachinePortrait, { online, now, restores, epoch }: Circumstances): MachineStatus => {
  const { name, id, providerName, progress, lastSeen, generation, reported, policy, labels, drift, revision } =
    portrait;
  const { state, failure, leaves } = progress;
  const { holds } = portrait;
  return harden({
    name,
    id,
    provider: providerName,
    state,
    ...(failure === null ? {} : { failure }),
    ...(leaves === undefined ? {} : { leaves }),
    online,
    lastSeen: online ? now : lastSeen,
    generation,
    reported,
    policy,
    labels,
    drift,
    revision,
    held: isHeld(portrait, restores),
    holds: holds && { generation: holds.generation, same: holds.same },
    seenEpoch: unknownEpoch(portrait.epochs, epoch),
  });
};
harden(statusOf);

/** What is known of drift, from the last report. */
export const driftOf = ({ name, received }: MachinePortrait, online: boolean): DriftReport => {
  const last = received.get();
  return harden({ name, online, report: last?.report ?? null, receivedAt: last?.at ?? null });
};
harden(driftOf);

/** `never seen`, or the time of the boss's clock when it was. */
export const lastSeenWords = (lastSeen: number | null): string =>
  lastSeen === null ? 'never seen' : `last seen ${new Date(lastSeen).toISOString()}`;
harden(lastSeenWords);
