/**
 * The kernel: the vats of one process, the commit groups that they share, and the references by which the host world reaches them.
 *
 *   driver, CapTP ──E(hostRef)──▶ kernel.deliver ──▶ vat queue ──crank──▶ turns ──▶ group commit ──▶ store
 *                                      ▲                                                 │
 *                                      └────────────── sends, after the commit ◀─────────┘
 */
import { makeError } from '../errors/gobs-error.ts';
import { makeCollector, type Collector } from './collector.ts';
import { vatsIn } from './known-kinds.ts';
import { makeGroupCommit } from './group-commit.ts';
import { makeHostReferences } from './host-references.ts';
import { makeInspector, type Inspector } from './inspector.ts';
import type { Kernel as KernelContract, Router } from './kernel-contract.ts';
import { isLabel, LABEL, parseActorName, type RefName } from './names.ts';
import { makeQuietKit } from './promise-bridge.ts';
import type { Definition } from './retired-kind.ts';
import { makeScheduler } from './scheduler.ts';
import type { Store } from './store.ts';
import { makeTrace, type TraceOptions } from './trace.ts';
import { assertPassable, translateReason } from './translate.ts';
import { makeVatTypes, typeOfVat, type VatTypes } from './vat-types.ts';
import { walkUpgrades, type WalkedRow } from './upgrade-walk.ts';
import { makeVat, type RootTools, type TurnError, type Vat } from './vat.ts';

export interface KernelOptions {
  readonly store: Store;
  /** No actor gets a number below it: those of a store that was restored go on above all that it may have given. Default 1. */
  readonly firstInstance?: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Runs a function soon, after input and output had their chance: `setImmediate`. */
  readonly schedule: (crank: () => void) => void;
  /** Rows that the collector reads after each crank, while it runs. Default 64: a millisecond or two. */
  readonly collectorPace?: number;
  /** A turn threw. Its caller hears of it too; this is for the log. */
  readonly onTurnError?: (event: TurnError) => void;
  /**
   * A batch could not be written: what was not durable is undone, and the vats go on from the store. Ephemeral actors and continuations
   * are gone, as after a restart.
   */
  readonly onCommitFailed?: (reason: Error) => void;
  /** Without it, no turn leaves a record. */
  readonly trace?: TraceOptions;
  /** A mistake in the host world: a settlement, route or listener that threw. Must not throw. */
  readonly onHostError?: (error: unknown) => void;
}

export interface VatOptions {
  /** Actors kept in memory; at least those of the running turn. Default 10,000. */
  readonly cacheLimit?: number;
  /** Of the same: characters of their rows, by which their size is measured. Default 32 Mi. */
  readonly cacheBytes?: number;
}

/** The host's hold on a vat. */
export interface VatHandle {
  readonly name: string;
  /**
   * Makes a kind known, with the powers that its actors get: host objects (`Far`, or a reference), which they call with `E()`, after the
   * turn is durable; data; and plain functions, which run in the turn and must be pure. Throws TypeError for a label that is taken, or
   * that a reference was already made for: register first.
   */
  register<W extends object>(kind: Definition, powers: W): void;
  /**
   * The durable root of that name (`[a-z][a-z0-9-]*`), made by a turn if there is none yet. `make` is vat code, and its result the
   * reference, or a record of references. Throws VAT_STOPPED before the `open` of a vat's type has returned, and when the vat is gone.
   */
  makeOnce(root: string, make: (tools: RootTools) => object): Promise<object>;
  /** Of a reference as this vat holds it, for powers of its kinds; undefined for every other value. */
  nameOf(value: object): RefName | undefined;
}

export interface Kernel extends KernelContract {
  /** The vat of that name; its rows are found again under it. Throws TypeError if it is open, or was made by a turn. */
  openVat(name: string, options?: VatOptions): VatHandle;
  /** A type of vats that turns make. What it returns makes them: a power, for kinds that may. See vat-types.ts. */
  readonly defineVatType: VatTypes['define'];
  readonly inspector: Inspector;
  /**
   * Upgrades what is of an older version in all open vats, some rows at a time, as fast as what it yields is taken. A row that cannot be
   * upgraded is told of, and stays as it is. With `kinds`, the vats of the store that are not open are opened first, made or not, with these kinds
   * and no powers: for a process that does nothing else.
   */
  upgradeAll(kinds?: readonly Definition[]): AsyncGenerator<WalkedRow>;
  /** Takes away what nobody can reach. Nothing of it happens by itself: somebody has to ask for each cycle. */
  readonly collector: Collector;
  /** Resolves when no message waits, no turn runs and everything is durable. */
  idle(): Promise<void>;
  /** From now on deliveries reject with VAT_STOPPED; resolves when what was begun is durable. No turn runs after it. The store stays its owner's. */
  stop(): Promise<void>;
}

const CACHE_BYTES = 32 * 1024 * 1024;

const ignore = (): void => {};

