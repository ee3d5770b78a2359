/**
 * Puts a hob together from the powers of its entry point: store, key, kernel, actor, peer, daemon. What a provider may rely on about it
 * is in protocol/machine-directory.ts, and the order here follows from that.
 */
import { Far } from '@endo/pass-style';
import { parseLocator } from '../captp/locator.ts';
import { openPeerKey } from '../captp/key-row.ts';
import { makeTlsNetlayer } from '../captp/netlayers/tls.ts';
import { makePeer, type Peer } from '../captp/peer.ts';
import { codeOf, describeError } from '../errors/gobs-error.ts';
import { makeSeldom, type Seldom } from '../errors/seldom.ts';
import { makeTurnErrorLog } from '../errors/turn-errors.ts';
import type { openStore, OpenStoreOptions } from '../persistence/open-store.ts';
import type { Ledger } from '../persistence/ledger.ts';
import { formatHobPid, machinePaths } from '../protocol/machine-directory.ts';
import type { TraceRequest } from '../protocol/trace.ts';
import { protocolVersions } from '../protocol/version.ts';
import { chooseKeySource, type SealingSettings } from '../sealing/key-source.ts';
import { openSealing, requireUsableKey, type OpenedSealing } from '../sealing/open-sealing.ts';
import { makeKernel, type Kernel } from '../vats/kernel.ts';
import { requireKnownKinds } from '../vats/known-kinds.ts';
import { messageEpoch, type MessageContext } from '../vats/messages.ts';
import { makeAccounts } from './accounts.ts';
import { makeCommands, type CommandsKit } from './commands.ts';
import { startDaemon, type BossLink, type EnrolmentFile } from './daemon.ts';
import { findTakeOver } from './take-over.ts';
import { makeCopier, type Copier } from './copier.ts';
import { makeExecutor, type Executor } from './executor.ts';
import { gatherFacts } from './facts.ts';
import { hobKind, type HobFacets, type HobLog, type HobTrace, type HostDriver } from './hob-kind.ts';
import { newHobPortrait, type HobSide } from './hob-portrait.ts';
import { makeHostDriver } from './host-driver.ts';
import { hobKinds } from './kinds.ts';
import { makeKeptLog, type OwnLines } from './kept-log.ts';
import { makeSteadyLog, type Log } from './log.ts';
import { shippedTypes } from './resources/shipped.ts';
import { openOwedNotes } from './owed.ts';
import { openRootedFiles } from './rooted-files.ts';

export interface HobPowers extends Pick<OpenStoreOptions, 'Level' | 'process' | 'randomId'> {
  /** Of src/persistence. */
  readonly openStore: typeof openStore;
  readonly fs: typeof import('node:fs');
  readonly spawn: typeof import('node:child_process').spawn;
  readonly os: typeof import('node:os');
  readonly tls: typeof import('node:tls');
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Calls back after so many milliseconds, unless the result was called. */
  readonly setTimer: (callback: () => void, milliseconds: number) => () => void;
  readonly setImmediate: (callback: () => void) => void;
  readonly randomBytes: (count: number) => Uint8Array;
  /** By which messages have their ids with them. */
  readonly messageContext: MessageContext;
  /** From 0 to 1. */
  readonly random: () => number;
  /** The user id of this process. */
  readonly uid: number;
  readonly gid: number;
  /** `process.env`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly version: string;
  /** The name of the directory that its file is in: where several lie side by side, which one it is. */
  readonly release: string;
}

export interface HobOptions extends SealingSettings {
  /** Absolute, without symlinks. */
  readonly directory: string;
  /** What the resources manage; absolute, without symlinks. The machine's own `root/`, unless told. */
  readonly root?: string;
  /** Milliseconds between two looks at the host. */
  readonly interval: number;
}

export interface RunningHob {
  /** Finishes what is under way, flushes, and gives everything back. Idempotent. */
  stop(): Promise<void>;
}

/** A round on a slow host may take long; one that takes longer than that is given up. Milliseconds; intervals. */
const LEAST_DEADLINE = 60 * 60_000;
const DEADLINE_INTERVALS = 2;

