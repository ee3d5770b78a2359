/**
 * Puts a boss together from the powers of its entry point: store, key, kernel, vats, peer, and the files by which clients find it.
 *
 *   store ─▶ kernel ─▶ boss and provider vats ─▶ listen (tls for hobs, unix for clients) ─▶ files ─▶ resume open intents
 *
 * Nobody can connect before everything that was there answers, and nothing that was open goes on before hobs can connect.
 */
import { Far } from '@endo/far';
import type { EnlivenOther } from '../captp/bootstrap.ts';
import { openPeerKey } from '../captp/key-row.ts';
import { secretHash } from '../captp/locator.ts';
import type { Address } from '../captp/netlayers/contract.ts';
import { makeTlsNetlayer } from '../captp/netlayers/tls.ts';
import { makeUnixNetlayer, type UnixNetlayerPowers } from '../captp/netlayers/unix.ts';
import type { LocatorOptions } from '../captp/locator-office.ts';
import { makePeer, type Peer } from '../captp/peer.ts';
import { codeOf, describeError } from '../errors/gobs-error.ts';
import { makeSeldom } from '../errors/seldom.ts';
import { makeTurnErrorLog } from '../errors/turn-errors.ts';
import type { Ledger } from '../persistence/ledger.ts';
import type { openStore, OpenStoreOptions } from '../persistence/open-store.ts';
import type { StateDirectory } from '../protocol/state-directory.ts';
import { protocolVersions } from '../protocol/version.ts';
import type { BossDoor, ProviderPowers, ProviderType } from '../providers/contract.ts';
import { backupMac } from '../sealing/backup-mac.ts';
import { chooseKeySource, type SealingSettings } from '../sealing/key-source.ts';
import { openSealing, requireUsableKey, type OpenedSealing } from '../sealing/open-sealing.ts';
import { E } from '../vats/eventual-send.ts';
import { makeKernel, type Kernel } from '../vats/kernel.ts';
import { requireKnownKinds } from '../vats/known-kinds.ts';
import { messageEpoch, type MessageContext } from '../vats/messages.ts';
import { announceBoss, giveAdminLocator, prepareSocketDirectory } from './boss-files.ts';
import type { BossProcess } from './boss-process.ts';
import type { House, Restoration } from './boss-turn.ts';
import { makeMint } from './enrolment-secrets.ts';
import { startGarbageRounds } from './garbage-rounds.ts';
import { makeInspectorView } from './inspector-view.ts';
import { bossKinds } from './kinds.ts';
import {
  chooseAddress,
  keepAddress,
  keptAddress,
  parseAddress,
  textOfAddress,
  type HostAndPort,
} from './listen-address.ts';
import { makeHobDoor } from './hob-door.ts';
import { openBoss, type OpenedBoss } from './open-boss.ts';
import { bossMetrics, exposition, type Usage } from './metrics/exposition.ts';
import { makeFleetTally, type FleetTally } from './metrics/fleet-tally.ts';
import { listenForMetrics, type MetricsListener, type MetricsListenerOptions } from './metrics/metrics-listener.ts';
import { driverMaker, localProvider, providerChecker } from './provider-drivers.ts';
import { secretContext } from './secrets.ts';
import { tellRestored } from './tell-restored.ts';
import { makeSessionHooks } from './session-hooks.ts';
import { makeStoreBackups, type StoreBackups } from './store-backups.ts';

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

type HostPowers = Pick<OpenStoreOptions, 'Level' | 'process' | 'randomId'> &
  Omit<ProviderPowers, 'fs' | 'directory' | 'boss' | 'tell'>;

export interface BossPowers extends HostPowers {
  /** Of src/persistence. */
  readonly openStore: typeof openStore;
  /** What can be configured as a provider: those that ship. */
  readonly providerTypes: Readonly<Record<string, ProviderType>>;
  readonly fs: typeof import('node:fs');
  readonly net: UnixNetlayerPowers['net'] & ProviderPowers['net'];
  readonly tls: typeof import('node:tls');
  readonly umask: UnixNetlayerPowers['umask'];
  readonly setTimer: (callback: () => void, milliseconds: number) => () => void;
  readonly setImmediate: (callback: () => void) => void;
  readonly randomBytes: (count: number) => Uint8Array;
  readonly hostname: () => string;
  /** By which messages have their ids with them. */
  readonly messageContext: MessageContext;
  readonly log: Log;
  readonly version: string;
  /** For metrics. */
  readonly http: MetricsListenerOptions['http'];
  readonly usage: () => Usage;
}

