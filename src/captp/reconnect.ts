/**
 * Staying connected, for ever: after each end, and each failure, another attempt, at growing intervals with chance in them, so that the
 * hosts of a fleet do not all come back in one moment.
 */
import type { PeerPowers } from './powers.ts';

/** What there is to know of a connection. */
export interface Link {
  /** The reason of its end. Never rejects. */
  readonly closed: Promise<Error>;
}

export interface ReconnectOptions<L extends Link> {
  readonly connect: () => Promise<L>;
  /** No pause is longer. Milliseconds. */
  readonly longest: number;
  readonly powers: Pick<PeerPowers, 'now' | 'setTimer' | 'randomBytes'>;
  readonly onUp: (link: L) => void;
  readonly onDown: (reason: Error) => void;
  /** An attempt failed; the next is in so many milliseconds. */
  readonly onFailure: (reason: unknown, retryIn: number) => void;
}

export interface Reconnector {
  /** Tries now, if it waits: there is a new reason to think that it will work. */
  wake(): void;
  /** No more attempts. A connection that is there stays. */
  stop(): void;
}

const SHORTEST = 500;
/** A connection that lasted so long was one. */
const LASTING = 10_000;

export const makeReconnector = <L extends Link>(options: ReconnectOptions<L>): Reconnector => {
  const { connect, longest, powers, onUp, onDown, onFailure } = options;
  let stopped = false;
  let bound = SHORTEST;
  let wake: () => void = () => {};

  /** Between half the bound and all of it. */
  const nextDelay = (): number => {
    const chance = Buffer.from(powers.randomBytes(4)).readUInt32BE() / 2 ** 32;
    const delay = Math.round(bound * (0.5 + chance / 2));
    bound = Math.min(longest, bound * 2);
    return delay;
  };

  const pause = (delay: number): Promise<void> =>
    new Promise((resolve) => {
      const cancel = powers.setTimer(resolve, delay);
      wake = () => {
        cancel();
        resolve();
      };
    });

  const attempt = async (): Promise<number> => {
    try {
      const link = await connect();
      const since = powers.now();
      onUp(link);
      onDown(await link.closed);
      if (powers.now() - since >= LASTING) bound = SHORTEST;
      return nextDelay();
    } catch (error) {
      const delay = nextDelay();
      if (!stopped) onFailure(error, delay);
      return delay;
    }
  };

  const run = async (): Promise<void> => {
    while (!stopped) {
      const delay = await attempt();
      if (!stopped) await pause(delay);
    }
  };
  void run();

  return harden({
    wake: () => wake(),
    stop: () => {
      stopped = true;
      wake();
    },
  } satisfies Reconnector);
};
harden(makeReconnector);
