/** What is told of a machine. Pure. */
import type { DriftReport, MachineStatus } from '../protocol/shapes.ts';
import type { MachinePortrait } from './machine-portrait.ts';

/** `now`: an online hob is seen now. */
export const statusOf = (portrait: MachinePortrait, online: boolean, now: number): MachineStatus => {
  const { name, id, providerName, progress, lastSeen, generation, reported, policy, drift, revision } = portrait;
  const { state, failure } = progress;
  return harden({
    name,
    id,
    provider: providerName,
    state,
    ...(failure === null ? {} : { failure }),
    online,
    lastSeen: online ? now : lastSeen,
    generation,
    reported,
    policy,
    drift,
    revision,
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
