/**
 * A boss on a fake cloud whose hobs are objects of the test, and the world that outlives it: cloud, hosts, clock. `open()` again on what the
 * store holds is a restart; the hobs that run connect again by themselves.
 *
 * A hob is known to the boss as `peer:<its id>/1`, a durable reference, and the test delivers what is sent to it; so everything between
 * the boss's actors and the wire is real, and there is no wire.
 */
import { createHash } from 'node:crypto';
import { Far } from '@endo/far';
import { neverRestored, type Restoration } from '../../src/boss/boss-turn.ts';
import { openBoss, type OpenedBoss } from '../../src/boss/open-boss.ts';
import type { Remembrance } from '../../src/boss/clear-gone.ts';
import type { ConfiguredProvider } from '../../src/boss/boss-process.ts';
import { makeMint } from '../../src/boss/enrolment-secrets.ts';
import { makeInspectorView } from '../../src/boss/inspector-view.ts';
import { peerIdOf } from '../../src/captp/peer-id.ts';
import { makeError } from '../../src/errors/gobs-error.ts';
import { makeMemoryStore, type MemoryStore } from '../../src/persistence/memory-store.ts';
import type { HobLinesRequest } from '../../src/protocol/host-logs.ts';
import type { Hob, MachineAdmin, MachineHobSide, MachineObserver } from '../../src/protocol/remotes.ts';
import type { Facts, MachineStatus, Report, WantedState } from '../../src/protocol/shapes.ts';
import type { TraceRequest } from '../../src/protocol/trace.ts';
import type { ProviderDriver } from '../../src/providers/contract.ts';
import { secretContext } from '../../src/boss/secrets.ts';
import { makeSeal } from '../../src/sealing/seal.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { makeKernel, type Kernel } from '../../src/vats/kernel.ts';
import { parsePeerName } from '../../src/vats/names.ts';
import type { Store } from '../../src/vats/store.ts';
import type { TurnError } from '../../src/vats/vat.ts';
import { makeMessageContext } from './message-context.ts';
import { makeFakeCloud, type FakeCloud } from './fake-provider.ts';

export const someFacts: Facts = harden({
  os: 'Debian 12',
  system: 'debian',
  release: '12',
  codename: 'bookworm',
  kernel: '6.1',
  architecture: 'x64',
  hostname: 'somewhere',
  cpu: { model: 'some', count: 2 },
  memory: { total: 4, free: 2 },
  disk: { total: 8, free: 4 },
  addresses: ['192.0.2.1'],
  bootTime: 1,
  hob: '0.0.0',
});

export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');
export const secretIn = (locator: string): string => /\/s\/([^?]*)/.exec(locator)![1]!;

/** A host's hob: its key and what it was given outlive its process. */
export interface TestHob {
  readonly machineId: string;
  readonly peerId: string;
  /** The name of the facet that it was given; undefined until it is enrolled. */
  side: string | undefined;
  /** What it says to each check; otherwise that all is well. */
  answer: ((desired: WantedState) => unknown) | undefined;
  desired: WantedState | undefined;
  /** What it says that it did; otherwise nothing. */
  trace?: (request: TraceRequest) => unknown;
  /** What it answers when a command is to run; otherwise one that has ended already. */
  exec?: (argv: readonly string[], until?: Promise<unknown>) => unknown;
  /** What it says of its own log; otherwise nothing. */
  log?: (request: HobLinesRequest) => unknown;
  /** … when a file is to be copied; otherwise a copy that has ended already. */
  copy?: (way: 'download' | 'upload', path: string) => unknown;
  readonly bindings: Map<string, object>;
  /** Calls that the boss made. */
  readonly heard: string[];
}

export interface Life extends OpenedBoss {
  readonly kernel: Kernel;
  readonly turnErrors: readonly TurnError[];
  /** A session with this hob begins: it says who it is, enrols if it must, attaches and reports. */
  connect(hob: TestHob, locator?: string): Promise<void>;
  /** Its session ends, as the boss notices. */
  disconnect(hob: TestHob): Promise<void>;
  hobSide(hob: TestHob): MachineHobSide;
  /** Ends in order. */
  stop(): Promise<void>;
}

export interface BossWorld {
  readonly cloud: FakeCloud;
  /** By machine id. */
  readonly hobs: Map<string, TestHob>;
  readonly store: MemoryStore;
  /** What hobs that were started did not manage to do, such as to enrol. */
  readonly hobErrors: unknown[];
  now: number;
  /** Of the boss's store, as its ledger would say. */
  restoration: Restoration;
  epoch: number;
  /** Told of machines that change. */
  touched?: (name: string) => void;
  /** Do hobs connect by themselves when their host starts them? */
  automatic: boolean;
  makeHob(machineId: string): TestHob;
  /** `noDriver`: why there is none for the provider. */
  /** Where a provider is not the one of the fake cloud; undefined: it is. */
  makeDriver?: (configured: ConfiguredProvider) => ProviderDriver | undefined;
  open(options?: { store?: Store; driver?: ProviderDriver; noDriver?: Error }): Promise<Life>;
  /** Of what somebody configures; undefined: all is taken. */
  checkProvider?: (configured: ConfiguredProvider) => void;
  /** Actors that each boss keeps in memory. */
  cacheLimit: number;
  /** Of machines that are gone; undefined: as usual. */
  remembrance?: Remembrance;
  /** What is kept of a peer goes. There is no peer here, so nothing is kept. */
  forgetPeer: (peerId: string) => Promise<void>;
}

