/**
 * One end of a TLS connection on which nothing is asked for, over and over: `node calls-child.ts server|client <contender>`.
 *
 *   frames    a frame there, a frame back
 *   captp     @endo/captp as it comes, over such frames
 *   host      our peers and session, calling an object of the host world
 *   actor     our peers and session, calling an actor in a vat, which checks its guard and runs a turn
 *
 * All ends are under production lockdown and use the real netlayer, so TLS is the same for all.
 */
import '../src/lockdown.ts';
import { randomBytes } from 'node:crypto';
import process from 'node:process';
import tls from 'node:tls';
import { makeCapTP } from '@endo/captp';
import { E, Far } from '@endo/far';
import { M } from '@endo/patterns';
import { makeKeyPair } from '../src/captp/key-pair.ts';
import { secretHash, secretText } from '../src/captp/locator.ts';
import type { Address } from '../src/captp/netlayers/contract.ts';
import { makeTlsNetlayer } from '../src/captp/netlayers/tls.ts';
import { makePeer, type Peer } from '../src/captp/peer.ts';
import type { PeerId } from '../src/captp/peer-id.ts';
import { makeMemoryStore } from '../src/persistence/memory-store.ts';
import { protocolVersions } from '../src/protocol/version.ts';
import { makeKernel, type Kernel } from '../src/vats/kernel.ts';
import { defineKind } from '../src/vats/kind.ts';
import { answerParent, type Answers } from './answer-parent.ts';
import { linkFrames } from './frame-link.ts';
import { cpuSeconds, runLoad, type Load } from './load.ts';

export type CallContender = 'frames' | 'captp' | 'host' | 'actor';

/** How the client finds the server. */
export interface Place {
  readonly address: Address;
  readonly peerId: PeerId;
  /** For our own peers. */
  readonly locator?: string;
}

interface Target {
  nothing(): void;
}

interface End {
  listen(): Promise<Place>;
  /** What one call is. */
  dial(place: Place): Promise<() => Promise<unknown>>;
}

const setTimer = (callback: () => void, milliseconds: number): (() => void) => {
  const timer = setTimeout(callback, milliseconds);
  return () => clearTimeout(timer);
};
const keyPair = makeKeyPair(randomBytes(32));
const netlayer = makeTlsNetlayer({ tls, setTimer }, keyPair);
const anyPort: Address = { host: '127.0.0.1', port: '0' };
const target = Far('Nothing', { nothing: () => {} });

const frames: End = {
  listen: async () => {
    const { address } = await netlayer.listen(anyPort, ({ stream }) => {
      const send = linkFrames(stream, (text) => send(text));
    });
    return { address, peerId: keyPair.peerId };
  },
  dial: async ({ address, peerId }) => {
    const { stream } = await netlayer.dial(address, peerId);
    const waiting: (() => void)[] = [];
    let next = 0;
    const send = linkFrames(stream, () => {
      waiting[next]!();
      next += 1;
      if (next === waiting.length) {
        waiting.length = 0;
        next = 0;
      }
    });
    return () =>
      new Promise<void>((resolve) => {
        waiting.push(resolve);
        send('{"type":"nothing"}');
      });
  },
};

interface RawCapTP {
  dispatch(message: unknown): boolean;
  getBootstrap(): Promise<Target>;
}

const rawCapTP = (stream: Parameters<typeof linkFrames>[0], bootstrap?: object): RawCapTP => {
  const send = linkFrames(stream, (text) => captp.dispatch(JSON.parse(text)));
  const captp = (makeCapTP as (...args: unknown[]) => RawCapTP)(
    'bench',
    (message: object) => send(JSON.stringify(message)),
    bootstrap,
  );
  return captp;
};

const captp: End = {
  listen: async () => {
    const { address } = await netlayer.listen(anyPort, ({ stream }) => void rawCapTP(stream, target));
    return { address, peerId: keyPair.peerId };
  },
  dial: async ({ address, peerId }) => {
    const { stream } = await netlayer.dial(address, peerId);
    const remote = await rawCapTP(stream).getBootstrap();
    return () => E(remote).nothing();
  },
};

const nothingKind = defineKind<null, Target>({
  label: 'nothing',
  guard: M.interface('Nothing', { nothing: M.call().returns(M.undefined()) }),
  portrait: M.null(),
  behave: () => ({ nothing: () => {} }),
});

const openPeer = (kernel: Kernel, hostSecret: string): Peer =>
  makePeer({
    keyPair,
    netlayers: [netlayer],
    powers: { now: () => Date.now(), setTimer, soon: (callback) => void setImmediate(callback), randomBytes },
    versions: protocolVersions,
    software: 'bench',
    epoch: 1,
    kernel,
    enlivenOther: async (presented) => (presented.secretHash === secretHash(hostSecret) ? target : undefined),
  });

const openKernel = (): Kernel =>
  makeKernel({ store: makeMemoryStore(), now: () => Date.now(), schedule: (crank) => void setImmediate(crank) });

const gobs = (what: 'host' | 'actor'): End => ({
  listen: async () => {
    const kernel = openKernel();
    const vat = kernel.openVat('bench');
    vat.register(nothingKind, {});
    const actor = await vat.makeOnce('nothing', ({ spawn }) => spawn(nothingKind, null));
    const secret = secretText(randomBytes(32));
    const peer = openPeer(kernel, secret);
    const { address } = await peer.listen('tls', anyPort);
    const locator = what === 'host' ? peer.locatorWith(secret) : await peer.locatorFor(actor);
    return { address, peerId: keyPair.peerId, locator };
  },
  dial: async ({ locator }) => {
    const remote = (await openPeer(openKernel(), '').enliven(locator!)) as Target;
    return () => E(remote).nothing();
  },
});

const ends: Readonly<Record<CallContender, End>> = { frames, captp, host: gobs('host'), actor: gobs('actor') };

const [role, contender] = process.argv.slice(2) as ['server' | 'client', CallContender];
const end = ends[contender];
let call: () => Promise<unknown> = async () => {};

answerParent(
  role === 'server'
    ? ({ listen: end.listen, cpu: cpuSeconds } satisfies Answers)
    : ({
        dial: async (place: Place) => {
          call = await end.dial(place);
        },
        run: (load: Load) => runLoad(call, load),
      } satisfies Answers),
);
