/**
 * The actors of one vat: spawning, reviving, becoming, and forgetting what has not been used for long.
 *
 *   name ──▶ cache ──miss──▶ row (journal → open group → store) ──▶ Actor { state { portrait, change, behaviour } }
 *
 * An actor's state is one object, replaced whole by each `bcom` and put back whole when a turn or near call is undone. A behaviour knows
 * the state that it was made from, and that is how a stale `bcom` is told.
 */
import { mustMatch } from '@endo/patterns';
import { makeError } from '../errors/gobs-error.ts';
import { requireTurn } from './current-turn.ts';
import { checkArguments, type FacetGuard } from './guards.ts';
import { actorKey } from './keys.ts';
import { formatActorName, parseActorName, type ActorName, type RefName } from './names.ts';
import type { AnyKind, Become, Fresh, TurnTools } from './kind.ts';
import type { PortraitCodec } from './portrait-codec.ts';
import { assertPassable } from './translate.ts';
import type { Turn } from './turn.ts';

type Methods = Readonly<Record<string, (...args: unknown[]) => unknown>>;

interface State {
  readonly portrait: unknown;
  /** Counts from 1; written in the row. */
  readonly change: number;
  /** The turn or near call that made this state was undone. */
  undone: boolean;
  behaviour: Readonly<Record<string, Methods>> | undefined;
}

export interface Actor {
  readonly id: string;
  readonly kind: AnyKind;
  readonly powers: object;
  readonly instance: number;
  /** What `behave` gets as `self`: the reference, or for a kit the record of facets. */
  readonly self: unknown;
  state: State;
}

export interface Actors {
  /** Before any of its actors is needed. Throws TypeError for a label that is taken. */
  register(kind: AnyKind, powers: object): void;
  /** The guard of a facet of a registered kind. */
  facetGuard(name: ActorName): FacetGuard | undefined;
  spawn(turn: Turn, kind: AnyKind, portrait: unknown, instance: number): unknown;
  /** A message from outside: checks the guard. */
  receive(name: ActorName, method: string, args: readonly unknown[]): unknown;
  /** A near call: does not. */
  invoke(name: ActorName, method: string, args: readonly unknown[]): unknown;
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
  readonly codec: PortraitCodec;
  /** The reference for a name of this vat. */
  readonly refFor: (name: RefName) => object;
  /** Reads through the running turn. */
  readonly read: (key: string) => string | undefined;
  /** The tools of an actor's turns. */
  readonly toolsFor: (actor: Actor) => TurnTools;
  readonly cacheLimit: number;
}

const AsyncFunction = Object.getPrototypeOf(async () => {}) as object;

/** Throws TypeError if methods and guard differ, or a method is asynchronous. */
const checkBehaviour = (kind: AnyKind, behaviour: Readonly<Record<string, Methods | undefined>>): void => {
  for (const [facet, { methods }] of kind.facets) {
    const made = Object.entries(behaviour[facet] ?? {});
    for (const [method, code] of made) {
      if (!methods.has(method)) throw TypeError(`${kind.label}.${facet}: method ${method} is not in the guard`);
      if (Object.getPrototypeOf(code) === AsyncFunction) {
        throw TypeError(`${kind.label}.${facet}.${method}: methods are synchronous; use on(promise, handler)`);
      }
    }
    for (const method of methods.keys()) {
      if (!made.some(([name]) => name === method)) throw TypeError(`${kind.label}.${facet}: method ${method} is missing`);
    }
  }
};