export const reportOn = (desired: WantedState, at: number): Report =>
  harden({
    generation: desired.generation,
    digest: desired.digest,
    reason: 'asked',
    at,
    resources: desired.resources.map(({ id, type }) => ({ id, type, state: 'ok' as const })),
  });

/** Follows a machine until its status is as wanted. */
export const reach = async (
  machine: MachineObserver | Promise<MachineObserver>,
  accept: MachineStatus['state'] | ((status: MachineStatus) => boolean),
): Promise<MachineStatus> => {
  const isThere = typeof accept === 'string' ? ({ state }: MachineStatus) => state === accept : accept;
  let status = await E(machine).status();
  while (!isThere(status)) status = await E(machine).nextStatus(status.revision);
  return status;
};

export const ready = (machine: MachineAdmin | Promise<MachineAdmin>): Promise<MachineStatus> =>
  reach(machine as MachineObserver, ({ state, online }) => state === 'ready' && online);

/** What the boss's secrets are sealed with. */
const bossSeal = makeSeal(new Uint8Array(32).fill(8));

const endedCommand = (): unknown => {
  const end = harden({ code: 0, signal: null });
  const command = Far('RunningCommand', { read: () => harden({ end }) } as never);
  return harden({ handle: command, ended: Promise.resolve(end) });
};

const endedCopy = (): unknown =>
  harden({ handle: Far('Copy', { read: () => '' } as never), ended: Promise.resolve(harden({ bytes: 0 })) });

/** What the boss may ask of a hob. */
const makeHobObject = (hob: TestHob, now: () => number): Hob => {
  const note = <T>(what: string, result: T): T => {
    hob.heard.push(what);
    return result;
  };
  const look = () => (hob.answer ?? ((desired) => reportOn(desired, now())))(hob.desired!) as Report;
  return Far('Hob', {
    push: (desired: WantedState) => {
      hob.desired = desired;
      return note(`push ${desired.generation}`, desired.generation);
    },
    check: () => note('check', look()),
    converge: () => note('converge', look()),
    bind: (name: string, reference: object) => void hob.bindings.set(name, note(`bind ${name}`, reference)),
    lookup: (name: string) => {
      const found = hob.bindings.get(name);
      if (found === undefined) throw makeError('NO_SUCH_BINDING', `there is no binding ${name}`);
      return found;
    },
    unbind: (name: string) => void hob.bindings.delete(note(`unbind ${name}`, name)),
    bindings: () => harden([...hob.bindings.keys()]),
    look: () => null,
    hobLog: (request: HobLinesRequest) => (hob.log ?? (() => harden({ lines: [], last: 0 })))(request),
    unitLog: (unit: string) => note(`unitLog ${unit}`, (hob.exec ?? endedCommand)([unit])),
    download: (path: string) => note(`download ${path}`, (hob.copy ?? endedCopy)('download', path)),
    upload: (path: string) => note(`upload ${path}`, (hob.copy ?? endedCopy)('upload', path)),
    exec: (argv: readonly string[], until?: Promise<unknown>) =>
      note(`exec ${argv.join(' ')}`, (hob.exec ?? endedCommand)(argv, until)),
    trace: (request: TraceRequest) => (hob.trace ?? (() => harden({ records: [], last: 0, cut: false })))(request),
  } as never) as unknown as Hob;
};

interface Shared {
  readonly world: BossWorld;
  readonly locators: Map<string, string>;
  newNonce(): string;
}

