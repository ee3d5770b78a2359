/**
 * The actors of one vat: spawning, reviving, becoming, and forgetting what has not been used for long.
 *
 *   name ──▶ cache ──miss──▶ row (journal → open group → store) ──▶ Actor { state { portrait, change, behaviour } }
 *
 * An actor's state is one object, replaced whole by each `bcom` and put back whole when a turn or near call is undone. A behaviour knows
 * the state that it was made from, and that is how a stale `bcom` is told.
 */
import { mustMatch } from '@endo/patterns';
import { describeError, makeError } from '../errors/gobs-error.ts';
import { makeActorCache, type CacheLimits } from './actor-cache.ts';
import { callMethod, checkBehaviour, type Behaviour } from './behaviour.ts';
import { mapKind } from './durable-map.ts';
import { facetReferences } from './facet-references.ts';
import { checkArguments } from './guards.ts';
import type { KindRegistry, Registration } from './kind-registry.ts';
import type { KindsManifest } from './kinds-manifest.ts';
import { actorKey } from './keys.ts';
import { formatActorName, type ActorName, type RefName } from './names.ts';
import type { AnyKind, Become, Fresh, TurnTools } from './kind.ts';
import type { PortraitCodec } from './portrait-codec.ts';
import type { Definition } from './retired-kind.ts';
import { quickMatch } from './quick-match.ts';
import { isStripped, type Row } from './row.ts';
import { assertPassable } from './translate.ts';
import type { Turn } from './turn.ts';
import { isCurrent, upgradeFailed, type Upgrader } from './upgrade.ts';

/** One portrait that an actor has or had. */
interface State {
  readonly portrait: unknown;
  /** Counts from 1; written in the row. */
  readonly change: number;
  /** Length of its row, once that is written; of an ephemeral actor 0. */
  size: number;
  /** Which `reset` it comes after: what is from before one may never have been written. */
  readonly incarnation: number;
  /** The turn or near call that made this state was undone. */
  undone: boolean;
  behaviour: Behaviour | undefined;
}

export interface Actor {
  /** `<label>/<instance>`, with the label that its kind had when it was spawned. */
  readonly id: string;
  readonly kind: AnyKind;
  readonly powers: object;
  readonly address: Address;
  /** A reference for each facet. */
  readonly facets: Readonly<Record<string, object>>;
  state: State;
}

/** Where an actor's row is, and what references to it are called: for ever, whatever becomes of its kind. */
export type Address = Pick<ActorName, 'kind' | 'instance'>;

/** What `behave` gets as `self`, and whoever spawns: the reference, or for a kit the record of facets. */
const selfOf = ({ kit }: Definition, facets: Actor['facets']): unknown => (kit ? facets : facets['self']);

export interface Actors {
  spawn(turn: Turn, kind: AnyKind, portrait: unknown, nextInstance: () => number): unknown;
  /** A message from outside: checks the guard. `ref` is the vat's reference, needed for an ephemeral actor. */
  receive(name: ActorName, ref: object | undefined, method: string, args: readonly unknown[]): unknown;
  /** A near call: does not. */
  invoke(name: ActorName, ref: object, method: string, args: readonly unknown[]): unknown;
  /** Reads the actor's row if it is not in memory, and upgrades it if it is of an older version. */
  ensure(address: Address): void;
  /** For a continuation of that actor. */
  fresh(actor: Actor): Fresh<unknown>;
  /** Forgets the longest unused down to the limits. Never during a turn. */
  evict(): void;
  /** Forgets durable actors: the next call reads the store. Never during a turn. */
  forget(isForgotten: (instance: number) => boolean): void;
  /** Forgets all: the next call reads the store. Ephemeral actors are gone. */
  reset(): void;
  /** How many are in memory. */
  cached(): number;
}

export interface ActorsOptions {
  readonly vat: string;
  readonly kinds: KindRegistry;
  readonly manifest: KindsManifest;
  readonly upgrader: Upgrader;
  readonly codec: PortraitCodec;
  /** The reference for a name of this vat. */
  readonly refFor: (name: RefName) => object;
  /** The running turn; throws OUTSIDE_TURN. */
  readonly turnFor: (what: string) => Turn;
  /** Reads through the running turn. */
  readonly read: (key: string) => string | undefined;
  /** The tools of an actor's turns. */
  readonly toolsFor: (actor: Actor) => TurnTools;
  readonly cache: CacheLimits;
}

