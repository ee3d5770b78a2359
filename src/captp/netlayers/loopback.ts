/**
 * Peers of one process, for tests and examples. A network is a table of who listens under which name; each peer has a netlayer of its
 * own on it, which vouches for the peer's id.
 */
import { duplexPair, type Duplex } from 'node:stream';
import { makeError } from '../../errors/gobs-error.ts';
import type { PeerId } from '../peer-id.ts';
import type { Connection, Netlayer } from './contract.ts';

interface Listening {
  readonly peerId: PeerId;
  readonly accept: (connection: Connection) => void;
}

export interface LoopbackNetwork {
  netlayerOf(peerId: PeerId): Netlayer;
}

/** A connection that is broken off is broken off for both; one that was ended is read to its end. */
const joinEnds = (one: Duplex, other: Duplex): void => {
  one.once('close', () => {
    if (!one.writableFinished) other.destroy();
  });
};

export const makeLoopbackNetwork = (): LoopbackNetwork => {
  const listening = new Map<string, Listening>();
  let lastCaller = 0;

  const listen =
    (peerId: PeerId): Netlayer['listen'] =>
    async ({ name }, accept) => {
      if (name === undefined || name === '') {
        throw makeError('ADDRESS_UNUSABLE', 'loopback needs a name to listen under');
      }
      if (listening.has(name)) throw makeError('ADDRESS_UNUSABLE', `loopback ${name} is listened on already`);
      const entry = { peerId, accept };
      listening.set(name, entry);
      return harden({
        address: { name },
        close: async () => {
          if (listening.get(name) === entry) listening.delete(name);
        },
      });
    };

  const dial =
    (peerId: PeerId): Netlayer['dial'] =>
    async ({ name = '?' }, expected) => {
      const there = listening.get(name);
      if (there === undefined) {
        throw makeError('PEER_UNREACHABLE', `loopback ${name} cannot be reached: nobody listens`);
      }
      if (there.peerId !== expected) {
        throw makeError(
          'PEER_MISMATCH',
          `loopback ${name} is peer ${there.peerId}, where peer ${expected} is expected`,
        );
      }
      const [near, far] = duplexPair();
      joinEnds(near, far);
      joinEnds(far, near);
      lastCaller += 1;
      there.accept({ stream: far, provenPeer: peerId, remoteAddress: `loopback caller ${lastCaller}` });
      return { stream: near, provenPeer: expected, remoteAddress: `loopback ${name}` };
    };

  return harden({
    netlayerOf: (peerId) =>
      harden({ scheme: 'loopback', listen: listen(peerId), dial: dial(peerId) } satisfies Netlayer),
  } satisfies LoopbackNetwork);
};
harden(makeLoopbackNetwork);
