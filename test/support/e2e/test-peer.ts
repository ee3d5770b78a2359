/** Peers in the test's own process, with keys of their own, that dial and listen by TLS like any other. */
import { randomBytes } from 'node:crypto';
import tls from 'node:tls';
import type { VersionRange } from '../../../src/captp/hello.ts';
import { makeKeyPair, type KeyPair } from '../../../src/captp/key-pair.ts';
import { makeTlsNetlayer } from '../../../src/captp/netlayers/tls.ts';
import { makePeer, type Peer } from '../../../src/captp/peer.ts';
import type { PeerPowers } from '../../../src/captp/powers.ts';
import { makeMemoryStore } from '../../../src/persistence/memory-store.ts';
import { protocolVersions } from '../../../src/protocol/version.ts';
import { openTestKernel } from '../test-kernel.ts';
import type { Sandbox } from './sandbox.ts';

export const realPowers: PeerPowers = {
  now: () => Date.now(),
  setTimer: (callback, milliseconds) => {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
  soon: (callback) => void setImmediate(callback),
  randomBytes,
};

export const newKey = (): KeyPair => makeKeyPair(randomBytes(32));

export const tlsOf = (keyPair: KeyPair) => makeTlsNetlayer({ tls, setTimer: realPowers.setTimer }, keyPair);

export interface TestPeerOptions {
  readonly versions?: VersionRange;
  /** Does it keep what it is given, as a hob does? Default: yes. */
  readonly durable?: boolean;
  readonly software?: string;
}

export const makeTestPeer = (sandbox: Sandbox, options: TestPeerOptions = {}): Peer => {
  const { versions = protocolVersions, durable = true, software = 'a peer of the test' } = options;
  const keyPair = newKey();
  const peer = makePeer({
    keyPair,
    netlayers: [tlsOf(keyPair)],
    powers: realPowers,
    versions,
    software,
    epoch: durable ? 1 : 0,
    ...(durable ? { kernel: openTestKernel(makeMemoryStore()) } : {}),
  });
  sandbox.atEnd(() => peer.close());
  return peer;
};
