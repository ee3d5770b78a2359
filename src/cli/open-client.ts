/**
 * The peer that a command is: it dials, asks and ends. Its key is made for the occasion, so nothing that it is handed outlives it; who
 * it is does not matter, because what it may do is in the locator that it has.
 */
import { makeKeyPair } from '../captp/key-pair.ts';
import { makeTlsNetlayer } from '../captp/netlayers/tls.ts';
import { makeUnixNetlayer, type UnixNetlayerPowers } from '../captp/netlayers/unix.ts';
import { makePeer } from '../captp/peer.ts';
import type { PeerPowers } from '../captp/powers.ts';
import { protocolVersions } from '../protocol/version.ts';
import type { Client } from './powers.ts';

export interface ClientPowers extends PeerPowers, UnixNetlayerPowers {
  readonly tls: typeof import('node:tls');
  readonly version: string;
}

export const openClient = (powers: ClientPowers): Client => {
  const { now, setTimer, soon, randomBytes, version } = powers;
  const keyPair = makeKeyPair(randomBytes(32));
  const lost = Promise.withResolvers<unknown>();
  let first: string | undefined;
  const peer = makePeer({
    keyPair,
    netlayers: [makeUnixNetlayer(powers), makeTlsNetlayer(powers, keyPair)],
    powers: { now, setTimer, soon, randomBytes },
    versions: protocolVersions,
    software: `gobs ${version}`,
    epoch: 0,
    hooks: {
      onUp: ({ peerId }) => {
        first ??= peerId;
      },
      // Others may come and go: the first is the one that the command is about.
      onDown: ({ peerId }, reason) => {
        if (peerId === first) lost.resolve(reason);
      },
    },
  });
  return harden({
    enliven: (locator: string) => peer.enliven(locator),
    lost: lost.promise,
    close: () => peer.close(),
  });
};
harden(openClient);
