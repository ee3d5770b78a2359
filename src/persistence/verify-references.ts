/**
 * Which actors have a row, and which are referred to: two sets of numbers for each vat and label, filled in one reading of the rows. A
 * reference may come before or after its target's row, so only the end tells which lead nowhere.
 */
import { parseActorName, parsePeerName, type ActorName, type RefName } from '../vats/names.ts';
import { makeNumberSet, type NumberSet } from '../vats/number-set.ts';

export interface References {
  /** There is a row for it. */
  found(actor: Pick<ActorName, 'vat' | 'kind' | 'instance'>): void;
  /** A row holds it. Is it a name that a row may hold? */
  mention(name: RefName): boolean;
  /** `vat:boss/cell/7`: those that are referred to and have no row. */
  dangling(): Iterable<string>;
  /** Actors that are referred to. */
  readonly count: number;
}

type Sets = Map<string, NumberSet>;

const setOf = (sets: Sets, { vat, kind }: Pick<ActorName, 'vat' | 'kind'>): NumberSet => {
  const place = `${vat}/${kind}`;
  let set = sets.get(place);
  if (set === undefined) sets.set(place, (set = makeNumberSet()));
  return set;
};

/** The actor that a name is of, as `dangling` names it; undefined for another peer's. */
export const actorOf = (name: RefName): string | undefined => {
  const actor = parseActorName(name);
  return actor === undefined ? undefined : `vat:${actor.vat}/${actor.kind}/${actor.instance}`;
};
harden(actorOf);

export const makeReferences = (): References => {
  const there: Sets = new Map();
  const mentioned: Sets = new Map();
  return Object.freeze({
    found: (actor) => void setOf(there, actor).add(actor.instance),
    mention: (name) => {
      const actor = parseActorName(name);
      if (actor === undefined) return parsePeerName(name) !== undefined;
      if (actor.durable) setOf(mentioned, actor).add(actor.instance);
      return actor.durable;
    },
    *dangling() {
      for (const [place, set] of mentioned) {
        for (const instance of set.without(there.get(place))) yield `vat:${place}/${instance}`;
      }
    },
    get count() {
      return [...mentioned.values()].reduce((sum, { size }) => sum + size, 0);
    },
  } satisfies References);
};
harden(makeReferences);
