/**
 * Delivers calls on references to other peers' objects (`peer:<peer>/<number>`), wherever in this process they are made.
 *
 * A live session takes them. Without one, a peer that can be dialled is, and the calls wait for that in their order; any other is
 * unreachable, which is said at once. What a lost session did not answer was rejected when it was lost, so the next call finds out afresh.
 */
import { makeError } from '../errors/gobs-error.ts';
import type { Router } from '../vats/kernel-contract.ts';
import { noMessages, type Messages } from '../vats/messages.ts';
import { parsePeerName } from '../vats/names.ts';
import { shortId, type PeerId } from './peer-id.ts';
import type { Session } from './session.ts';

export interface PeerRouterOptions {
  readonly messages?: Pick<Messages, 'carry' | 'take'> | undefined;
  readonly sessionWith: (peerId: PeerId) => Session | undefined;
  /** Undefined if nobody knows where. Rejects with PEER_UNREACHABLE and the like. */
  readonly dial: (peerId: PeerId) => Promise<Session> | undefined;
}

interface WaitingCall {
  readonly send: (session: Session) => void;
  readonly fail: (reason: unknown) => void;
}

export const makePeerRouter = ({ sessionWith, dial, messages = noMessages }: PeerRouterOptions): Router => {
  const waiting = new Map<PeerId, WaitingCall[]>();

  /** All that waits goes out in one step, so that no later call gets ahead of it. */
  const release = (peerId: PeerId, act: (call: WaitingCall) => void): void => {
    const calls = waiting.get(peerId) ?? [];
    waiting.delete(peerId);
    calls.forEach(act);
  };

  const whenDialled = (peerId: PeerId): WaitingCall[] | undefined => {
    const dialling = dial(peerId);
    if (dialling === undefined) return undefined;
    const calls: WaitingCall[] = [];
    waiting.set(peerId, calls);
    dialling.then(
      (session) => release(peerId, (call) => call.send(session)),
      (error: unknown) => release(peerId, (call) => call.fail(error)),
    );
    return calls;
  };

  return harden({
    deliver: (name, method, args) => {
      const home = parsePeerName(name);
      if (home === undefined) {
        return Promise.reject(makeError('NO_SUCH_ACTOR', `${name} is not the name of a reference`));
      }
      const ask = (session: Session) => session.ask(`o-d${home.number}`, method, args);
      const session = waiting.has(home.peer) ? undefined : sessionWith(home.peer);
      if (session !== undefined) return ask(session);
      const calls = waiting.get(home.peer) ?? whenDialled(home.peer);
      if (calls === undefined) {
        return Promise.reject(
          makeError(
            'PEER_UNREACHABLE',
            `peer ${shortId(home.peer)} is not connected, and nobody knows where to dial it`,
          ),
        );
      }
      // At once, before anything on the way to a session could be taken for it.
      const message = messages.take();
      return new Promise((resolve, reject) => {
        const send = (open: Session): void =>
          resolve(message === undefined ? ask(open) : messages.carry(message, () => ask(open)));
        calls.push({ send, fail: reject });
      });
    },
  } satisfies Router);
};
harden(makePeerRouter);
