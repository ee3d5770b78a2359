/**
 * Many hobs in one process. Each has its own key, kernel, store (in memory), actor and TLS connection; only the host is missing: whatever
 * is wanted of it is there at once. The machines that they belong to are in the boss's store already, with their keys.
 */
import '../src/lockdown.ts';
import { randomBytes } from 'node:crypto';
import tls from 'node:tls';
import { Far } from '@endo/far';
import { makeKeyPair } from '../src/captp/key-pair.ts';
import { makeTlsNetlayer } from '../src/captp/netlayers/tls.ts';
import { makePeer } from '../src/captp/peer.ts';
import { hobKind, type HobFacets, type HobLog, type HostDriver } from '../src/hob/hob-kind.ts';
import { newHobPortrait, type HobSide } from '../src/hob/hob-portrait.ts';
import { makeMemoryStore } from '../src/persistence/memory-store.ts';
import { protocolVersions } from '../src/protocol/version.ts';
import { E } from '../src/vats/eventual-send.ts';
import { makeKernel } from '../src/vats/kernel.ts';
import { answerParent } from './answer-parent.ts';
import { someFacts } from './fleet-template.ts';
import { hobSeed } from './hob-seed.ts';

export interface HobOrder {
  /** Numbers of machines, from the first to the last. */
  readonly first: number;
  readonly last: number;
  /** Of the boss. */
  readonly peerId: string;
  readonly host: string;
  readonly port: string;
}

const AT_ONCE = 16;

const setTimer = (callback: () => void, milliseconds: number): (() => void) => {
  const timer = setTimeout(callback, milliseconds);
  return () => clearTimeout(timer);
};
const now = (): number => Date.now();

const host = Far('HostDriver', {
  facts: () => someFacts,
  reconcile: ({ desired, reason }: Parameters<HostDriver['reconcile']>[0]) =>
    harden({
      generation: desired.generation,
      reason,
      at: now(),
      resources: desired.resources.map(({ id, type }) => ({ id, type, state: 'ok' })),
    }),
}) as unknown as HostDriver;

const quiet = Far('HobLog', { warn: () => undefined }) as unknown as HobLog;

const openActor = async (kernel: ReturnType<typeof makeKernel>): Promise<HobFacets['control']> => {
  const vat = kernel.openVat('hob');
  vat.register(hobKind, { driver: host, log: quiet });
  const control = await vat.makeOnce('hob', ({ spawn, makeMap }) => spawn(hobKind, newHobPortrait(makeMap)).control);
  return control as HobFacets['control'];
};

/** Resolves when the boss has it online, and it has done what the boss wants. */
const connect = async (number: number, { peerId, host: hostName, port }: HobOrder): Promise<void> => {
  const keyPair = makeKeyPair(hobSeed(number));
  const kernel = makeKernel({ store: makeMemoryStore(), now, schedule: (crank) => void setImmediate(crank) });
  const peer = makePeer({
    keyPair,
    netlayers: [makeTlsNetlayer({ tls, setTimer }, keyPair)],
    powers: { now, setTimer, soon: (callback) => void setImmediate(callback), randomBytes },
    versions: protocolVersions,
    software: 'bench hob',
    epoch: 1,
    kernel,
  });
  const where = harden({ peerId, scheme: 'tls', address: { host: hostName, port } });
  const control = await openActor(kernel);
  await E(control).enrolled(kernel.refOf(`peer:${peerId}/1`) as HobSide, where);
  await new Promise<void>((resolve, reject) => {
    peer.keepConnected(peerId, where, { onUp: () => resolve(), onFailure: reject });
  });
  await E(control).attach();
  await E(control).apply();
};

const connectAll = async (order: HobOrder): Promise<void> => {
  let next = order.first;
  const worker = async (): Promise<void> => {
    while (next <= order.last) {
      next += 1;
      await connect(next - 1, order);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
};

answerParent({ connect: connectAll });
