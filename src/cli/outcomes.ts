/** What a machine's status means for what was asked of it. Pure: the judges of wait-for-outcome.ts. */
import type { MachineStatus } from '../protocol/shapes.ts';
import type { Judge, Settled } from './wait-for-outcome.ts';

const done: Settled = harden({ outcome: 'done' });

const failure = ({ name, state, failure: told }: MachineStatus): Settled => {
  const { code = 'MACHINE_FAILED', message = `${name} is ${state}`, hint } = told ?? {};
  const during = told === undefined ? '' : ` (while ${told.in})`;
  return {
    outcome: 'failed',
    why: { code, message: `${name}: ${message}${during}`, ...(hint === undefined ? {} : { hint }) },
  };
};

const ended: readonly MachineStatus['state'][] = harden(['destroying', 'gone']);

const goneMeanwhile = ({ name, state }: MachineStatus): Settled => ({
  outcome: 'failed',
  why: { code: 'MACHINE_GONE', message: `${name} is ${state}` },
});

/** Ready and online: for create and start. */
export const judgeReady: Judge = (status) => {
  if (status.state === 'failed') return failure(status);
  if (ended.includes(status.state)) return goneMeanwhile(status);
  return status.state === 'ready' && status.online ? done : undefined;
};
harden(judgeReady);

/** No longer being made: from then on it can be stopped. */
export const judgeMade: Judge = ({ state }) => (state === 'requested' || state === 'creating' ? undefined : done);
harden(judgeMade);

export const judgeStopped: Judge = (status) => {
  if (status.state === 'failed') return failure(status);
  if (ended.includes(status.state)) return goneMeanwhile(status);
  return status.state === 'stopped' ? done : undefined;
};
harden(judgeStopped);

export const judgeGone: Judge = (status) => {
  if (status.state === 'failed') return failure(status);
  return status.state === 'gone' ? done : undefined;
};
harden(judgeGone);

/** The hob has reported on this generation or a later one: for apply. A resource that failed is a failure. */
export const judgeApplied =
  (generation: number): Judge =>
  (status) => {
    const { name, state, reported, drift, online } = status;
    if (state === 'failed') return failure(status);
    if (ended.includes(state)) return goneMeanwhile(status);
    if (status.held) {
      const hint = `gobs machine confirm ${name}, or --all`;
      return {
        outcome: 'unknown',
        why: {
          code: 'RESTORE_UNCONFIRMED',
          message: `${name} is held; it takes the change when it is confirmed`,
          hint,
        },
      };
    }
    // One that was stopped and runs all the same takes the change like any other.
    if (state === 'stopped' && !online) {
      return {
        outcome: 'unknown',
        why: { code: 'HOB_UNREACHABLE', message: `${name} is stopped; it takes the change when it is started` },
      };
    }
    if ((state !== 'ready' && state !== 'stopped') || !online || (reported ?? 0) < generation) return undefined;
    if (drift.failed > 0) {
      const message = `${name}: ${drift.failed} of its resources failed`;
      return { outcome: 'failed', why: { code: 'MACHINE_FAILED', message, hint: `gobs drift ${name} --cached` } };
    }
    if (drift.unknown > 0) {
      const message = `${name}: ${drift.unknown} of its resources cannot be looked at`;
      return { outcome: 'unknown', why: { code: 'CANNOT_LOOK', message, hint: `gobs drift ${name} --cached` } };
    }
    return done;
  };
harden(judgeApplied);