export const makeActors = (options: ActorsOptions): Actors => {
  const { vat, codec, refFor, read, toolsFor, cacheLimit } = options;
  const registered = new Map<string, { readonly kind: AnyKind; readonly powers: object }>();
  const checked = new WeakSet<AnyKind>();
  /** Durable actors, longest unused first. */
  let cache = new Map<string, Actor>();
  /** Ephemeral actors live as long as one of their references. */
  let ephemeral = new WeakMap<object, Actor>();

  const register: Actors['register'] = (kind, powers) => {
    if (registered.has(kind.label)) throw TypeError(`vat ${vat}: kind ${kind.label} is registered already`);
    registered.set(kind.label, { kind, powers });
  };

  const nameOfFacet = (kind: AnyKind, instance: number, facet: string): RefName =>
    formatActorName({ durable: !kind.ephemeral, vat, kind: kind.label, instance, facet });

  const makeActor = (kind: AnyKind, powers: object, instance: number, portrait: unknown, change: number): Actor => {
    const refs = [...kind.facets.keys()].map((facet) => [facet, refFor(nameOfFacet(kind, instance, facet))] as const);
    const self: unknown = kind.kit ? harden(Object.fromEntries(refs)) : refs[0]![1];
    const state: State = { portrait, change, undone: false, behaviour: undefined };
    const actor: Actor = { id: `${kind.label}/${instance}`, kind, powers, instance, self, state };
    if (kind.ephemeral) for (const [, ref] of refs) ephemeral.set(ref, actor);
    return actor;
  };

  const remember = (actor: Actor): void => {
    cache.delete(actor.id);
    cache.set(actor.id, actor);
  };

  const revive = (name: ActorName): Actor => {
    const key = actorKey(vat, name.kind, name.instance);
    const value = read(key);
    if (value === undefined) throw makeError('NO_SUCH_ACTOR', `nothing is stored as ${key}`);
    const row = codec.decode(key, value);
    const known = registered.get(row.kind);
    if (known === undefined || row.kind !== name.kind) {
      throw makeError('UNKNOWN_KIND', `row ${key} is of kind ${row.kind}, known are ${[...registered.keys()].join(', ')}`);
    }
    if (row.version > known.kind.version) {
      throw makeError('NEWER_VERSION', `row ${key}: ${row.kind} version ${row.version}, known ${known.kind.version}`, {
        hint: 'use the gobs that wrote it, or a newer one',
      });
    }
    if (row.version < known.kind.version) {
      throw makeError('OLDER_VERSION', `row ${key}: ${row.kind} version ${row.version}, known ${known.kind.version}`);
    }
    return makeActor(known.kind, known.powers, name.instance, row.portrait, row.change);
  };

  const find = (name: ActorName): Actor => {
    if (!name.durable) {
      const actor = ephemeral.get(refFor(formatActorName(name)));
      if (actor === undefined) throw makeError('NO_SUCH_ACTOR', `${formatActorName(name)} is gone`);
      return actor;
    }
    const actor = cache.get(`${name.kind}/${name.instance}`) ?? revive(name);
    remember(actor);
    return actor;
  };

  /** The same actor, which may have been evicted and revived meanwhile. */
  const findAgain = (actor: Actor): Actor =>
    actor.kind.ephemeral
      ? actor
      : find({ durable: true, vat, kind: actor.kind.label, instance: actor.instance, facet: 'self' });

  const checkPortrait = (kind: AnyKind, portrait: unknown): void => {
    assertPassable(portrait);
    try {
      mustMatch(portrait, kind.portrait, `portrait of ${kind.label}`);
    } catch (error) {
      throw makeError('BAD_PORTRAIT', (error as Error).message);
    }
  };

  const write = (turn: Turn, actor: Actor, { portrait, change }: State): void => {
    const { kind, instance } = actor;
    if (kind.ephemeral) return;
    const key = actorKey(vat, kind.label, instance);
    turn.write(key, codec.encode(key, { kind: kind.label, version: kind.version, change }, portrait));
  };

  const become =
    (made: Actor, from: State): Become<unknown> =>
    (next) => {
      const turn = requireTurn('bcom');
      const actor = findAgain(made);
      const old = actor.state;
      const isLatest = old === from || (old.change === from.change && !from.undone);
      if (typeof next !== 'function' && !isLatest) {
        throw makeError('STALE_BECOME', `${actor.id} became something else since this behaviour was made`, {
          hint: 'use the updater form: bcom(latest => next)',
        });
      }
      const portrait = typeof next === 'function' ? (next as (latest: unknown) => unknown)(old.portrait) : next;
      if (actor.state !== old) throw makeError('STALE_BECOME', `${actor.id} became while its updater ran`);
      checkPortrait(actor.kind, portrait);
      const state: State = { portrait, change: old.change + 1, undone: false, behaviour: undefined };
      write(turn, actor, state);
      actor.state = state;
      turn.changed(() => {
        state.undone = true;
        actor.state = old;
      });
    };

  const behaviourOf = (actor: Actor): Readonly<Record<string, Methods>> => {
    const { state, kind } = actor;
    if (state.behaviour === undefined) {
      const powers = { ...actor.powers, ...toolsFor(actor) };
      const made = kind.behave(become(actor, state), actor.self, state.portrait, powers) as object;
      const behaviour = (kind.kit ? made : { self: made }) as Record<string, Methods>;
      if (!checked.has(kind)) {
        checkBehaviour(kind, behaviour);
        checked.add(kind);
      }
      state.behaviour = behaviour;
    }
    return state.behaviour;
  };

  const run = (actor: Actor, { kind, facet }: ActorName, method: string, args: readonly unknown[]): unknown => {
    const code = behaviourOf(actor)[facet]?.[method];
    if (code === undefined) throw makeError('NO_SUCH_METHOD', `${kind}.${facet} has no method ${method}`);
    return code(...args);
  };

  return harden({
    register,
    facetGuard: (name) => registered.get(name.kind)?.kind.facets.get(name.facet),
    spawn: (turn, kind, portrait, instance) => {
      const known = registered.get(kind.label);
      if (known?.kind !== kind) throw TypeError(`vat ${vat}: kind ${kind.label} is not registered`);
      checkPortrait(kind, portrait);
      const actor = makeActor(kind, known.powers, instance, portrait, 1);
      write(turn, actor, actor.state);
      if (!kind.ephemeral) remember(actor);
      turn.changed(() => {
        actor.state.undone = true;
        cache.delete(actor.id);
      });
      return actor.self;
    },
    receive: (name, method, args) => {
      const actor = find(name);
      const guard = actor.kind.facets.get(name.facet);
      if (guard === undefined) throw makeError('NO_SUCH_ACTOR', `${name.kind} has no facet ${name.facet}`);
      if (method === '__getMethodNames__') return harden([...guard.methods.keys()]);
      if (method === '__getInterfaceGuard__') return guard.guard;
      checkArguments(guard, method, args);
      return run(actor, name, method, args);
    },
    invoke: (name, method, args) => run(find(name), name, method, args),
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
      cache = new Map();
      ephemeral = new WeakMap();
    },
    cached: () => cache.size,
  });
};

/** The parsed name of a reference to an actor of this vat; undefined for any other. */
export const ownActorName = (vat: string, name: RefName): ActorName | undefined => {
  const parsed = parseActorName(name);
  return parsed?.vat === vat ? parsed : undefined;
};
