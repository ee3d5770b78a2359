/**
 * A vat: a queue of messages, and the turns that they become. See docs/explanation/turns.md.
 *
 *   receive(name, method, args) ──▶ queue ──step()──▶ turn ──▶ commit group ──▶ outputs: sends, settlements
 *
 * Everything from outside only enqueues. A step runs one item to its end, synchronously; what it changed joins the commit group before
 * anything else can run. The kernel decides when a vat steps, and carries what leaves it.
 */
import { E as hostE } from '@endo/eventual-send';
import { passStyleOf } from '@endo/pass-style';
import { describeError, makeError } from '../errors/gobs-error.ts';
import { makeActors, ownActorName, type Actor } from './actors.ts';
import { requireTurn, withTurn } from './current-turn.ts';
import { mapKind } from './durable-map.ts';
import type { GroupCommit } from './group-commit.ts';
import type { AnyKind, DurableMap, PromiseKit, TurnTools } from './kind.ts';
import { formatActorName, parseActorName, type RefName } from './names.ts';
import { makePortraitCodec } from './portrait-codec.ts';
import { makeEntryRows } from './entry-rows.ts';
import { makePromiseBridge, makeQuietKit, type Kit } from './promise-bridge.ts';
import { makeReferences } from './references.ts';
import { assertPassable, translate, translateReason } from './translate.ts';
import { makeTurn, type Output, type Turn } from './turn.ts';
import { makeVatHeader } from './vat-header.ts';

/** What the kernel gives to each vat. */
export interface VatPowers {
  readonly commits: GroupCommit;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Asks for a step soon. */
  readonly wake: (vat: Vat) => void;
  /** The host's reference for a name; `keepAlive` must live as long as it. */
  readonly hostRef: (name: RefName, keepAlive: object) => object;
  /** The name of a host object, given one if it has none. */
  readonly hostName: (object: object) => RefName;
  /** Delivers to a name, whoever has it. Host values. */
  readonly deliver: (name: RefName, method: string, args: readonly unknown[]) => Promise<unknown>;
  readonly onTurnError: (event: TurnError) => void;
}

export interface TurnError {
  readonly vat: string;
  readonly target: RefName;
  readonly method: string;
  readonly code: string;
  readonly message: string;
}

export interface Settle {
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}

export interface Vat {
  readonly name: string;
  register(kind: AnyKind, powers: object): void;
  /** Enqueues a message. `args` and what `settle` gets are host values. */
  receive(name: RefName, method: string, args: readonly unknown[], settle: Settle): void;
  /** The durable root of that name: made in a turn of its own if there is none. Settles with its host reference. */
  makeOnce(root: string, make: (tools: RootTools) => object, settle: Settle): void;
  /** Called by `E()` in a turn. */
  send(target: object, method: string, args: unknown[]): Promise<unknown>;
  /** The guard's interface name of one of its actors. */
  interfaceName(name: RefName): string | undefined;
  /** Runs the next item; false if there was none. */
  step(): boolean;
  /** After a failed commit: everything in memory is dropped and comes from the store again. */
  reset(): void;
  cached(): number;
}

export type RootTools = Pick<TurnTools, 'now' | 'spawn' | 'makeMap'>;

