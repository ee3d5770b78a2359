/**
 * Kinds: named, versioned definitions of actors. An actor is its kind and its portrait; `behave` makes its methods from them,
 * again whenever the portrait changed, so that no state can hide in a closure. See docs/explanation/turns.md.
 */
import type { InterfaceGuard, Pattern } from '@endo/patterns';
import type { ERef } from './eventual-send.ts';
import { readFacetGuard, type FacetGuard } from './guards.ts';
import { readLineage, type Lineage, type UpgradeStep } from './lineage.ts';

/**
 * Takes the next portrait. With a value: refused (STALE_BECOME) if the actor became since the behaviour was made. With a function:
 * called with the latest. Throws BAD_PORTRAIT, NOT_DURABLE, OUTSIDE_TURN.
 */
export type Become<P> = (next: P | ((latest: P) => P)) => void;

/** What a continuation gets instead of the `bcom` and `portrait` of the turn that asked for it, which are old by then. */
export interface Fresh<P> {
  readonly bcom: Become<P>;
  readonly portrait: P;
}

/** A durable map: one row per entry. Reads and writes are near calls and part of the turn. Keys are texts of 1 to 300 characters. */
export interface DurableMap<V> {
  get(key: string): V | undefined;
  has(key: string): boolean;
  set(key: string, value: V): void;
  /** Was it there? */
  delete(key: string): boolean;
  size(): number;
  /**
   * Entries in key order, after the given key. An entry that is there all the while is in exactly one page; one that comes
   * or goes meanwhile may be in one or not. For `on`.
   */
  page(request: { readonly after?: string; readonly limit: number }): Promise<MapPage<V>>;
}

export interface MapPage<V> {
  readonly entries: readonly (readonly [key: string, value: V])[];
  /** The `after` of the next page; null at the end. */
  readonly next: string | null;
}

export interface PromiseKit<T> {
  readonly promise: Promise<T>;
  /** Settles after the turn that calls it is durable; not at all if that turn is undone. */
  resolve(value: T): void;
  reject(reason: unknown): void;
}

/** Called with a method that the guard does not name, and its arguments. What it throws or returns is the answer. */
export type Otherwise = (method: string, args: readonly unknown[]) => unknown;

/**
 * The key of the one method that answers for all that the guard does not name. It goes with a guard of
 * `M.interface(name, methods, { defaultGuards: 'passable' })`, and is for actors that pass messages on.
 */
export const otherwise: unique symbol = Symbol('otherwise');
harden(otherwise);

/** What `behave` makes for a facet: its methods. */
export type MethodsOf<S> = S & { readonly [otherwise]?: Otherwise };

/** What every actor may do in its turn. */
export interface TurnTools<P = unknown> {
  /** The turn's time: milliseconds since 1970. */
  now(): number;
  /** Makes an actor of this vat; its reference, or the record of its facets. */
  spawn<P2, S>(kind: SpawnableKind<P2, S>, portrait: P2): S;
  makeMap<V>(): DurableMap<V>;
  promiseKit<T>(): PromiseKit<T>;
  /**
   * Goes on after a promise: each handler runs as a turn of its own. The result is a promise for what the handler
   * returns. Lost if the process ends before; what must happen needs an intent in a portrait.
   */
  on<T, R>(
    promise: ERef<T>,
    fulfilled: (value: T, fresh: Fresh<P>) => R,
    rejected?: (reason: unknown, fresh: Fresh<P>) => R,
  ): Promise<Awaited<R>>;
}

/** `S` is what a reference is to its holder: the methods, or for a kit the record of facets. `W` are the powers bound at registration. */
export interface Kind<P, S, W> extends Lineage {
  readonly portrait: Pattern;
  readonly ephemeral: boolean;
  /** In a kit, `self` is a record of facets; otherwise there is one facet, `self`. */
  readonly kit: boolean;
  readonly facets: ReadonlyMap<string, FacetGuard>;
  /** Makes the methods of the one facet, or for a kit the record of those of each. */
  readonly behave: (bcom: Become<P>, self: S, portrait: P, powers: W & TurnTools<P>) => object;
}

/** Any kind, where the types of its portrait and powers do not matter. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a kind is contravariant in its portrait; no narrower type holds all kinds
export type AnyKind = Kind<any, any, any>;

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- whoever spawns an actor need not know its powers
export type SpawnableKind<P, S> = Kind<P, S, any>;

interface CommonOptions<P, S, W, B> {
  /** Written to disk: whoever changes it names the old one in `formerly`. `[a-z][a-z0-9-]{0,62}` */
  readonly label: string;
  /** Of the portrait; counts from 1, and goes on counting when the label changes. */
  readonly version?: number;
  /** Labels that it had. They stay its own for ever: references and keys have them. */
  readonly formerly?: readonly string[];
  /** A step for each version but the newest, the one from version 1 first. See docs/how-to/upgrade-a-kind.md. */
  readonly upgrades?: readonly UpgradeStep<S>[];
  /** The shape of portraits. */
  readonly portrait: Pattern;
  /** Never written; may hold what does not outlive the process; may not be referred to from a portrait. */
  readonly ephemeral?: boolean;
  readonly behave: (bcom: Become<P>, self: S, portrait: P, powers: W & TurnTools<P>) => B;
}

const FACET = /^[a-zA-Z][a-zA-Z0-9]*$/;

const makeKind = <P, S, W>(
  options: CommonOptions<P, S, W, object>,
  kit: boolean,
  guards: Readonly<Record<string, InterfaceGuard>>,
): Kind<P, S, W> => {
  const { label, portrait, ephemeral = false, behave } = options;
  const lineage = readLineage(options);
  if (ephemeral && (lineage.version > 1 || lineage.formerly.length > 0)) {
    throw TypeError(`kind ${label}: what is never written needs no version and no former label`);
  }
  const facets = new Map<string, FacetGuard>();
  for (const [facet, guard] of Object.entries(guards)) {
    if (!FACET.test(facet)) throw TypeError(`kind ${label}: facet ${JSON.stringify(facet)} must match ${FACET}`);
    facets.set(facet, readFacetGuard(`${label}.${facet}`, guard));
  }
  return harden({ ...lineage, portrait, ephemeral, kit, facets, behave });
};

/** A kind whose actors have one facet. Throws TypeError for a guard with a method that `E()` cannot call, or an asynchronous one. */
export const defineKind = <P, S extends object, W = unknown>(
  options: CommonOptions<P, S, W, MethodsOf<S>> & { readonly guard: InterfaceGuard },
): Kind<P, S, W> => makeKind<P, S, W>(options, false, { self: options.guard });
harden(defineKind);

/** A kind whose actors have several facets: one authority each, one portrait behind all. */
export const defineKindKit = <P, S extends Record<string, object>, W = unknown>(
  options: CommonOptions<P, S, W, { readonly [F in keyof S]: MethodsOf<S[F]> }> & {
    readonly facets: { readonly [F in keyof S]: InterfaceGuard };
  },
): Kind<P, S, W> => makeKind<P, S, W>(options, true, options.facets as Record<string, InterfaceGuard>);
harden(defineKindKit);