/** Of what is passable. */
const requireShape = (what: string, kind: AnyKind, portrait: unknown): void => {
  if (quickMatch(kind.portrait)(portrait)) return;
  try {
    mustMatch(portrait, kind.portrait, what);
  } catch (error) {
    throw makeError('BAD_PORTRAIT', describeError(error).message);
  }
};

/** Hardens it. Throws NOT_PASSABLE or BAD_PORTRAIT. */
export const checkPortrait = (what: string, kind: AnyKind, portrait: unknown): void =>
  requireShape(what, kind, assertPassable(portrait));
harden(checkPortrait);

export const makeActors = (options: ActorsOptions): Actors => {
  const { vat, kinds, manifest, upgrader, codec, refFor, turnFor, read, toolsFor } = options;
  const checked = new WeakSet<AnyKind>();
  /** Durable actors. */
  let cache = makeActorCache<Actor>(options.cache);
  /** Ephemeral actors live as long as one of their references. */
  let ephemeral = new WeakMap<object, Actor>();
  let incarnation = 1;

  const makeState = (portrait: unknown, change: number, size = 0): State => ({
    portrait,
    change,
    size,
    incarnation,
    undone: false,
    behaviour: undefined,
  });

  const facetsOf = (definition: Definition, durable: boolean, address: Address): Actor['facets'] =>
    facetReferences(definition, { durable, vat, ...address }, refFor);

  const makeActor = ({ kind, powers }: Registration, address: Address, state: State): Actor => {
    const facets = facetsOf(kind, !kind.ephemeral, address);
    const id = `${address.kind}/${address.instance}`;
    return { id, kind, powers, address, facets, state };
  };

  const write = (turn: Turn, { kind, address }: Actor, state: State): void => {
    if (kind.ephemeral) return;
    const { label, version } = kind;
    const { portrait, change } = state;
    const key = actorKey(vat, address.kind, address.instance);
    const row = codec.encode({ kind: label, version, change }, portrait);
    turn.write(key, row);
    state.size = row.length;
    manifest.note(turn, label, version);
  };

  const setState = (actor: Actor, state: State): void => {
    const { size } = actor.state;
    actor.state = state;
    cache.resized(actor, size);
  };

  /** Part of the turn that revives it: undone with that, or with the near call that it was for. */
  const forgetIfUndone = (turn: Turn, actor: Actor, forget: () => void): void => {
    const { state } = actor;
    turn.changed(() => {
      state.undone = true;
      forget();
    });
  };

  // ------------------------------------------------------------------------------------------- finding

  const upgrade = (turn: Turn, key: string, row: Row, from: Definition, old: unknown, address: Address): Actor => {
    const selfFor = (definition: Definition) => selfOf(definition, facetsOf(definition, true, address));
    const { kind, portrait } = upgrader.upgrade(key, row, from, old, selfFor);
    try {
      checkPortrait(`portrait of ${kind.label}`, kind, portrait);
      const actor = makeActor(kinds.requireRegistered(kind), address, makeState(portrait, row.change + 1));
      write(turn, actor, actor.state);
      forgetIfUndone(turn, actor, () => cache.delete(actor.id));
      return actor;
    } catch (error) {
      throw upgradeFailed(key, row, kind, error);
    }
  };

  const revive = (address: Address): Actor => {
    const key = actorKey(vat, address.kind, address.instance);
    const value = read(key);
    if (value === undefined) throw makeError('NO_SUCH_ACTOR', `nothing is stored as ${key}`);
    const row = codec.decodeRow(key, value);
    if (isStripped(row)) throw makeError('NO_SUCH_ACTOR', `${key} is garbage, and its portrait is gone`);
    const definition = kinds.requireReader(key, row);
    const portrait = codec.decodePortrait(key, row);
    if (!isCurrent(definition, row)) {
      const turn = turnFor('upgrade');
      return turn.undoOnThrow(() => upgrade(turn, key, row, definition, portrait, address));
    }
    const reader = kinds.requireRegistered(definition);
    requireShape(`row ${key}`, reader.kind, portrait);
    return makeActor(reader, address, makeState(portrait, row.change, value.length));
  };

  const findDurable = (address: Address): Actor => {
    const id = `${address.kind}/${address.instance}`;
    const known = cache.get(id);
    if (known !== undefined) return known;
    const actor = revive(address);
    cache.put(actor);
    return actor;
  };

  const find = (name: ActorName, ref: object | undefined): Actor => {
    if (name.durable) return findDurable({ kind: name.kind, instance: name.instance });
    const actor = ref === undefined ? undefined : ephemeral.get(ref);
    if (actor === undefined) throw makeError('NO_SUCH_ACTOR', `${formatActorName(name)} is gone`);
    return actor;
  };

  /** The same actor, which may have been evicted and revived meanwhile. */
  const findAgain = (actor: Actor): Actor => (actor.kind.ephemeral ? actor : findDurable(actor.address));

  // ------------------------------------------------------------------------------------------- changing

  /** After an eviction the state is another object, but the same if it has the same number, and that number was not given twice. */
  const isLatest = (latest: State, from: State): boolean =>
    latest === from || (latest.change === from.change && latest.incarnation === from.incarnation && !from.undone);

  const become =
    (made: Actor, from: State): Become<unknown> =>
    (next) => {
      const turn = turnFor('bcom');
      const actor = findAgain(made);
      const old = actor.state;
      if (typeof next !== 'function' && !isLatest(old, from)) {
        throw makeError('STALE_BECOME', `${actor.id} became something else since this behaviour was made`, {
          hint: 'use the updater form: bcom(latest => next)',
        });
      }
      const portrait = typeof next === 'function' ? (next as (latest: unknown) => unknown)(old.portrait) : next;
      if (actor.state !== old) throw makeError('STALE_BECOME', `${actor.id} became while its updater ran`);
      checkPortrait(`portrait of ${actor.id}`, actor.kind, portrait);
      const state = makeState(portrait, old.change + 1);
      write(turn, actor, state);
      setState(actor, state);
      turn.changed(() => {
        state.undone = true;
        setState(actor, old);
      });
    };

  const spawn: Actors['spawn'] = (turn, kind, portrait, nextInstance) => {
    const registration = kinds.requireRegistered(kind);
    checkPortrait(`portrait of ${kind.label}`, kind, portrait);
    const actor = makeActor(registration, { kind: kind.label, instance: nextInstance() }, makeState(portrait, 1));
    const refs = Object.values(actor.facets);
    write(turn, actor, actor.state);
    if (kind.ephemeral) for (const ref of refs) ephemeral.set(ref, actor);
    else cache.put(actor);
    forgetIfUndone(turn, actor, () => {
      cache.delete(actor.id);
      for (const ref of refs) ephemeral.delete(ref);
    });
    // Where a closed store is upgraded, kinds have no powers to make a behaviour with.
    if (!checked.has(kind) && !upgrader.isStepping()) behaviourOf(actor);
    return selfOf(kind, actor.facets);
  };

  // ------------------------------------------------------------------------------------------- calling

  const behaviourOf = (actor: Actor): Behaviour => {
    const { state, kind } = actor;
    if (state.behaviour === undefined) {
      const powers = { ...actor.powers, ...toolsFor(actor) };
      const made = kind.behave(become(actor, state), selfOf(kind, actor.facets), state.portrait, powers);
      const behaviour = (kind.kit ? made : { self: made }) as Behaviour;
      if (!checked.has(kind)) checkBehaviour(kind, behaviour);
      checked.add(kind);
      state.behaviour = behaviour;
    }
    return state.behaviour;
  };

  const run = (actor: Actor, { facet }: ActorName, method: string, args: readonly unknown[]): unknown =>
    callMethod(actor.kind, facet, behaviourOf(actor), method, args);

  return harden({
    spawn,
    receive: (name, ref, method, args) => {
      const actor = find(name, ref);
      const guard = actor.kind.facets.get(name.facet);
      if (guard === undefined) throw makeError('NO_SUCH_ACTOR', `${name.kind} has no facet ${name.facet}`);
      if (method === '__getInterfaceGuard__') return guard.guard;
      if (method === '__getMethodNames__' && !guard.open) return harden([...guard.methods.keys()]);
      if (method !== '__getMethodNames__') checkArguments(guard, method, args);
      return run(actor, name, method, args);
    },
    invoke: (name, ref, method, args) => {
      if (name.kind !== mapKind.label) upgrader.requireNoStep(`near call of ${method}`);
      return run(find(name, ref), name, method, args);
    },
    ensure: (address) => void findDurable(address),
    fresh: (made) => {
      const actor = findAgain(made);
      return { portrait: actor.state.portrait, bcom: become(actor, actor.state) };
    },
    evict: () => cache.evict(),
    forget: (isForgotten) => cache.forget(isForgotten),
    reset: () => {
      incarnation += 1;
      cache = makeActorCache(options.cache);
      ephemeral = new WeakMap();
    },
    cached: () => cache.count,
  });
};
harden(makeActors);
