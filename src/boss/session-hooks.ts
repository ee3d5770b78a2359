/**
 * Tells the boss who comes and goes, and the log. Anybody who reaches the port can cause these lines, so each is written seldom: of hobs, for
 * each on its own; of everybody else, together.
 */
import type { PeerHooks } from '../captp/peer-hooks.ts';
import { describeError } from '../errors/gobs-error.ts';
import { makeSeldom } from '../errors/seldom.ts';
import { E } from '../vats/eventual-send.ts';
import type { BossProcess } from './boss-process.ts';

export interface SessionHookPowers {
  readonly now: () => number;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
  readonly closeSession: (peerId: string, reason: Error) => void;
  readonly process: () => Pick<BossProcess, 'arrived' | 'left' | 'copied' | 'older'>;
  /** Peers that have shown their key and are here now; kept by these hooks. */
  readonly proven: Set<string>;
}

/** Hobs whose coming and going is told apart. */
const MOST_HOBS = 20_000;

export const makeSessionHooks = ({ now, log, closeSession, process, proven }: SessionHookPowers): PeerHooks => {
  const hobs = makeSeldom({ now, keys: MOST_HOBS });
  const others = makeSeldom({ now });

  const say = (level: 'info' | 'warn', message: string, fields: object, hob?: string): void => {
    const left = hob === undefined ? others(message) : hobs(`${hob} ${message}`);
    if (left !== undefined) log[level](left === 0 ? fields : { ...fields, left }, message);
  };
  const saySession = (
    message: string,
    { peer, ...rest }: { readonly peer: string; readonly [more: string]: unknown },
    isHob: boolean,
  ): void => say('info', message, { peer, ...rest }, isHob ? peer : undefined);
  const unnoted = (what: string) => (error: unknown) => say('warn', what, describeError(error));

  return harden({
    onUp: ({ peerId, remoteAddress: address, durable }) => {
      if (!durable) return;
      proven.add(peerId);
      E(process())
        .arrived({ peerId, address })
        .then((isHob) => saySession('a session begins', { peer: peerId, address }, isHob))
        .catch((error: unknown) => closeSession(peerId, error as Error));
    },
    onDown: ({ peerId, remoteAddress: address, durable }, reason) => {
      if (!durable) return;
      proven.delete(peerId);
      const fields = { peer: peerId, address, ...describeError(reason) };
      E(process())
        .left(peerId, now())
        .then((isHob) => saySession('a session has ended', fields, isHob))
        .catch(unnoted('noting the end of a session'));
    },
    onRefused: ({ peerId, first, second }) => {
      say('warn', 'one key from two places: the second was refused', { peer: peerId, first, second });
      E(process()).copied(peerId, first, second).catch(unnoted('noting that a key was used twice'));
    },
    onMismatch: (address, reason) =>
      say('warn', 'a peer of another version was refused', { address, ...describeError(reason) }),
    onGuess: ({ peerId, remoteAddress: address }) =>
      say('warn', 'a locator was presented that leads nowhere', { peer: peerId, address }),
    onOlderEpoch: ({ peerId, remoteAddress: address, seen, shown }) => {
      const fields = { peer: peerId, address, seen, shown };
      E(process())
        .older(peerId, seen, shown)
        .then((isHob) =>
          say(
            'warn',
            "a peer's store is older than it was: a copy, or from a backup",
            fields,
            isHob ? peerId : undefined,
          ),
        )
        .catch(unnoted('noting that a store is older than it was'));
    },
  } satisfies PeerHooks);
};
harden(makeSessionHooks);