export const makeVat = (vatName: string, powers: VatPowers, cacheLimit: number): Vat => {
  const { commits } = powers;
  let queue: (() => void)[] = [];
  let head = 0;
  /** Continuations asked for before a reset are lost with what they knew. */
  let incarnation = 0;
  let turnNow: Turn | undefined;
  const hostObjects = new WeakMap<object, object>();

  const enqueue = (step: () => void): void => {
    queue.push(step);
    powers.wake(vat);
  };

  const nearCall = (ref: object, method: string, args: unknown[]): unknown => {
    const turn = requireTurn(`near call of ${method}`);
    const name = references.nameOf(ref);
    const actorName = name === undefined ? undefined : ownActorName(vatName, name);
    if (actorName === undefined || turn.vat !== vat) throw makeError('OUTSIDE_TURN', `near call of ${method} from outside`);
    const savepoint = turn.savepoint();
    try {
      return actors.invoke(actorName, method, args);
    } catch (error) {
      turn.rollback(savepoint);
      throw error;
    }
  };

  const references = makeReferences(nearCall);
  const refFor = (name: RefName): object => {
    const own = ownActorName(vatName, name);
    return references.refFor(name, own === undefined ? undefined : actors.facetGuard(own));
  };
  const read = (key: string): string | undefined =>
    turnNow?.writes.has(key) === true ? turnNow.writes.get(key) : commits.get(key);
  const codec = makePortraitCodec(references.nameOf, refFor);

  const hostToVat = (object: object): object => {
    const name = powers.hostName(object);
    const ref = refFor(name);
    if (name.startsWith('host:')) hostObjects.set(ref, object);
    return ref;
  };
  const vatToHost = (ref: object): object => {
    const name = references.nameOf(ref);
    if (name === undefined) {
      throw makeError('NOT_PASSABLE', 'an object that is no actor cannot leave its vat', { hint: 'spawn an ephemeral actor' });
    }
    return hostObjects.get(ref) ?? powers.hostRef(name, ref);
  };
  /** Host objects among powers become references, as if they had been sent; functions are called in the turn, as they are. */
  const powersIntoVat = (given: object): object =>
    Object.fromEntries(
      Object.entries(given).map(([name, power]) => {
        const isReference = typeof power === 'object' && power !== null && passStyleOf(harden(power)) === 'remotable';
        return [name, isReference ? hostToVat(power as object) : (power as unknown)];
      }),
    );
  const toVat = (value: unknown): unknown => translate(value, { reference: hostToVat, promise: bridge.toVat });
  const toHost = (value: unknown): unknown => translate(value, { reference: vatToHost, promise: bridge.toHost });
  const bridge = makePromiseBridge({ enqueue, valueToVat: toVat, valueToHost: toHost, reason: translateReason });

  /** Runs `body` as a turn; `settle` hears of it when it is durable, with vat values. */
  const runTurn = (body: () => unknown, settle: Settle, failed: (error: unknown) => void): void => {
    const turn = makeTurn(vat, powers.now());
    turnNow = turn;
    const outputs: Output[] = turn.outputs;
    let outcome: Output;
    try {
      const result = withTurn(turn, () => assertPassable(body()));
      outcome = { release: () => settle.resolve(result), fail: settle.reject };
    } catch (error) {
      turn.rollback({ undo: 0, outputs: 0 });
      failed(error);
      outcome = { release: () => settle.reject(translateReason(error)), fail: settle.reject };
    } finally {
      turnNow = undefined;
    }
    commits.commit(turn.writes, [...outputs, outcome]);
  };

  const reporter =
    (target: RefName, method: string) =>
    (error: unknown): void => {
      const { code, message } = describeError(error);
      powers.onTurnError({ vat: vatName, target, method, code, message });
    };

  const settleHost = ({ resolve, reject }: Settle): Settle => ({
    resolve: (value) => {
      try {
        resolve(toHost(value));
      } catch (error) {
        reject(translateReason(error));
      }
    },
    reject,
  });

  const send: Vat['send'] = (target, method, args) => {
    const turn = requireTurn(`send of ${method}`);
    if (turn.vat !== vat) throw makeError('OUTSIDE_TURN', `send of ${method} from another vat`);
    assertPassable(args);
    const name = references.nameOf(target);
    if (name === undefined && !(target instanceof Promise)) {
      throw makeError('NOT_PASSABLE', `send of ${method} to something that is neither reference nor promise`);
    }
    const kit = makeQuietKit();
    turn.outputs.push({
      release: () => {
        const hostArgs = toHost(args) as readonly unknown[];
        const object = name === undefined ? bridge.toHost(target as Promise<unknown>) : hostObjects.get(target);
        const answer =
          object === undefined
            ? powers.deliver(name!, method, hostArgs)
            : (hostE(object as never) as Record<string, (...args: unknown[]) => Promise<unknown>>)[method]!(...hostArgs);
        bridge.follow(kit, answer);
      },
      fail: kit.reject,
    });
    return kit.promise;
  };

  const on = (actor: Actor): TurnTools['on'] => {
    const proceed = (kit: Kit, handle: () => unknown): void =>
      runTurn(handle, kit, reporter(`${vatName}/${actor.id}`, 'on'));
    return (promise, fulfilled, rejected) => {
      const turn = requireTurn('on');
      const kit = makeQuietKit();
      const release = (): void => {
        const since = incarnation;
        const later = (handle: () => unknown): void =>
          enqueue(() => {
            if (since === incarnation) proceed(kit, handle);
          });
        Promise.resolve(promise).then(
          (value) => later(() => fulfilled(value, actors.fresh(actor) as never)),
          (reason: unknown) =>
            rejected === undefined ? kit.reject(reason) : later(() => rejected(reason, actors.fresh(actor) as never)),
        );
      };
      turn.outputs.push({ release, fail: kit.reject });
      return kit.promise as Promise<never>;
    };
  };

  const promiseKit = <T>(): PromiseKit<T> => {
    requireTurn('promiseKit');
    const kit = makeQuietKit();
    const later = (act: () => void): void => {
      requireTurn('settling a promise').outputs.push({ release: act, fail: () => {} });
    };
    return harden({
      promise: kit.promise as Promise<T>,
      resolve: (value: unknown) => later(() => kit.resolve(value)),
      reject: (reason: unknown) => later(() => kit.reject(reason)),
    });
  };

  const header = makeVatHeader(vatName, codec, read);
  const spawn = (kind: AnyKind, portrait: unknown): unknown => {
    const turn = requireTurn(`spawn of ${kind.label}`);
    if (turn.vat !== vat) throw makeError('OUTSIDE_TURN', `spawn of ${kind.label} from another vat`);
    return actors.spawn(turn, kind, portrait, header.nextInstance(turn, kind.ephemeral));
  };
  const rootTools: RootTools = {
    now: () => requireTurn('now').time,
    spawn: spawn as RootTools['spawn'],
    makeMap: <V>() => spawn(mapKind, harden({ size: 0 })) as DurableMap<V>,
  };
  const sharedTools = { ...rootTools, promiseKit };

  const actors = makeActors({
    vat: vatName,
    codec,
    refFor,
    read,
    toolsFor: (actor) => ({ ...sharedTools, on: on(actor) }),
    cacheLimit,
  });

  const vat: Vat = harden({
    name: vatName,
    register: (kind, given) => actors.register(kind, powersIntoVat(given)),
    receive: (name, method, args, settle) => {
      enqueue(() => {
        const target = parseActorName(name);
        runTurn(
          () => {
            if (target?.vat !== vatName) throw makeError('NO_SUCH_ACTOR', `${name} is not in vat ${vatName}`);
            return actors.receive(target, method, toVat(harden(args)) as readonly unknown[]);
          },
          settleHost(settle),
          reporter(name, method),
        );
      });
    },
    makeOnce: (root, make, settle) => {
      const body = (): unknown =>
        header.root(root) ?? header.setRoot(requireTurn('makeOnce'), root, make(rootTools));
      enqueue(() => runTurn(body, settleHost(settle), reporter(`${vatName}/${root}`, 'makeOnce')));
    },
    send,
    interfaceName: (name) => {
      const own = ownActorName(vatName, name);
      return own === undefined ? undefined : actors.facetGuard(own)?.interfaceName;
    },
    step: () => {
      const item = queue[head];
      if (item === undefined) return false;
      head += 1;
      if (head === queue.length) {
        queue = [];
        head = 0;
      }
      item();
      actors.evict();
      return true;
    },
    reset: () => {
      incarnation += 1;
      actors.reset();
      header.reset();
    },
    cached: actors.cached,
  } satisfies Vat);

  actors.register(mapKind, {
    rowsOf: (map: object) => {
      const instance = parseActorName(references.nameOf(map)!)!.instance;
      return makeEntryRows({ vat: vatName, map: instance, codec, read, commits, enqueue });
    },
  });
  return vat;
};

/** For tests and inspection: the text by which an actor of a vat is named. */
export const actorNameIn = (vat: string, kind: string, instance: number, facet = 'self'): RefName =>
  formatActorName({ durable: true, vat, kind, instance, facet });