export interface BossSettings extends SealingSettings {
  readonly state: StateDirectory;
  /** HOST:PORT. Default: what was chosen before, or else a free port of the loopback interface. */
  readonly listen: string | undefined;
  /** HOST:PORT of /metrics and /healthz. Default: there are none. */
  readonly metrics?: string | undefined;
}

export interface RunningBoss {
  readonly peer: string;
  /** Where hobs dial. */
  readonly listen: string;
  readonly socket: string;
  /** Where /metrics and /healthz are. */
  readonly metrics?: string;
  /** Finishes what is under way, flushes, and gives everything back. Idempotent. */
  stop(): Promise<void>;
}

/** How long an enrolment locator can be used. */
const ENROLMENT_LIFE = 60 * 60 * 1000;
const EXPIRY_INTERVAL = 60 * 1000;
/** After turns could not be written. */
const RESUME_DELAY = 5 * 1000;

/** Whoever scrapes does so for ever, and nothing comes of it: what happened is not to be pushed out of the trace by that. */
const askedForMetrics = ['admin', 'machine', 'machinePage', 'status'];

const makeKernelOf = (
  store: Ledger,
  { now, setImmediate, messageContext: context, log }: BossPowers,
  onCommitFailed: () => void,
): Kernel =>
  makeKernel({
    store,
    ...(store.restored && { firstInstance: store.restored.instances }),
    now,
    schedule: setImmediate,
    onTurnError: makeTurnErrorLog(log, now),
    onCommitFailed: (reason) => {
      log.warn(describeError(reason), 'turns could not be written');
      onCommitFailed();
    },
    trace: { epoch: messageEpoch(store), context, unseen: ['trace'], routine: ['expire', ...askedForMetrics] },
    onHostError: (error) => log.warn(describeError(error), 'unexpected'),
  });

const restorationOf = ({ restores, restored }: Ledger): Restoration =>
  harden({ restores, restored: restored ?? null, firstNumber: restored?.numbers ?? 1 });

const olderStoreWords =
  'a hob has seen this boss when its store had been opened more often: the store is older than it was, a copy or from a backup';

const houseOf = (peer: () => Peer, kernel: Kernel, backups: StoreBackups, forHobs: () => LocatorOptions): House => {
  const inspector = makeInspectorView(kernel);
  const house = {
    locatorFor: (reference: object) => peer().locatorFor(reference, forHobs()),
    inspector: () => inspector,
    backup: backups.open,
    forgetPeer: (peerId: string) => peer().forget(peerId),
  };
  return Far('House', house) as unknown as House;
};

/** A hob has proven its key and keeps what it is given. A guess is told from a refusal, so that guesses are counted. */
const enlivenOtherFor =
  (process: () => BossProcess, durablePeers: ReadonlySet<string>): EnlivenOther =>
  async ({ secretHash: hash, peerId, proven, remoteAddress: address }) => {
    const visitor = { peerId, address };
    const mayBeHob = proven && durablePeers.has(peerId);
    try {
      return await (mayBeHob ? E(process()).present(hash, visitor) : E(process()).presentInVain(hash, visitor));
    } catch (error) {
      if (codeOf(error) === 'LOCATOR_UNKNOWN') return undefined;
      throw error;
    }
  };

/** Of a secret that was minted here, so that it has the form of one. */
const hashOfSecret = (secret: string): string => {
  const hash = secretHash(secret);
  if (hash === undefined) throw TypeError('a minted secret has not the form of one');
  return hash;
};

