/**
 * Following machines until it is known how it went. The work is the boss's and goes on without us: a deadline or Ctrl-C ends the
 * waiting, never the work, and both say so.
 *
 * Waiting is a chain of `nextStatus(revision)` calls, each answered when there is something new: nothing is polled.
 */
import { E } from '@endo/far';
import { codeOf, describeError, type ErrorCode, type ErrorDescription } from '../errors/gobs-error.ts';
import type { MachineObserver } from '../protocol/remotes.ts';
import type { MachineStatus } from '../protocol/shapes.ts';
import type { Outcome } from './exit-codes.ts';
import type { Output } from './output.ts';
import type { CliPowers } from './powers.ts';

/** How it went for one machine, and why it went otherwise than well. */
export interface Settled {
  readonly outcome: Outcome;
  readonly why?: ErrorDescription;
}

/** What a status means for what was asked; undefined: go on waiting. Pure; see outcomes.ts. */
export type Judge = (status: MachineStatus) => Settled | undefined;

export interface Followed extends Settled {
  readonly name: string;
  /** The last that was seen. */
  readonly status?: MachineStatus;
}

export interface FollowRequest {
  readonly name: string;
  readonly machine: MachineObserver | Promise<MachineObserver>;
  readonly judge: Judge;
  /** What it means that the machine is gone. */
  readonly gone?: Settled;
}

export interface Watch {
  /** Never rejects. */
  follow(request: FollowRequest): Promise<Followed>;
  readonly interrupted: boolean;
  /** Takes the progress and the interrupt handler away. */
  end(): void;
}

/** A machine that stays offline so long while we wait takes what was asked for when it is back. Milliseconds. */
const OFFLINE_PATIENCE = 15_000;

const unknown = (code: ErrorCode, message: string, hint?: string): Settled => ({
  outcome: 'unknown',
  why: { code, message, ...(hint === undefined ? {} : { hint }) },
});

type WatchPowers = Pick<CliPowers, 'now' | 'setTimer' | 'onInterrupt'>;

/** `timeout` is in milliseconds, for everything that this watch follows together. */
export const makeWatch = (timeout: number, { now, setTimer, onInterrupt }: WatchPowers, output: Output): Watch => {
  const deadline = now() + timeout;
  const shown = new Map<string, string>();
  let interrupted = false;
  const stop = Promise.withResolvers<'interrupted'>();
  const stopListening = onInterrupt(() => {
    interrupted = true;
    stop.resolve('interrupted');
  });

  const show = () => {
    const lines = [...shown].map(([name, what]) => `${name}: ${what}`);
    const more = lines.length > 3 ? `, and ${lines.length - 3} more` : '';
    output.progress(lines.slice(0, 3).join(', ') + more);
  };

  /** The next status, or why not: by Ctrl-C, or after so many milliseconds. */
  const next = async (machine: FollowRequest['machine'], status: MachineStatus, patience: number) => {
    const late = Promise.withResolvers<'late'>();
    const cancel = setTimer(() => late.resolve('late'), Math.max(0, patience));
    const following = E(machine).nextStatus(status.revision);
    // Rejected later, when the session ends: nobody waits for it any more.
    following.catch(() => {});
    return Promise.race([following, late.promise, stop.promise]).finally(cancel);
  };

  const look = async ({ name, machine, judge }: FollowRequest): Promise<Followed> => {
    let status = await E(machine).status();
    let offlineSince: number | undefined;
    for (;;) {
      const settled = judge(status);
      if (settled !== undefined) return { name, status, ...settled };
      shown.set(name, status.online || status.state !== 'ready' ? status.state : 'offline');
      show();
      offlineSince = status.state === 'ready' && !status.online ? (offlineSince ?? now()) : undefined;
      const giveUp = offlineSince === undefined ? Infinity : offlineSince + OFFLINE_PATIENCE;
      const answer = await next(machine, status, Math.min(deadline, giveUp) - now());
      if (typeof answer !== 'string') {
        status = answer;
      } else if (answer === 'interrupted') {
        return { name, status, ...unknown('WAIT_INTERRUPTED', `${name} was ${status.state} when the waiting ended`) };
      } else if (giveUp < deadline) {
        return {
          name,
          status,
          ...unknown('HOB_UNREACHABLE', `${name} is offline; it takes the change when it is back`),
        };
      } else {
        return {
          name,
          status,
          ...unknown('TIMED_OUT', `${name} is still ${status.state}; the work goes on`, `gobs machine show ${name}`),
        };
      }
    }
  };

  const follow: Watch['follow'] = async (request) => {
    const { name, gone } = request;
    try {
      return await look(request);
    } catch (error) {
      if (gone !== undefined && ['MACHINE_GONE', 'NO_SUCH_MACHINE'].includes(codeOf(error))) return { name, ...gone };
      return { name, outcome: 'unknown', why: describeError(error) };
    } finally {
      shown.delete(name);
      show();
    }
  };

  return {
    follow,
    get interrupted() {
      return interrupted;
    },
    end() {
      stopListening();
      output.progress('');
    },
  };
};
harden(makeWatch);