const openLife = async (
  { world, newNonce }: Shared,
  store: Store,
  driver: ProviderDriver,
  noDriver: Error | undefined,
): Promise<Life> => {
  const connected = new Set<string>();
  const turnErrors: TurnError[] = [];
  const kernel = makeKernel({
    store,
    now: () => world.now,
    firstInstance: world.restoration.firstNumber,
    schedule: setImmediate,
    trace: { epoch: 1, context: makeMessageContext(), unseen: ['trace'] },
    onTurnError: (event) => turnErrors.push(event),
    onHostError: (error) => {
      throw error;
    },
  });
  const hobObjects = new Map<string, Hob>();
  const findHob = (peerId: string) => [...world.hobs.values()].find((hob) => hob.peerId === peerId)!;
  kernel.setRouter('peer', {
    deliver: async (name, method, args) => {
      const { peer } = parsePeerName(name)!;
      if (!connected.has(peer)) throw makeError('PEER_UNREACHABLE', `${peer} is not connected`);
      const hob = hobObjects.get(peer) ?? makeHobObject(findHob(peer), () => world.now);
      hobObjects.set(peer, hob);
      return (E(hob) as unknown as Record<string, (...all: unknown[]) => Promise<unknown>>)[method]!(...args);
    },
  });
  const house = Far('House', {
    locatorFor: (reference: object) => `gobs://boss.tls/s/for-${kernel.nameOf(reference)}`,
    inspector: () => makeInspectorView(kernel),
    forgetPeer: (peerId: string) => world.forgetPeer(peerId),
  } as never) as never;
  const opened = await openBoss({
    kernel,
    house,
    newNonce,
    mint: makeMint({
      key: new Uint8Array(32).fill(7),
      hashOf,
      locatorOf: (secret) => `gobs://boss.tls/s/${secret}?host=h`,
    }),
    seal: bossSeal.seal,
    openSecret: (name, sealed) => bossSeal.unseal(secretContext(name), sealed),
    enrolmentLife: 60 * 60_000,
    connected: (peerId) => connected.has(peerId),
    makeDriver: (configured) => {
      if (noDriver !== undefined) throw noDriver;
      return world.makeDriver?.(configured) ?? driver;
    },
    cacheLimit: world.cacheLimit,
    restoration: world.restoration,
    ...(world.remembrance && { remembrance: world.remembrance }),
    epoch: world.epoch,
    ...(world.touched && { touched: world.touched }),
    ...(world.checkProvider && { checkProvider: world.checkProvider }),
    firstProviders: [{ name: 'fake', type: 'fake', settings: {} }],
  });
  const { process } = opened;
  const hobSide = (hob: TestHob) => kernel.refOf(hob.side!) as MachineHobSide;

  const connect: Life['connect'] = async (hob, locator) => {
    const visitor = { peerId: hob.peerId, address: '192.0.2.7:1234' };
    await E(process).arrived(visitor);
    connected.add(hob.peerId);
    if (hob.side === undefined) {
      const side = await E(process).present(hashOf(secretIn(locator!)), visitor);
      hob.side = kernel.nameOf(side)!;
    }
    const held = hob.desired && harden({ generation: hob.desired.generation, digest: hob.desired.digest });
    const attached = kernel.refOf(`peer:${hob.peerId}/1`) as Hob;
    const desired = await E(hobSide(hob)).attach(attached, someFacts, ...(held ? [held] : []));
    hob.desired = desired;
    if (desired.generation > 0) await E(hobSide(hob)).report(reportOn(desired, world.now));
  };

  return {
    ...opened,
    kernel,
    turnErrors,
    connect,
    hobSide,
    disconnect: async ({ peerId }) => {
      if (!connected.delete(peerId)) return;
      await E(process).left(peerId, world.now);
    },
    stop: () => kernel.stop(),
  };
};

export const makeBossWorld = (content?: MemoryStore): BossWorld => {
  let life: Life | undefined;
  let nonces = 0;
  let keys = 0;
  const locators = new Map<string, string>();
  const running = new Set<string>();

  const hobOf = (machineId: string): TestHob => {
    const known = world.hobs.get(machineId);
    return known ?? world.makeHob(machineId);
  };
  const bringUp = (machineId: string): void => {
    life?.connect(hobOf(machineId), locators.get(machineId)).catch((error: unknown) => world.hobErrors.push(error));
  };

  const cloud = makeFakeCloud({
    hobStarted: ({ machineId, locator }) => {
      locators.set(machineId, locator);
      running.add(machineId);
      if (world.automatic) bringUp(machineId);
    },
    hobEnded: (machineId) => {
      running.delete(machineId);
      const hob = world.hobs.get(machineId);
      if (hob !== undefined) void life?.disconnect(hob).catch((error: unknown) => world.hobErrors.push(error));
    },
  });

  const world: BossWorld = {
    cloud,
    hobs: new Map(),
    store: content ?? makeMemoryStore(),
    hobErrors: [],
    now: Date.UTC(2030, 0, 1),
    restoration: neverRestored,
    epoch: 1,
    automatic: true,
    cacheLimit: 10_000,
    forgetPeer: async () => {},
    makeHob: (machineId) => {
      keys += 1;
      const peerId = peerIdOf(Buffer.from(`key ${keys}`));
      const hob: TestHob = {
        machineId,
        peerId,
        side: undefined,
        answer: undefined,
        desired: undefined,
        bindings: new Map(),
        heard: [],
      };
      world.hobs.set(machineId, hob);
      return hob;
    },
    open: async ({ store = world.store, driver = cloud.makeDriver(), noDriver } = {}) => {
      life = undefined;
      const newNonce = () => {
        nonces += 1;
        return `nonce ${nonces}`;
      };
      const opened = await openLife({ world, locators, newNonce }, store, driver, noDriver);
      life = opened;
      if (world.automatic) for (const machineId of running) bringUp(machineId);
      await E(opened.process).resume();
      return opened;
    },
  };
  return world;
};