/** Where it really listens. */
const listenTls = async (peer: Peer, kernel: Kernel, { listen }: BossSettings, log: Log): Promise<HostAndPort> => {
  const kept = keptAddress(kernel.committer);
  const listener = await peer.listen('tls', chooseAddress(listen, kept));
  const address = listener.address as HostAndPort;
  if (kept !== undefined && textOfAddress(kept) !== textOfAddress(address)) {
    const [before, listening] = [textOfAddress(kept), textOfAddress(address)];
    log.warn(
      { before, listening },
      'the boss listens elsewhere than before: hobs that were enrolled dial the old address',
    );
  }
  await keepAddress(address, kernel.committer);
  return address;
};

/** For providers, whose hosts may not reach where it listens. Nobody dials before it does. */
const doorOf = (peer: () => Peer, listening: () => HostAndPort, { net }: BossPowers): BossDoor =>
  harden({
    peerId: () => peer().id,
    dial: () => net.connect({ host: listening().host, port: Number(listening().port) }),
  });

/** Undefined if nobody asked for it. Rejects ADDRESS_UNUSABLE, BAD_USAGE. */
const listenIfAsked = async (
  { metrics: asked }: BossSettings,
  tally: FleetTally | undefined,
  process: () => BossProcess,
  sessions: () => number,
  { http, usage, setTimer, version }: BossPowers,
): Promise<MetricsListener | undefined> => {
  if (asked === undefined || tally === undefined) return undefined;
  return listenForMetrics({
    http,
    address: parseAddress(asked),
    setTimer,
    metrics: async () => exposition(bossMetrics(await tally.counts(), usage(), { version, sessions: sessions() })),
    health: () => E(process()).admin(),
  });
};

/** Where others dial: one that listens everywhere is found by its host's name. */
const dialledAt = ({ host, port }: HostAndPort, { hostname }: BossPowers): Address =>
  harden({ host: host === '0.0.0.0' || host === '::' ? hostname() : host, port });

/**
 * Rejects STORE_IN_USE, STORE_UNUSABLE, STORE_LOST, NEWER_FORMAT, NEWER_VERSION, UNKNOWN_KIND, SEALING_KEY_UNUSABLE, SEALING_KEY_WRONG, ADDRESS_UNUSABLE;
 * then nothing is held.
 */
