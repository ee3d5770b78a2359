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
import { callMethod, checkBehaviour, type Behaviour } from './behaviour.ts';
import { facetReferences } from './facet-references.ts';
import { checkArguments } from './guards.ts';
import type { KindRegistry, Registration } from './kind-registry.ts';
import { actorKey } from './keys.ts';
import { formatActorName, type ActorName, type RefName } from './names.ts';
import type { AnyKind, Become, Fresh, TurnTools } from './kind.ts';
import type { PortraitCodec } from './portrait-codec.ts';
import { stillMatches } from './still-matches.ts';
import { assertPassable } from './translate.ts';
import type { Turn } from './turn.ts';

/** One portrait that an actor has or had. */
interface State {
  readonly portrait: unknown;
  /** Counts from 1; written in the row. */
  readonly change: number;
  /** Which `reset` it comes after: what is from before one may never have been written. */
  readonly incarnation: number;
  /** The turn or near call that made this state was undone. */
  undone: boolean;
  behaviour: Behaviour | undefined;
}

export interface Actor {
  readonly id: string;
  readonly kind: AnyKind;
  readonly powers: object;
  readonly instance: number;
  /** A reference for each facet. */
  readonly facets: Readonly<Record<string, object>>;
  state: State;
}

/** What `behave` gets as `self`, and whoever spawns: the reference, or for a kit the record of facets. */
const selfOf = ({ kind, facets }: Actor): unknown => (kind.kit ? facets : facets['self']);

export interface Actors {
  spawn(turn: Turn, kind: AnyKind, portrait: unknown, nextInstance: () => number): unknown;
  /** A message from outside: checks the guard. `ref` is the vat's reference, needed for an ephemeral actor. */
  receive(name: ActorName, ref: object | undefined, method: string, args: readonly unknown[]): unknown;
  /** A near call: does not. */
  invoke(name: ActorName, ref: object, method: string, args: readonly unknown[]): unknown;
  /** For a continuation of that actor. */
  fresh(actor: Actor): Fresh<unknown>;
  /** Forgets the longest unused down to the limit. Never during a turn. */
  evict(): void;
  /** Forgets all: the next call reads the store. Ephemeral actors are gone. */
  reset(): void;
  /** How many are in memory. */
  cached(): number;
}

export interface ActorsOptions {
  readonly vat: string;
  readonly kinds: KindRegistry;
  readonly codec: PortraitCodec;
  /** The reference for a name of this vat. */
  readonly refFor: (name: RefName) => object;
  /** The running turn; throws OUTSIDE_TURN. */
  readonly turnFor: (what: string) => Turn;
  /** Reads through the running turn. */
  readonly read: (key: string) => string | undefined;
  /** The tools of an actor's turns. */
  readonly toolsFor: (actor: Actor) => TurnTools;
  readonly cacheLimit: number;
}

/** `before`: one that it follows, which was checked already. */
export const checkPortrait = (what: string, kind: AnyKind, portrait: unknown, before?: unknown): void => {
  assertPassable(portrait);
  if (before !== undefined && stillMatches(portrait, before, kind.portrait)) return;
  try {
    mustMatch(portrait, kind.portrait, what);
  } catch (error) {
    throw makeError('BAD_PORTRAIT', describeError(error).message);
  }
};
harden(checkPortrait);

