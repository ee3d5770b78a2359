/**
 * Is the other side still there? A host that lost its power says no goodbye, so after a time of silence it is asked, and after
 * as long a time without an answer it is given up.
 */
import type { PeerPowers } from './powers.ts';

export interface HeartbeatOptions {
  readonly setTimer: PeerPowers['setTimer'];
  /** Milliseconds of silence after which the other side is asked. */
  readonly interval: number;
  /** Did anything come since this was last asked? */
  readonly heard: () => boolean;
  readonly sendPing: (number: number) => void;
  /** Nothing came for two intervals. */
  readonly onSilence: () => void;
}

export interface Heartbeat {
  /** A ping of ours was answered. */
  pong(number: number): void;
  /** Asks at once. Resolves with whether there was an answer in so many milliseconds. */
  probe(milliseconds: number): Promise<boolean>;
  stop(): void;
}

export const makeHeartbeat = ({ setTimer, interval, heard, sendPing, onSilence }: HeartbeatOptions): Heartbeat => {
  const probes = new Map<number, (answered: boolean) => void>();
  let lastPing = 0;
  let asked = false;
  let cancel: () => void = () => {};

  const ping = (): number => {
    lastPing += 1;
    sendPing(lastPing);
    return lastPing;
  };

  const tick = (): void => {
    if (heard()) asked = false;
    else if (asked) {
      onSilence();
      return;
    } else {
      asked = true;
      ping();
    }
    cancel = setTimer(tick, interval);
  };
  cancel = setTimer(tick, interval);

  return harden({
    pong: (number) => probes.get(number)?.(true),
    probe: (milliseconds) =>
      new Promise((resolve) => {
        const number = ping();
        const done = (answered: boolean): void => {
          probes.delete(number);
          cancelProbe();
          resolve(answered);
        };
        const cancelProbe = setTimer(() => done(false), milliseconds);
        probes.set(number, done);
      }),
    stop: () => {
      cancel();
      for (const done of [...probes.values()]) done(false);
    },
  } satisfies Heartbeat);
};
harden(makeHeartbeat);
