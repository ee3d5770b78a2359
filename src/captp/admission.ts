/**
 * Who may have a session with this peer, and how many.
 *
 * A key belongs to one process, so of two live sessions with one durable peer the second is refused: somebody copied its
 * disk. But a host that lost its power has left a session that only looks alive, and must not be locked out by it: so the first is
 * asked whether it is there, and only if it answers is the second refused.
 *
 * Whoever has a key of its own can connect, so there is a bound for those who have shown no authority yet.
 */
import { makeError } from '../errors/gobs-error.ts';
import type { Limits } from './limits.ts';
import { shortId, type PeerId } from './peer-id.ts';
import type { Acquaintance, Session } from './session.ts';

/** Two places from which one key was used. */
export interface Refusal {
  readonly peerId: PeerId;
  /** Of the session that stays. */
  readonly first: string;
  readonly second: string;
}

export interface AdmissionOptions {
  /** Of this peer. */
  readonly self: PeerId;
  readonly limits: Pick<Limits, 'sessions' | 'sessionsOfKey' | 'sessionsOfLocator' | 'strangers' | 'probeDeadline'>;
  /** Is this peer dialling that one at the moment? */
  readonly isDialling: (peerId: PeerId) => boolean;
  readonly onRefused: (refusal: Refusal) => void;
}

export interface Admission {
  /** A connection came in; who it is will be known later. */
  arrived(session: Session): void;
  /** Resolves when the other side may have this session. Rejects with PEER_ALREADY_CONNECTED or LIMIT_EXCEEDED. `known`: was it given something before? */
  admit(other: Acquaintance, session: Session, known: boolean): Promise<void>;
  /**
   * It has shown that it was given something here, by a locator with this hash or else by its key. Throws LIMIT_EXCEEDED if
   * too many have shown the same locator.
   */
  trusted(session: Session, locatorHash?: string): void;
  /** The one live session with that durable peer. */
  sessionWith(peerId: PeerId): Session | undefined;
}

interface Live {
  readonly session: Session;
  readonly other: Acquaintance;
}

interface Tally {
  /** Counts a session for as long as it lives. Throws LIMIT_EXCEEDED. */
  enter(key: string, session: Session, limit: number, what: string): void;
}

const makeTally = (): Tally => {
  const sessions = new Map<string, Set<Session>>();
  return {
    enter: (key, session, limit, what) => {
      const those = sessions.get(key) ?? new Set();
      if (those.has(session)) return;
      if (those.size >= limit) throw makeError('LIMIT_EXCEEDED', `more than ${limit} sessions ${what} are open`);
      sessions.set(key, those.add(session));
      void session.closed.then(() => {
        those.delete(session);
        if (those.size === 0) sessions.delete(key);
      });
    },
  };
};

export const makeAdmission = ({ self, limits, isDialling, onRefused }: AdmissionOptions): Admission => {
  const all = new Set<Session>();
  const strangers = new Set<Session>();
  const live = new Map<PeerId, Live>();

  /** Over a transport that only this host's user has. */
  const local = new WeakSet<Session>();
  const byKey = makeTally();
  const byLocator = makeTally();

  const count = (session: Session): void => {
    if (all.has(session)) return;
    all.add(session);
    void session.closed.then(() => {
      all.delete(session);
      strangers.delete(session);
    });
  };

  const alreadyConnected = (first: string, second: string, peerId: PeerId): Error =>
    makeError('PEER_ALREADY_CONNECTED', `peer ${shortId(peerId)} is connected from ${first}; ${second} was refused`, {
      hint: 'a key is for one process: if its directory was copied, give the copy one of its own',
    });

  /** Takes the place of the peer's live session, if there is none, or only one that does not answer: then returns undefined. */
  const takePlace = async (other: Acquaintance, session: Session): Promise<Live | undefined> => {
    for (;;) {
      const first = live.get(other.peerId);
      if (first === undefined) {
        // In the same step: others may be waiting for the same place.
        live.set(other.peerId, { session, other });
        return undefined;
      }
      await first.session.opened.catch(() => {});
      if (await first.session.probe(limits.probeDeadline)) return first;
      first.session.close(
        makeError('SESSION_CLOSED', `no answer while the same peer connected from ${other.remoteAddress}`),
      );
      forget(other.peerId, first.session);
    }
  };

  const forget = (peerId: PeerId, session: Session): void => {
    if (live.get(peerId)?.session === session) live.delete(peerId);
  };

  const admitDurable = async (other: Acquaintance, session: Session): Promise<void> => {
    const { peerId, remoteAddress, outgoing } = other;
    // Both sides dialled at once: the session that the peer with the smaller id dialled is the one that stays.
    if (!outgoing && isDialling(peerId) && self < peerId && !live.has(peerId)) {
      throw alreadyConnected('this side, which is dialling it', remoteAddress, peerId);
    }
    const first = await takePlace(other, session);
    if (first !== undefined) {
      const refusal = { peerId, first: first.other.remoteAddress, second: remoteAddress };
      if (!outgoing) onRefused(harden(refusal));
      throw alreadyConnected(refusal.first, refusal.second, peerId);
    }
    void session.closed.then(() => forget(peerId, session));
  };

  return harden({
    arrived: (session) => {
      count(session);
      strangers.add(session);
      if (strangers.size <= limits.strangers) return;
      const [oldest] = strangers;
      oldest?.close(makeError('LIMIT_EXCEEDED', `more than ${limits.strangers} strangers are connected`));
    },
    admit: async (other, session, known) => {
      count(session);
      if (all.size > limits.sessions && other.proven && !known) {
        throw makeError('LIMIT_EXCEEDED', `more than ${limits.sessions} sessions are open`);
      }
      if (other.bothDurable) await admitDurable(other, session);
      else if (other.proven) byKey.enter(other.peerId, session, limits.sessionsOfKey, 'with one key');
      if (!other.proven) local.add(session);
    },
    trusted: (session, locatorHash) => {
      if (locatorHash !== undefined && !local.has(session)) {
        byLocator.enter(locatorHash, session, limits.sessionsOfLocator, 'with one locator');
      }
      strangers.delete(session);
      session.trust();
    },
    sessionWith: (peerId) => live.get(peerId)?.session,
  } satisfies Admission);
};
harden(makeAdmission);
