/**
 * The kernel: the vats of one process, the commit groups that they share, and the references by which the host world reaches them.
 *
 *   driver, CapTP ──E(hostRef)──▶ kernel.deliver ──▶ vat queue ──crank──▶ turns ──▶ group commit ──▶ store
 *                                      ▲                                                 │
 *                                      └────────────── sends, after the commit ◀─────────┘
 *
 * A crank gives each vat that has something to do a bounded number of turns, then starts writing what they changed, then lets the
 * event loop breathe: a vat with a long queue starves neither the others nor the sockets.
 */
import { E as hostE, HandledPromise } from '@endo/eventual-send';
import { Remotable } from '@endo/pass-style';
import { makeError } from '../errors/gobs-error.ts';
import { makeGroupCommit } from './group-commit.ts';
import { makeInspector, type Inspector } from './inspector.ts';
import type { Kernel as KernelContract, Router } from './kernel-contract.ts';
import type { AnyKind } from './kind.ts';
import { parseActorName, type RefName } from './names.ts';
import { makeQuietKit } from './promise-bridge.ts';
import type { Store } from './store.ts';
import { makeVat, type RootTools, type TurnError, type Vat } from './vat.ts';

export interface KernelOptions {
  readonly store: Store;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Runs a function soon, after input and output had their chance: `setImmediate`. */
  readonly schedule: (crank: () => void) => void;
  /** A turn threw. Its caller hears of it too; this is for the log. */
  readonly onTurnError?: (event: TurnError) => void;
  /** A batch could not be written: what was not durable is undone, and the vats go on from the store. */
  readonly onCommitFailed?: (reason: Error) => void;
  /** A mistake in the host world: a settlement or route that threw. */
  readonly onHostError?: (error: unknown) => void;
}

export interface VatOptions {
  /** Actors kept in memory; at least those of the running turn. Default 10,000. */
  readonly cacheLimit?: number;
}

/** The host's hold on a vat. */
export interface VatHandle {
  readonly name: string;
  /**
   * Makes a kind known, with the powers that its actors get: host objects (`Far`, or a reference), which they call with `E()`, after the
   * turn is durable; and plain functions, which run in the turn and must be pure. Throws TypeError for a label that is taken.
   */
  register<W extends object>(kind: { readonly behave: (...args: never[]) => unknown } & AnyKind, powers: W): void;
  /** The durable root of that name, made by a turn if there is none yet. `make` is vat code. */
  makeOnce(root: string, make: (tools: RootTools) => object): Promise<object>;
}

export interface Kernel extends KernelContract {
  /** The vat of that name; its rows are found again under it. Throws TypeError if it is open. */
  openVat(name: string, options?: VatOptions): VatHandle;
  readonly inspector: Inspector;
  /** Resolves when no message waits, no turn runs and everything is durable. */
  idle(): Promise<void>;
  /** From now on deliveries reject with VAT_STOPPED; resolves when what was begun is durable. The store stays its owner's. */
  stop(): Promise<void>;
}

const TURNS_PER_VAT = 32;
const VAT_NAME = /^[a-z][a-z0-9-]*$/;
const ignore = (): void => {};

