/**
 * A vat: a queue of messages, and the turns that they become. See docs/explanation/turns.md.
 *
 *   receive(name, method, args) ──▶ queue ──step()──▶ turn ──▶ commit group ──▶ outputs: sends, settlements
 *
 * Everything from outside only enqueues. A step runs one item to its end, synchronously; what it changed joins the commit group before
 * anything else can run. The kernel decides when a vat steps, and carries what leaves it.
 *
 * The parts: `references` (names and their objects), `border` (translation), `kinds` and `actors`, `header` (numbers and roots),
 * `continuations` (`on`, promise kits). This file joins them, and is the only one that runs turns.
 */
import { describeError, makeError } from '../errors/gobs-error.ts';
import type { CacheLimits } from './actor-cache.ts';
import { checkPortrait, makeActors, type Actor, type Address } from './actors.ts';
import { makeBorder } from './border.ts';
import { makeContinuations } from './continuations.ts';
import { currentTurn, requireTurn, withTurn } from './current-turn.ts';
import { mapKind } from './durable-map.ts';
import { makeEntryRows } from './entry-rows.ts';
import { makeFifo } from './fifo.ts';
import { foundVat, type Foundation } from './found-vat.ts';
import type { GroupCommit } from './group-commit.ts';
import { makeKindRegistry, type Stage } from './kind-registry.ts';
import { makeKindsManifest } from './kinds-manifest.ts';
import type { AnyKind, DurableMap, TurnTools } from './kind.ts';
import type { Definition } from './retired-kind.ts';
import { actorKey } from './keys.ts';
import { formatActorName, parseActorName, type ActorName, type RefName } from './names.ts';
import { makePortraitCodec } from './portrait-codec.ts';
import { makePromiseBridge, makeQuietKit } from './promise-bridge.ts';
import { makeReferences } from './references.ts';
import type { Row } from './row.ts';
import { makeSend, type Send } from './sending.ts';
import type { TurnMessage } from './messages.ts';
import type { Trace } from './trace.ts';
import { translateReason } from './translate.ts';
import { makeTurn, type Output, type Turn } from './turn.ts';
import { makeUpgrader } from './upgrade.ts';
import { countSpawned } from './upgrade-walk.ts';
import { makeVatHeader } from './vat-header.ts';

/** What the kernel gives to each vat. */
export interface VatPowers {
  readonly commits: GroupCommit;
  readonly firstInstance: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Asks for a step soon. */
  readonly wake: (vat: Vat) => void;
  /** The host's reference for a name; `keepAlive` lives as long as it. */
  readonly hostRef: (name: RefName, keepAlive: object) => object;
  /** The name of a host object, given one if it has none. */
  readonly hostName: (object: object) => RefName;
  /** Delivers to a name, whoever has it. Host values. */
  readonly deliver: (name: RefName, method: string, args: readonly unknown[]) => Promise<unknown>;
  readonly trace: Trace | undefined;
  /** The vat makes a reference. Must not throw. */
  readonly onReference: (name: RefName) => void;
  /** Must not throw. */
  readonly onTurnError: (event: TurnError) => void;
  /** A mistake of the vat's own machinery. Must not throw. */
  readonly onHostError: (error: unknown) => void;
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
  /** Host objects among the powers become references, as if they had been sent. */
  register(kind: Definition, powers: object): void;
  /** Enqueues a message. `args` and what `settle` gets are host values. */
  receive(name: RefName, method: string, args: readonly unknown[], settle: Settle, message?: TurnMessage): void;
  /** The durable root of that name: made in a turn of its own if there is none. Settles with its host reference. */
  makeOnce(root: string, make: (tools: RootTools) => object, settle: Settle): void;
  /** Called by `E()` in a turn. */
  readonly send: Send;
  /** Makes another vat, in a turn of this one; the references of its root. See `foundVat`. */
  foundVat(turn: Turn, foundation: Foundation): unknown;
  /** Of a reference as this vat holds it; undefined for every other value. For powers of kinds. */
  nameOf(value: object): RefName | undefined;
  /** The guard's interface name of one of its actors. */
  interfaceName(name: RefName): string | undefined;
  /** How a row of it stands to its kinds. Throws UNKNOWN_KIND, NEWER_VERSION. */
  stageOf(key: string, row: Row): Stage;
  /** Throws what reviving a row that is as this program would write it throws: ROW_DAMAGED, BAD_PORTRAIT. */
  requireSound(key: string, row: Row): void;
  /** Has an actor revived, and so upgraded, in a turn of its own; → how many of each kind were spawned for it, when that is durable. */
  upgrade(address: Address): Promise<Readonly<Record<string, number>>>;
  /** Runs the next item; false if there was none. */
  step(): boolean;
  /** For the collector: as in actors.ts and references.ts; and what is in memory of the header is not what is stored. */
  forget(isForgotten: (instance: number) => boolean): void;
  living(): Iterable<RefName | undefined>;
  headerChanged(): void;
  /** After a failed commit: everything in memory is dropped and comes from the store again. */
  reset(): void;
  cached(): number;
}