export const startBoss = async (settings: BossSettings, powers: BossPowers): Promise<RunningBoss> => {
  const { state } = settings;
  const { log, now, setTimer, setImmediate: soon, randomBytes } = powers;
  const source = await chooseKeySource(settings, state.sealingKey, powers.environment, powers);
  let sealing: OpenedSealing;
  const store = await powers.openStore({
    ...powers,
    mayBegin: () => requireUsableKey(source, powers),
    examine: async (rows) => {
      await requireKnownKinds(rows, bossKinds);
      sealing = await openSealing(source, rows, powers);
    },
    directory: state.root,
    traces: [state.bossFile, state.adminLocator, state.machines],
    inUseHint: `stop it with: gobs down --state ${state.root}`,
  });
  const later: {
    peer?: Peer;
    opened?: OpenedBoss;
    address?: Address;
    listening?: HostAndPort;
    metrics?: MetricsListener | undefined;
  } = {};
  const peer = (): Peer => later.peer!;
  const process = (): BossProcess => later.opened!.process;
  const forHobs = (): { scheme: string; address: Address } => ({ scheme: 'tls', address: later.address! });
  const resume = (): void => {
    E(process())
      .resume()
      .catch((error: unknown) => log.warn(describeError(error), 'taking up open work'));
  };
  let cancelResume = (): void => {};
  // A write tells whether the store takes any again: if not, this is asked for anew.
  const tryStore = (): void => {
    kernel.committer.write([{ type: 'put', key: 'b/tried', value: String(now()) }]).then(resume, () => {});
  };
  const resumeLater = (): void => {
    cancelResume();
    cancelResume = setTimer(tryStore, RESUME_DELAY);
  };
  const { version: gobs } = powers;
  const sign = (sha256: string): string => backupMac(sealing.seal, sha256);
  const backups = makeStoreBackups({ store, where: state.root, gobs, sign, now, setTimer });
  const kernel = makeKernelOf(store, powers, () => later.opened && resumeLater());
  let cancel = (): void => {};
  let endGarbageRounds = (): void => {};
  const stop = async (): Promise<void> => {
    cancel();
    cancelResume();
    endGarbageRounds();
    await later.metrics?.close();
    await later.peer?.close();
    await kernel.stop();
    await backups.close();
    await store.close();
  };
  try {
    await prepareSocketDirectory(state, powers.uid, powers.fs);
    const keyPair = await openPeerKey({ ...sealing!, store, randomBytes });
    const proven = new Set<string>();
    const door = makeHobDoor((peerId, reason) => peer().closeSession(peerId, reason));
    const older = makeSeldom({ now });
    const tally = settings.metrics === undefined ? undefined : makeFleetTally(() => later.opened!.boss);
    later.peer = makePeer({
      keyPair,
      netlayers: [makeTlsNetlayer(powers, keyPair), makeUnixNetlayer(powers)],
      powers: { now, setTimer, soon, randomBytes },
      versions: protocolVersions,
      software: `gobs boss ${powers.version}`,
      epoch: store.epoch,
      firstNumber: store.restored?.numbers,
      kernel,
      enlivenOther: enlivenOtherFor(process, proven),
      mayCome: (visitor) => E(process()).arrived(visitor),
      whyNot: door.whyNot,
      hooks: makeSessionHooks({
        now,
        log,
        closeSession: (peerId, reason) => void peer().closeSession(peerId, reason),
        process,
        proven,
      }),
    });
    const key = keyPair.derive('enrolment');
    later.opened = await openBoss({
      kernel,
      house: houseOf(peer, kernel, backups, forHobs),
      seal: sealing!.seal.seal,
      makeDriver: driverMaker(
        state,
        {
          ...powers,
          boss: doorOf(peer, () => later.listening!, powers),
          tell: (fields, words) => log.warn(fields, words),
        },
        async (name) => sealing!.seal.unseal(secretContext(name), await E(process()).sealedSecret(name)),
      ),
      checkProvider: providerChecker(powers),
      firstProviders: [localProvider],
      openSecret: (name, sealed) => sealing!.seal.unseal(secretContext(name), sealed),
      newNonce: powers.randomId,
      mint: makeMint({ key, hashOf: hashOfSecret, locatorOf: (secret) => peer().locatorWith(secret, forHobs()) }),
      enrolmentLife: ENROLMENT_LIFE,
      connected: (peerId) => proven.has(peerId),
      restoration: restorationOf(store),
      epoch: store.epoch,
      ...(tally && { touched: tally.touched }),
      door,
      tellEpoch: (machine, seen) => {
        // It may be a lie, which can be told again and again.
        const left = older(machine);
        if (left !== undefined) log.warn({ machine, seen, shown: store.epoch, left }, olderStoreWords);
      },
    });
    const listening = await listenTls(peer(), kernel, settings, log);
    later.listening = listening;
    later.address = dialledAt(listening, powers);
    const listen = textOfAddress(listening);
    await announceBoss(state, { pid: powers.process.pid, peer: peer().id, listen, socket: state.socket }, powers.fs);
    await peer().listen('unix', { path: state.socket });
    later.metrics = await listenIfAsked(settings, tally, process, () => proven.size, powers);
    await giveAdminLocator({ state, peer: peer(), boss: later.opened.boss }, powers.fs);
    resume();
    if (store.restored !== undefined) {
      const { boss } = later.opened;
      tellRestored(boss, log).catch((error: unknown) => log.warn(describeError(error), 'looking at what was restored'));
    }
    E(process())
      .revive()
      .catch((error: unknown) => log.warn(describeError(error), 'starting machines that do not run'));
    const expire = (): void => {
      E(process())
        .expire()
        .catch((error: unknown) => log.warn(describeError(error), 'looking for what is overdue'));
      cancel = setTimer(expire, EXPIRY_INTERVAL);
    };
    cancel = setTimer(expire, EXPIRY_INTERVAL);
    endGarbageRounds = startGarbageRounds({ collector: kernel.collector, now, setTimer, log });
    let stopping: Promise<void> | undefined;
    const where = later.metrics && { metrics: later.metrics.address };
    return harden({ peer: peer().id, listen, socket: state.socket, ...where, stop: () => (stopping ??= stop()) });
  } catch (error) {
    await stop();
    throw error;
  }
};
harden(startBoss);