export const makeKernel = (options: KernelOptions): Kernel => {
  const { store, now, schedule, firstInstance = 1, collectorPace = 64 } = options;
  const { onTurnError = ignore, onCommitFailed = ignore, onHostError = ignore } = options;
  const vats = new Map<string, Vat>();
  const routers = new Map<string, Router>();
  let stopped = false;

  /** A listener's mistake must not end a turn half-way. */
  const guarded =
    <T>(listener: (event: T) => void) =>
    (event: T): void => {
      try {
        listener(event);
      } catch (error) {
        onHostError(error);
      }
    };

  const tellCommitFailed = guarded(onCommitFailed);
  const trace = options.trace && makeTrace(options.trace, { get: store.get, pending: () => commits.pending() });
  const commits = makeGroupCommit({
    store,
    onFailed: (reason) => {
      for (const vat of vats.values()) vat.reset();
      collector.reset();
      tellCommitFailed(reason);
    },
    onRows: (rows) => collector.wrote(rows),
    onOutputError: onHostError,
    companion: trace,
  });
  const scheduler = makeScheduler({ commits, schedule });

  // ------------------------------------------------------------------------------------------- delivery

  const deliverToVat = (name: RefName, vat: Vat, method: string, args: readonly unknown[]): Promise<unknown> => {
    const kit = makeQuietKit();
    // Now, so that the sender cannot change them while they wait.
    vat.receive(name, method, assertPassable(args), kit, trace?.arrives(method));
    return kit.promise;
  };

  const tryDeliver = (name: RefName, method: string, args: readonly unknown[]): Promise<unknown> => {
    if (stopped) throw makeError('VAT_STOPPED', `${name} cannot be called: the process is ending`);
    const actor = parseActorName(name);
    if (actor !== undefined) {
      const vat = vats.get(actor.vat) ?? vatTypes.open(actor.vat);
      return deliverToVat(name, vat, method, args);
    }
    const router = routers.get(name.slice(0, name.indexOf(':')));
    if (router !== undefined) return router.deliver(name, method, args);
    throw makeError('NO_SUCH_ACTOR', `${name} is gone`);
  };

  const deliver = (name: RefName, method: string, args: readonly unknown[]): Promise<unknown> => {
    try {
      return tryDeliver(name, method, args);
    } catch (error) {
      return Promise.reject(translateReason(error));
    }
  };

  const references = makeHostReferences({
    deliver,
    interfaceName: (name) => vats.get(parseActorName(name)?.vat ?? '')?.interfaceName(name),
    onMade: (name) => collector.made(name),
  });
  const collector = makeCollector({
    commits,
    vats,
    hostLiving: references.living,
    breathe: scheduler.breathe,
    pace: collectorPace,
    vatGone: (vat) => void vats.delete(vat),
  });

  // ------------------------------------------------------------------------------------------- vats

  const vatPowers = {
    commits,
    firstInstance,
    now,
    wake: scheduler.wake,
    hostRef: references.refFor,
    hostName: references.nameFor,
    deliver,
    trace,
    onReference: collector.made,
    onTurnError: guarded(onTurnError),
    onHostError,
  };

  const handleOf = (vat: Vat): VatHandle =>
    harden({
      name: vat.name,
      register: vat.register,
      makeOnce: (root: string, make: (tools: RootTools) => object) => {
        if (!isLabel(root)) throw TypeError(`root ${JSON.stringify(root)} must match ${LABEL}`);
        if (vats.get(vat.name) !== vat) throw makeError('VAT_STOPPED', `vat ${vat.name} is not open`);
        const kit = makeQuietKit();
        vat.makeOnce(root, make, kit);
        return kit.promise as Promise<object>;
      },
      nameOf: vat.nameOf,
    });

  const addVat = (
    name: string,
    { cacheLimit = 10_000, cacheBytes = CACHE_BYTES }: VatOptions = {},
    prepare?: (vat: VatHandle) => void,
  ): Vat => {
    if (vats.has(name)) throw TypeError(`vat ${name} is open`);
    const vat = makeVat(name, vatPowers, { actors: cacheLimit, bytes: cacheBytes });
    prepare?.(handleOf(vat));
    vats.set(name, vat);
    return vat;
  };
  const vatTypes = makeVatTypes({ store, firstInstance, vatNamed: (name) => vats.get(name), openVat: addVat });

  const openVat: Kernel['openVat'] = (name, vatOptions) => {
    if (!isLabel(name)) throw TypeError(`vat name ${JSON.stringify(name)} must match ${LABEL}`);
    const type = typeOfVat(store, name);
    if (type !== undefined) throw TypeError(`vat ${name} is of type ${type}: it is opened by the first message for it`);
    return handleOf(addVat(name, vatOptions));
  };

  return harden({
    ...(trace === undefined ? {} : { messages: trace.messages }),
    committer: { get: commits.get, page: commits.page, write: commits.write },
    openVat,
    defineVatType: vatTypes.define,
    refOf: (name: RefName) => references.refFor(name),
    nameOf: (value: unknown) => {
      const name = typeof value === 'object' && value !== null ? references.nameOf(value) : undefined;
      return name?.startsWith('host:') === true ? undefined : name;
    },
    setRouter: (scheme: string, router: Router) => {
      if (routers.has(scheme)) throw TypeError(`scheme ${scheme} has a router`);
      routers.set(scheme, router);
    },
    inspector: makeInspector({ store, vats, trace }),
    upgradeAll: (kinds) => {
      const open = (name: string): Vat =>
        addVat(name, {}, ({ register }) => kinds!.forEach((kind) => register(kind, {})));
      const all = async (): Promise<Iterable<Vat>> =>
        kinds === undefined ? vats.values() : (await vatsIn(store)).map((name) => vats.get(name) ?? open(name));
      return walkUpgrades({ vats: all, page: commits.page, get: commits.get });
    },
    collector: harden({
      collect: collector.collect,
      get changes() {
        return collector.changes;
      },
    }),
    idle: scheduler.idle,
    stop: async () => {
      stopped = true;
      await collector.stop();
      await scheduler.idle();
      scheduler.halt();
    },
  });
};
harden(makeKernel);