type Paths = ReturnType<typeof machinePaths>;

/** Step 4 of the convention: says who has the lock. */
const writeHobPid = async ({ fs }: HobPowers, { hobPid }: Paths): Promise<void> => {
  const stat = await fs.promises.readFile('/proc/self/stat', 'utf8');
  await fs.promises.writeFile(`${hobPid}.new`, formatHobPid(stat), { mode: 0o600 });
  await fs.promises.rename(`${hobPid}.new`, hobPid);
};

const enrolmentFile = ({ fs }: HobPowers, { enrolment, directory }: Paths): EnrolmentFile =>
  harden({
    read: async () => {
      try {
        return (await fs.promises.readFile(enrolment, 'utf8')).trim();
      } catch (error) {
        if ((error as { code?: string }).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    remove: async () => {
      await fs.promises.rm(enrolment, { force: true });
      const parent = await fs.promises.open(directory, 'r');
      try {
        await parent.sync();
      } finally {
        await parent.close();
      }
    },
  });

/** Milliseconds: a package that is being set up is better set up to its end. */
const COMMANDS_PATIENCE = 120_000;

/** For a hob that keeps a whole host, and may. */
const commandsFor = (root: string, powers: HobPowers): CommandsKit | undefined =>
  root === '/' && powers.uid === 0 ? makeCommands(powers) : undefined;

const openActor = async (
  kernel: Kernel,
  driver: HostDriver,
  executor: Executor,
  copier: Copier,
  ownLines: OwnLines,
  { seal }: OpenedSealing,
  log: Log,
): Promise<HobFacets['control']> => {
  const vat = kernel.openVat('hob');
  const hobLog = Far('HobLog', {
    warn: (fields: object, message: string) => log.warn(fields, message),
  } as never) as unknown as HobLog;
  const trace = Far('HobTrace', {
    read: (request: TraceRequest) => kernel.inspector.trace(request),
  } as never) as unknown as HobTrace;
  vat.register(hobKind, { driver, log: hobLog, trace, executor, copier, ownLines, seal: seal.seal });
  const control = await vat.makeOnce('hob', ({ spawn, makeMap }) => spawn(hobKind, newHobPortrait(makeMap)).control);
  return control as HobFacets['control'];
};

const makeKernelOf = (store: Ledger, { now, setImmediate, messageContext: context, log }: HobPowers): Kernel =>
  makeKernel({
    store,
    now,
    schedule: setImmediate,
    onTurnError: makeTurnErrorLog(log, now),
    onCommitFailed: (reason) => log.warn(describeError(reason), 'turns could not be written'),
    trace: { epoch: messageEpoch(store), context, unseen: ['trace'] },
    onHostError: (error) => log.warn(describeError(error), 'unexpected'),
  });

/** By peer: how often its store had been opened when it was seen before, where that is more often than it says in this session. */
type SeenEpochs = Map<string, number>;

const makePeerOf = async (
  kernel: Kernel,
  store: Ledger,
  sealing: OpenedSealing,
  seenEpochs: SeenEpochs,
  powers: HobPowers,
): Promise<Peer> => {
  const { now, setTimer, setImmediate: soon, randomBytes, log, version } = powers;
  const keyPair = await openPeerKey({ ...sealing, store, randomBytes });
  return makePeer({
    keyPair,
    netlayers: [makeTlsNetlayer(powers, keyPair)],
    powers: { now, setTimer, soon, randomBytes },
    versions: protocolVersions,
    software: `gobs hob ${version}`,
    epoch: store.epoch,
    kernel,
    hooks: {
      onOlderEpoch: ({ peerId, seen, shown }) => {
        seenEpochs.set(peerId, seen);
        log.warn({ peer: peerId, seen, shown }, "the boss's store is older than it was: a copy, or from a backup");
      },
      onDown: ({ peerId }) => void seenEpochs.delete(peerId),
    },
  });
};

/** `seldom`: a boss may be away for long. */
const linkTo = (peer: Peer, seenEpochs: SeenEpochs, seldom: Seldom, log: Log): BossLink =>
  harden({
    enrol: async (locator: string) => {
      const { peerId, scheme, address } = parseLocator(locator);
      const side = (await peer.enliven(locator)) as HobSide;
      return { side, where: harden({ peerId, scheme, address }) };
    },
    keepConnected: ({ peerId, scheme, address }, onUp, onDown) =>
      peer.keepConnected(
        peerId,
        { scheme, address },
        {
          onUp: () => onUp(seenEpochs.get(peerId)),
          onDown: (reason) => {
            log.warn(describeError(reason), 'the boss is away');
            onDown();
          },
          onFailure: (reason, retryIn) => {
            const left = seldom(codeOf(reason));
            if (left !== undefined) {
              log.warn({ ...describeError(reason), retryIn, left }, 'the boss cannot be reached');
            }
          },
        },
      ),
  });

/**
 * Rejects STORE_UNUSABLE (the directory is not a machine's), STORE_IN_USE (another hob has it), NEWER_VERSION or UNKNOWN_KIND (a newer gobs wrote
 * its store), SEALING_KEY_…; then nothing is held.
 */
export const startHob = async (
  { directory, interval, root: givenRoot, ...settings }: HobOptions,
  given: HobPowers,
): Promise<RunningHob> => {
  const { log, lines } = makeKeptLog(makeSteadyLog(given.log), given.now);
  const powers: HobPowers = { ...given, log };
  const { fs, now, setTimer, random } = powers;
  const paths = machinePaths(directory);
  const root = givenRoot ?? paths.root;
  const source = await chooseKeySource(settings, paths.sealingKey, powers.environment, powers);
  let sealing: OpenedSealing;
  const store = await powers.openStore({
    ...powers,
    directory: paths.state,
    makeDirectory: false,
    mayBegin: () => requireUsableKey(source, powers),
    examine: async (rows) => {
      await requireKnownKinds(rows, hobKinds);
      sealing = await openSealing(source, rows, powers);
    },
  });
  try {
    await writeHobPid(powers, paths);
    const files = await openRootedFiles(root, powers);
    const hands = commandsFor(root, powers);
    const { driver, idle } = makeHostDriver({
      types: shippedTypes,
      host: {
        files,
        accounts: makeAccounts({ fs }),
        own: { uid: powers.uid, gid: powers.gid },
        commands: hands?.commands,
        facts: () => gatherFacts({ ...powers, root }),
      },
      owed: await openOwedNotes(paths.owed, powers),
      unseal: (context, sealed) => sealing.seal.unseal(context, sealed),
      now,
    });
    const kernel = makeKernelOf(store, powers);
    const seenEpochs: SeenEpochs = new Map();
    const peer = await makePeerOf(kernel, store, sealing!, seenEpochs, powers);
    const { executor, stop: stopCommands } = makeExecutor({ ...powers, directory: root });
    const { copier, stop: stopCopies } = makeCopier(files);
    const control = await openActor(kernel, driver, executor, copier, lines, sealing!, log);
    const enrolment = enrolmentFile(powers, paths);
    const link = linkTo(peer, seenEpochs, makeSeldom({ now }), log);
    const takeOver = await findTakeOver(paths, powers);
    const deadline = Math.max(LEAST_DEADLINE, DEADLINE_INTERVALS * interval);
    const daemon = startDaemon({ control, link, enrolment, takeOver, interval, deadline, setTimer, random, log });
    let stopping: Promise<void> | undefined;
    const stop = async (): Promise<void> => {
      daemon.stop();
      await peer.close();
      await Promise.all([stopCommands(), stopCopies()]);
      await hands?.stop(COMMANDS_PATIENCE);
      await idle();
      await kernel.stop();
      await files.close();
      await store.close();
    };
    return harden({ stop: () => (stopping ??= stop()) });
  } catch (error) {
    await store.close();
    throw error;
  }
};
harden(startHob);
