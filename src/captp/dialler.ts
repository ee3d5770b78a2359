/**
 * Reaching another peer: by the session that is there, by the dialling that is under way, or by dialling.
 */
import { codeOf, makeError } from '../errors/gobs-error.ts';
import type { Connection, Netlayer } from './netlayers/contract.ts';
import { shortId, type PeerId } from './peer-id.ts';
import type { Place } from './peer-table.ts';
import type { Session } from './session.ts';

export interface DiallerOptions {
  readonly netlayers: readonly Netlayer[];
  /** The one live session with that durable peer. */
  readonly sessionWith: (peerId: PeerId) => Session | undefined;
  readonly start: (connection: Connection, dialled: PeerId) => Session;
}

export interface Dialler {
  /** An open session. Rejects with PEER_UNREACHABLE, PEER_MISMATCH, or the reason for which the other side refused. */
  connect(peerId: PeerId, place: Place): Promise<Session>;
  isDialling(peerId: PeerId): boolean;
}

export const makeDialler = ({ netlayers, sessionWith, start }: DiallerOptions): Dialler => {
  /** By scheme and peer: what was proven on one transport is not on another. */
  const dialled = new Map<string, Promise<Session>>();
  const dialling = new Map<PeerId, number>();

  const count = (peerId: PeerId, change: 1 | -1): void => {
    const number = (dialling.get(peerId) ?? 0) + change;
    if (number > 0) dialling.set(peerId, number);
    else dialling.delete(peerId);
  };

  const dial = async (peerId: PeerId, { scheme, address }: Place): Promise<Session> => {
    const netlayer = netlayers.find((one) => one.scheme === scheme);
    if (netlayer === undefined) {
      throw makeError(
        'PEER_UNREACHABLE',
        `peer ${shortId(peerId)} is to be dialled by ${scheme}, which is not spoken here`,
      );
    }
    count(peerId, 1);
    try {
      const session = start(await netlayer.dial(address, peerId), peerId);
      await session.opened;
      return session;
    } catch (error) {
      // It dialled us in the same moment, and that session is the one that stays.
      const other = codeOf(error) === 'PEER_ALREADY_CONNECTED' ? sessionWith(peerId) : undefined;
      if (other === undefined) throw error;
      await other.opened;
      return other;
    } finally {
      count(peerId, -1);
    }
  };

  const dialOnce = (peerId: PeerId, place: Place): Promise<Session> => {
    const key = `${place.scheme} ${peerId}`;
    const known = dialled.get(key);
    if (known !== undefined) return known;
    const promise = dial(peerId, place);
    const forget = (): void => {
      if (dialled.get(key) === promise) dialled.delete(key);
    };
    dialled.set(key, promise);
    promise.then((session) => session.closed.then(forget), forget);
    return promise;
  };

  return harden({
    connect: async (peerId, place) => {
      const live = sessionWith(peerId);
      if (live === undefined) return dialOnce(peerId, place);
      await live.opened;
      return live;
    },
    isDialling: (peerId) => dialling.has(peerId),
  } satisfies Dialler);
};
harden(makeDialler);