export const makeActors = (options: ActorsOptions): Actors => {
  const { vat, kinds, codec, refFor, turnFor, read, toolsFor, cacheLimit } = options;
  const checked = new WeakSet<AnyKind>();
  /** Durable actors, longest unused first. */
  let cache = new Map<string, Actor>();
  /** Ephemeral actors live as long as one of their references. */
  let ephemeral = new WeakMap<object, Actor>();
  let incarnation = 1;

  const makeState = (portrait: unknown, change: number): State => ({
    portrait,
    change,
    incarnation,
    undone: false,
    behaviour: undefined,
  });

  const makeActor = ({ kind, powers }: Registration, instance: number, portrait: unknown, change: number): Actor => {
    const facets = facetReferences(kind, vat, instance, refFor);
    return { id: `${kind.label}/${instance}`, kind, powers, instance, facets, state: makeState(portrait, change) };
  };

  // ------------------------------------------------------------------------------------------- finding

  const revive = (label: string, instance: number): Actor => {
    const key = actorKey(vat, label, instance);
    const value = read(key);
    if (value === undefined) throw makeError('NO_SUCH_ACTOR', `nothing is stored as ${key}`);
    const row = codec.decodeRow(key, value);
    const reader = kinds.requireReader(key, row);
    const portrait = codec.decodePortrait(key, row);
    checkPortrait(`row ${key}`, reader.kind, portrait);
    return makeActor(reader, instance, portrait, row.change);
  };

  const findDurable = (label: string, instance: number): Actor => {
    const id = `${label}/${instance}`;
    const known = cache.get(id);
    const actor = known ?? revive(label, instance);
    if (known !== undefined) cache.delete(id);
    cache.set(id, actor);
    return actor;
  };

  const find = (name: ActorName, ref: object | undefined): Actor => {
    if (name.durable) return findDurable(name.kind, name.instance);
    const actor = ref === undefined ? undefined : ephemeral.get(ref);
    if (actor === undefined) throw makeError('NO_SUCH_ACTOR', `${formatActorName(name)} is gone`);
    return actor;
  };

  /** The same actor, which may have been evicted and revived meanwhile. */
  const findAgain = (actor: Actor): Actor =>
    actor.kind.ephemeral ? actor : findDurable(actor.kind.label, actor.instance);

  // ------------------------------------------------------------------------------------------- changing

  const write = (turn: Turn, { kind, instance }: Actor, { portrait, change }: State): void => {
    if (kind.ephemeral) return;
    const key = actorKey(vat, kind.label, instance);
    turn.write(key, codec.encode({ kind: kind.label, version: kind.version, change }, portrait));
  };

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
      checkPortrait(`portrait of ${actor.id}`, actor.kind, portrait, old.portrait);
      const state = makeState(portrait, old.change + 1);
      write(turn, actor, state);
      actor.state = state;
      turn.changed(() => {
        state.undone = true;
        actor.state = old;
      });
    };

  const spawn: Actors['spawn'] = (turn, kind, portrait, nextInstance) => {
    const registration = kinds.requireRegistered(kind);
    checkPortrait(`portrait of ${kind.label}`, kind, portrait);
    const actor = makeActor(registration, nextInstance(), portrait, 1);
    const refs = Object.values(actor.facets);
    write(turn, actor, actor.state);
    if (kind.ephemeral) for (const ref of refs) ephemeral.set(ref, actor);
    else cache.set(actor.id, actor);
    turn.changed(() => {
      actor.state.undone = true;
      cache.delete(actor.id);
      for (const ref of refs) ephemeral.delete(ref);
    });
    if (!checked.has(kind)) behaviourOf(actor);
    return selfOf(actor);
  };

  // ------------------------------------------------------------------------------------------- calling

  const behaviourOf = (actor: Actor): Behaviour => {
    const { state, kind } = actor;
    if (state.behaviour === undefined) {
      const powers = { ...actor.powers, ...toolsFor(actor) };
      const made = kind.behave(become(actor, state), selfOf(actor), state.portrait, powers);
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
    invoke: (name, ref, method, args) => run(find(name, ref), name, method, args),
    fresh: (made) => {
      const actor = findAgain(made);
      return { portrait: actor.state.portrait, bcom: become(actor, actor.state) };
    },
    evict: () => {
      for (const id of cache.keys()) {
        if (cache.size <= cacheLimit) return;
        cache.delete(id);
      }
    },
    reset: () => {
      incarnation += 1;
      cache = new Map();
      ephemeral = new WeakMap();
    },
    cached: () => cache.size,
  });
};
harden(makeActors);