export type RootTools = Pick<TurnTools, 'now' | 'spawn' | 'makeMap'>;

const NO_ROWS: ReadonlyMap<string, undefined> = new Map();

/** Assembles a vat; longer than a function should be, since every part knows some other. */
export const makeVat = (vatName: string, powers: VatPowers, cache: CacheLimits): Vat => {
  const { commits, trace } = powers;
  const queue = makeFifo<() => void>();

  const enqueue = (step: () => void): void => {
    queue.put(step);
    powers.wake(vat);
  };
  const turnFor = (what: string): Turn => requireTurn(vat, what);
  const ownName = (name: RefName | undefined): ActorName | undefined => {
    const parsed = name === undefined ? undefined : parseActorName(name);
    return parsed?.vat === vatName ? parsed : undefined;
  };
  const read = (key: string): string | undefined => {
    const writes = currentTurn()?.writes;
    return writes?.has(key) === true ? writes.get(key) : commits.get(key);
  };

  const whenDurable = (output: Output): void => commits.commit(NO_ROWS, [output]);

  // ------------------------------------------------------------------------------------------- references

  const nearCall = (ref: object, method: string, args: unknown[]): unknown => {
    const turn = turnFor(`near call of ${method}`);
    const name = ownName(references.nameOf(ref));
    if (name === undefined) throw TypeError(`near call of ${method} on something else than a reference`);
    return turn.undoOnThrow(() => actors.invoke(name, ref, method, args));
  };

  const kinds = makeKindRegistry(vatName);
  const facetOf = (name: RefName) => {
    const own = ownName(name);
    return own === undefined ? undefined : kinds.facetGuardForReference(own);
  };
  const references = makeReferences(nearCall, facetOf, powers.onReference);
  const { refFor } = references;
  /** Of what goes into a row, or leaves the vat. */
  const nameOf = (value: object): RefName | undefined => {
    const name = references.nameOf(value);
    const turn = name === undefined ? undefined : currentTurn();
    const own = turn?.vat === vat && header.owes ? ownName(name) : undefined;
    if (own?.durable === true) header.keepNumber(turn!, own.instance);
    return name;
  };
  const codec = makePortraitCodec(nameOf, refFor);
  const bridge = makePromiseBridge({
    enqueue,
    whenDurable,
    valueToVat: (value) => border.toVat(value),
    valueToHost: (value) => border.toHost(value),
    reason: translateReason,
  });
  const { hostRef, hostName } = powers;
  const border = makeBorder({ nameOf, refFor, hostRef, hostName, bridge });

  // ------------------------------------------------------------------------------------------- turns

  /** Runs `body` as a turn; `settle` hears of it when it is durable, with vat values. */
  const runTurn = (
    target: string,
    method: string,
    body: () => unknown,
    settle: Settle,
    message?: TurnMessage,
  ): void => {
    const turn = makeTurn(vat, powers.now(), message);
    let failure: { readonly code: string; readonly message: string } | undefined;
    let outcome: Output;
    try {
      const result = withTurn(turn, () => turn.undoOnThrow(() => border.requireSendable(body())));
      outcome = { release: () => settle.resolve(result), fail: settle.reject };
    } catch (error) {
      failure = describeError(error);
      powers.onTurnError({ vat: vatName, target, method, code: failure.code, message: failure.message });
      outcome = { release: () => settle.reject(translateReason(error)), fail: settle.reject };
    }
    if (message !== undefined) trace?.record({ turn, message, vat: vatName, target, method, failure });
    turn.outputs.push(outcome);
    commits.commit(turn.writes, turn.outputs);
  };

  const toHostFirst = ({ resolve, reject }: Settle): Settle => ({
    resolve: (value) => {
      try {
        resolve(border.toHost(value));
      } catch (error) {
        reject(translateReason(error));
      }
    },
    reject,
  });

  const receive: Vat['receive'] = (name, method, args, settle, message) => {
    const target = ownName(name);
    // Held from now on: no actor goes away while a message for it waits.
    const ref = target === undefined ? undefined : refFor(name);
    const body = (): unknown => {
      if (target === undefined) throw makeError('NO_SUCH_ACTOR', `${name} is not in vat ${vatName}`);
      return actors.receive(target, ref, method, border.toVat(args) as readonly unknown[]);
    };
    enqueue(() => runTurn(name, method, body, toHostFirst(settle), message));
  };

  const { deliver } = powers;
  const turnForSend = (what: string): Turn => {
    upgrader.requireNoStep(what);
    return turnFor(what);
  };
  const messages = trace?.messages;
  const send = makeSend({ nameOf, border, bridge, deliver, whenDurable, messages, vat: vatName, turnFor: turnForSend });

  // ------------------------------------------------------------------------------------------- actors

  const header = makeVatHeader(vatName, codec, read, powers.firstInstance);
  const spawn = (kind: AnyKind, portrait: unknown): unknown => {
    const turn = turnFor(`spawn of ${kind.label}`);
    return turn.undoOnThrow(() => actors.spawn(turn, kind, portrait, () => header.nextInstance(turn, kind.ephemeral)));
  };
  const continuations = makeContinuations({
    turnFor,
    enqueue,
    runTurn: ({ actor, message }, body, kit) => runTurn(actor, 'on', body, kit, trace?.follows(message, vatName)),
  });
  const rootTools: RootTools = {
    now: () => turnFor('now').time,
    spawn: spawn as RootTools['spawn'],
    makeMap: <V>() => spawn(mapKind, harden({ size: 0 })) as DurableMap<V>,
  };
  const upgrader = makeUpgrader(rootTools);
  const manifest = makeKindsManifest(vatName, codec, read);
  const { on, promiseKit } = continuations;
  const toolsFor = (actor: Actor): TurnTools => {
    const fresh = (): never => actors.fresh(actor) as never;
    const name = `vat:${vatName}/${actor.id}`;
    const onForActor = (promise: unknown, ...handlers: [never, never?]) => on(name, fresh, promise, ...handlers);
    return { ...rootTools, promiseKit, on: onForActor as TurnTools['on'] };
  };
  const actors = makeActors({
    ...{ vat: vatName, kinds, manifest, upgrader, codec },
    ...{ refFor, turnFor, read, toolsFor, cache },
  });

  kinds.register(mapKind, {
    rowsOf: (map: object) =>
      makeEntryRows({
        vat: vatName,
        map: ownName(nameOf(map))!.instance,
        self: map,
        codec,
        turnFor,
        read,
        page: commits.page,
        enqueue,
      }),
  });

  const powersIntoVat = (given: object): object =>
    Object.fromEntries(
      Object.entries(given).map(([name, power]: [string, unknown]) => [
        name,
        typeof power === 'function' ? power : border.toVat(power),
      ]),
    );

  const vat: Vat = harden({
    name: vatName,
    register: (kind, given) => kinds.register(kind, powersIntoVat(given)),
    receive,
    makeOnce: (root, make, settle) => {
      const body = (): unknown => header.root(root) ?? header.setRoot(turnFor('makeOnce'), root, make(rootTools));
      const message = trace?.arrives();
      enqueue(() => runTurn(`${vatName}/${root}`, 'makeOnce', body, toHostFirst(settle), message));
    },
    send,
    foundVat: (turn, foundation) => foundVat(turn, { codec, refFor, read }, foundation),
    nameOf,
    interfaceName: (name) => {
      const own = ownName(name);
      return own === undefined ? undefined : kinds.facetGuard(own)?.interfaceName;
    },
    stageOf: kinds.stageOf,
    requireSound: (key, row) => {
      checkPortrait(`row ${key}`, kinds.requireReader(key, row) as AnyKind, codec.decodePortrait(key, row));
    },
    upgrade: (address) => {
      const key = actorKey(vatName, address.kind, address.instance);
      const name = formatActorName({ durable: true, vat: vatName, ...address, facet: 'self' });
      const kit = makeQuietKit();
      const body = (): unknown => {
        actors.ensure(address);
        return countSpawned(vatName, key, turnFor('upgrade').writes, commits.get);
      };
      enqueue(() => runTurn(name, 'upgrade', body, kit));
      return kit.promise as Promise<Readonly<Record<string, number>>>;
    },
    step: () => {
      const item = queue.take();
      if (item === undefined) return false;
      try {
        item();
      } catch (error) {
        powers.onHostError(error);
      }
      actors.evict();
      return true;
    },
    forget: actors.forget,
    living: references.living,
    headerChanged: header.reset,
    reset: () => {
      actors.reset();
      header.reset();
      manifest.reset();
      continuations.reset();
    },
    cached: actors.cached,
  } satisfies Vat);
  return vat;
};
harden(makeVat);
