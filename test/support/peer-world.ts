/**
 * Peers of one process on a network with a hand on its wires, with a clock that the test moves. Each keeps its rows in a Map, so that
 * it can be started again.
 */
import { E } from '@endo/eventual-send';
import { makeKeyPair, type KeyPair } from '../../src/captp/key-pair.ts';
import type { Netlayer } from '../../src/captp/netlayers/contract.ts';
import { makePeer, type Peer, type PeerOptions } from '../../src/captp/peer.ts';
import type { PeerHooks } from '../../src/captp/peer-hooks.ts';
import { makeBreakableNetwork, type BreakableNetwork } from './breakable-network.ts';
import { makeFakeClock, type FakeClock } from './fake-clock.ts';
import { makeFakeKernel, type FakeKernel } from './fake-kernel.ts';

export interface Remote {
  readonly [method: string]: (...args: unknown[]) => Promise<unknown>;
}

/** `E`, for what no type is known of. */
export const on = (target: unknown): Remote => E(target as never) as Remote;

export interface TestPeer {
  readonly peer: Peer;
  readonly kernel: FakeKernel;
  readonly keyPair: KeyPair;
  /** What the hooks were told, in order: `up`, `down`, … and what with. */
  readonly events: readonly (readonly [name: string, ...what: unknown[]])[];
  /** The same peer, over what is durable of it, as after a restart. The old one is to be closed by the test, or has crashed. */
  again(options?: Partial<PeerOptions>): TestPeer;
}

export interface PeerWorld {
  readonly network: BreakableNetwork;
  readonly clock: FakeClock;
  /** A durable peer, whose key follows from its number. */
  add(number: number, options?: Partial<PeerOptions>): TestPeer;
  /** One that keeps nothing. */
  addClient(number: number, options?: Partial<PeerOptions>): Peer;
  /** Ends all peers that were made, and lets time pass until they are gone. */
  end(): Promise<void>;
}

const watching = (events: (readonly [string, ...unknown[]])[]): PeerHooks => ({
  onUp: (info) => void events.push(['up', info]),
  onDown: (info, reason) => void events.push(['down', info, reason]),
  onRefused: (refusal) => void events.push(['refused', refusal]),
  onMismatch: (remoteAddress, reason) => void events.push(['mismatch', remoteAddress, reason]),
  onGuess: (presenter) => void events.push(['guess', presenter]),
  onOlderEpoch: (event) => void events.push(['older epoch', event]),
});

export const makePeerWorld = (): PeerWorld => {
  const network = makeBreakableNetwork();
  const clock = makeFakeClock();
  const peers: Peer[] = [];
  let random = 0;

  const common = (keyPair: KeyPair): PeerOptions => ({
    keyPair,
    netlayers: [network.netlayerOf(keyPair.peerId)] as readonly Netlayer[],
    powers: {
      now: clock.now,
      setTimer: clock.setTimer,
      soon: (callback) => void setImmediate(callback),
      randomBytes: (count) => {
        random += 1;
        return new Uint8Array(count).fill(random);
      },
    },
    versions: { lowest: 1, highest: 1 },
    software: 'gobs test',
    epoch: 1,
  });

  const make = (keyPair: KeyPair, rows: Map<string, string>, options: Partial<PeerOptions>): TestPeer => {
    const kernel = makeFakeKernel(rows);
    const events: (readonly [string, ...unknown[]])[] = [];
    const peer = makePeer({ ...common(keyPair), kernel, hooks: watching(events), ...options });
    peers.push(peer);
    return {
      peer,
      kernel,
      keyPair,
      events,
      again: (more = {}) => make(keyPair, rows, { ...options, ...more }),
    };
  };

  return {
    network,
    clock,
    add: (number, options = {}) => make(makeKeyPair(new Uint8Array(32).fill(number)), new Map(), options),
    addClient: (number, options = {}) => {
      const peer = makePeer({ ...common(makeKeyPair(new Uint8Array(32).fill(number))), ...options });
      peers.push(peer);
      return peer;
    },
    end: async () => {
      const gone = Promise.all(peers.map((peer) => peer.close()));
      await clock.advance(5_000);
      await gone;
      await clock.advance(120_000);
    },
  };
};
