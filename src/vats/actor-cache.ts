/**
 * The actors of a vat that are in memory, longest unused first, bounded in number and in bytes. What an actor takes is measured by the length
 * of its row: what the engine makes of it is a few times that.
 */

/** Of one vat. */
export interface CacheLimits {
  readonly actors: number;
  readonly bytes: number;
}

interface Cached {
  readonly id: string;
  readonly address: { readonly instance: number };
  /** Length of its row, as it is now. */
  readonly state: { readonly size: number };
}

export interface ActorCache<A extends Cached> {
  /** It is the last used from now on. */
  get(id: string): A | undefined;
  put(actor: A): void;
  delete(id: string): void;
  /** Its state is another one. */
  resized(actor: A, before: number): void;
  /** Down to the limits. */
  evict(): void;
  forget(isForgotten: (instance: number) => boolean): void;
  readonly count: number;
}

export const makeActorCache = <A extends Cached>(limits: CacheLimits): ActorCache<A> => {
  const actors = new Map<string, A>();
  let bytes = 0;

  const remove = (id: string): A | undefined => {
    const actor = actors.get(id);
    if (actor === undefined) return undefined;
    actors.delete(id);
    bytes -= actor.state.size;
    return actor;
  };
  const put = (actor: A): void => {
    remove(actor.id);
    actors.set(actor.id, actor);
    bytes += actor.state.size;
  };

  return harden({
    get: (id) => {
      const actor = remove(id);
      if (actor !== undefined) put(actor);
      return actor;
    },
    put,
    delete: (id) => void remove(id),
    resized: (actor, before) => {
      if (actors.get(actor.id) === actor) bytes += actor.state.size - before;
    },
    evict: () => {
      for (const id of actors.keys()) {
        if (actors.size <= limits.actors && bytes <= limits.bytes) return;
        remove(id);
      }
    },
    forget: (isForgotten) => {
      for (const { id, address } of actors.values()) if (isForgotten(address.instance)) remove(id);
    },
    get count() {
      return actors.size;
    },
  } satisfies ActorCache<A>);
};
harden(makeActorCache);