export const makeKernel = (options: KernelOptions): Kernel => {
  const { store, now, schedule, onTurnError = ignore, onCommitFailed = ignore, onHostError = ignore } = options;
  const vats = new Map<string, Vat>();
  const routers = new Map<string, Router>();
  const ready = new Set<Vat>();
  let scheduled = false;
  let stopped = false;
  let idleWaiters: (() => void)[] = [];

  const commits = makeGroupCommit({
    store,
    onFailed: (reason) => {
      for (const vat of vats.values()) vat.reset();
      onCommitFailed(reason);
    },
    onOutputError: onHostError,
  });

  // ------------------------------------------------------------------------------------------- references

  const refs = new Map<RefName, WeakRef<object>>();
  const names = new WeakMap<object, RefName>();
  const hostObjects = new Map<RefName, WeakRef<object>>();
  const collected = new FinalizationRegistry<RefName>((name) => {
    for (const table of [refs, hostObjects]) if (table.get(name)?.deref() === undefined) table.delete(name);
  });
  let hostNumber = 0;

  const interfaceNameOf = (name: RefName): string => {
    const actor = parseActorName(name);
    return (actor && vats.get(actor.vat)?.interfaceName(name)) ?? 'Reference';
  };

  const makeRef = (name: RefName, keepAlive: object | undefined): object => {
    const handler = {
      keepAlive,
      applyMethod: (_ref: object, method: PropertyKey, args: unknown[]) => deliver(name, String(method), args),
      get: (_ref: object, property: PropertyKey) => refuse(`reading property ${String(property)}`),
      applyFunction: () => refuse('calling it as a function'),
    };
    let presence: object = {};
    new HandledPromise((_resolve, _reject, resolveWithPresence) => {
      presence = resolveWithPresence(handler) as object;
    });
    const ref = Remotable(`Alleged: ${interfaceNameOf(name)}`, undefined, presence as never) as object;
    refs.set(name, new WeakRef(ref));
    names.set(ref, name);
    collected.register(ref, name);
    return ref;
  };

  const refuse = (what: string): Promise<never> =>
    Promise.reject(makeError('NO_SUCH_METHOD', `a reference answers method calls only, not ${what}`));

  const hostRef = (name: RefName, keepAlive: object | undefined): object =>
    refs.get(name)?.deref() ?? hostObjects.get(name)?.deref() ?? makeRef(name, keepAlive);

  const hostName = (object: object): RefName => {
    const known = names.get(object);
    if (known !== undefined) return known;
    hostNumber += 1;
    const name = `host:${hostNumber}`;
    names.set(object, name);
    hostObjects.set(name, new WeakRef(object));
    collected.register(object, name);
    return name;
  };

  // ------------------------------------------------------------------------------------------- delivery

  const deliverToVat = (name: RefName, vat: Vat, method: string, args: readonly unknown[]): Promise<unknown> => {
    const kit = makeQuietKit();
    vat.receive(name, method, args, kit);
    return kit.promise;
  };

  const deliver = (name: RefName, method: string, args: readonly unknown[]): Promise<unknown> => {
    if (stopped) return Promise.reject(makeError('VAT_STOPPED', `${name} cannot be called: the process is ending`));
    const actor = parseActorName(name);
    if (actor !== undefined) {
      const vat = vats.get(actor.vat);
      if (vat !== undefined) return deliverToVat(name, vat, method, args);
      return Promise.reject(makeError('NO_SUCH_ACTOR', `${name}: there is no vat ${actor.vat} here`));
    }
    const router = routers.get(name.slice(0, name.indexOf(':')));
    if (router !== undefined) return router.deliver(name, method, args);
    const object = hostObjects.get(name)?.deref();
    if (object === undefined) return Promise.reject(makeError('NO_SUCH_ACTOR', `${name} is gone`));
    return (hostE(object as never) as Record<string, (...all: unknown[]) => Promise<unknown>>)[method]!(...args);
  };

  // ------------------------------------------------------------------------------------------- cranks

  const crank = (): void => {
    scheduled = false;
    for (const vat of [...ready]) {
      for (let turns = 0; turns < TURNS_PER_VAT; turns += 1) {
        if (!vat.step()) {
          ready.delete(vat);
          break;
        }
      }
    }
    commits.flush();
    if (ready.size > 0) wakeUp();
    else checkIdle();
  };

  const wakeUp = (): void => {
    if (scheduled) return;
    scheduled = true;
    schedule(crank);
  };

  const checkIdle = (): void => {
    if (idleWaiters.length === 0) return;
    const waiters = idleWaiters;
    idleWaiters = [];
    commits.idle().then(() => {
      if (ready.size === 0) for (const wake of waiters) wake();
      else idleWaiters.push(...waiters);
    }, onHostError);
  };

  const idle = (): Promise<void> =>
    new Promise((wake) => {
      idleWaiters.push(wake);
      wakeUp();
    });

  const openVat: Kernel['openVat'] = (name, { cacheLimit = 10_000 } = {}) => {
    if (!VAT_NAME.test(name)) throw TypeError(`vat name ${JSON.stringify(name)} must match ${VAT_NAME}`);
    if (vats.has(name)) throw TypeError(`vat ${name} is open`);
    const wake = (vat: Vat): void => {
      ready.add(vat);
      wakeUp();
    };
    const vat = makeVat(name, { commits, now, wake, hostRef, hostName, deliver, onTurnError }, cacheLimit);
    vats.set(name, vat);
    return harden({
      name,
      register: vat.register,
      makeOnce: (root: string, make: (tools: RootTools) => object) => {
        const kit = makeQuietKit();
        vat.makeOnce(root, make, kit);
        return kit.promise as Promise<object>;
      },
    });
  };

  return harden({
    committer: commits,
    openVat,
    refOf: (name: RefName) => hostRef(name, undefined),
    nameOf: (value: unknown) => {
      const name = typeof value === 'object' && value !== null ? names.get(value) : undefined;
      return name?.startsWith('host:') === true ? undefined : name;
    },
    setRouter: (scheme: string, router: Router) => {
      if (routers.has(scheme)) throw TypeError(`scheme ${scheme} has a router`);
      routers.set(scheme, router);
    },
    inspector: makeInspector({ commits, vats }),
    idle,
    stop: async () => {
      stopped = true;
      await idle();
    },
  });
};

