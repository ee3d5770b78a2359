/**
 * The kinds that one vat knows, each with the powers that its actors get. A kind is known by its label and by every label that it had:
 * those are where its older actors are (in keys and in names of references), and may not become another kind's.
 */
import { makeError } from '../errors/gobs-error.ts';
import type { FacetGuard } from './guards.ts';
import type { AnyKind } from './kind.ts';
import type { ActorName } from './names.ts';
import { isRetired, type Definition } from './retired-kind.ts';
import { requireNotNewer, type Row } from './row.ts';
import { isCurrent } from './upgrade.ts';

export interface Registration<D extends Definition = AnyKind> {
  readonly kind: D;
  readonly powers: object;
}

/** As this program would write it; to be upgraded when it is revived; of a kind without successors. */
export type Stage = 'current' | 'older' | 'retired';

export interface KindRegistry {
  /** Throws TypeError for a label that is taken, or that a reference was already made for. */
  register(kind: Definition, powers: object): void;
  /** Throws TypeError if it is not the kind that was registered. */
  requireRegistered(kind: AnyKind): Registration;
  /** Who can read a row, or make it into one that can be. Throws UNKNOWN_KIND, NEWER_VERSION, KIND_RETIRED. */
  requireReader(key: string, row: Row): Definition;
  /** How a row stands to the kinds of this program. Throws UNKNOWN_KIND, NEWER_VERSION. */
  stageOf(key: string, row: Row): Stage;
  /** The guard of a facet; undefined for a kind or facet that is not known. */
  facetGuard(name: ActorName): FacetGuard | undefined;
  /** The same for a reference that is being made: its kind cannot be registered any more. */
  facetGuardForReference(name: ActorName): FacetGuard | undefined;
}

/** Without successors, so that nothing can be made of its rows. */
const isGone = (definition: Definition): boolean => isRetired(definition) && definition.replace === undefined;

export const makeKindRegistry = (vat: string): KindRegistry => {
  /** By present and former labels. */
  const registered = new Map<string, Registration<Definition>>();
  const missed = new Set<string>();

  const requireFree = (label: string): void => {
    if (registered.has(label)) throw TypeError(`vat ${vat}: kind ${label} is registered already`);
    // References that are there already would answer to E() only, as long as somebody holds them.
    if (missed.has(label)) throw TypeError(`vat ${vat}: kind ${label} was needed before it was registered`);
  };

  const facetGuard = ({ kind, facet }: ActorName): FacetGuard | undefined =>
    registered.get(kind)?.kind.facets.get(facet);

  const definitionOf = (key: string, row: Row): Definition => {
    const known = registered.get(row.kind)?.kind;
    if (known === undefined) {
      const labels = [...registered.keys()].join(', ');
      throw makeError('UNKNOWN_KIND', `row ${key} is of kind ${row.kind}, known are ${labels}`);
    }
    requireNotNewer(key, row, known.version);
    return known;
  };

  return harden({
    register: (kind, powers) => {
      const labels = [kind.label, ...kind.formerly];
      labels.forEach(requireFree);
      for (const label of labels) registered.set(label, { kind, powers });
    },
    requireRegistered: (kind) => {
      const known = registered.get(kind.label);
      if (known?.kind !== kind) throw TypeError(`vat ${vat}: kind ${kind.label} is not registered`);
      return known as Registration;
    },
    requireReader: (key, row) => {
      const known = definitionOf(key, row);
      if (!isGone(known)) return known;
      throw makeError('KIND_RETIRED', `row ${key} is of kind ${row.kind}, which was retired`);
    },
    stageOf: (key, row) => {
      const known = definitionOf(key, row);
      if (isGone(known)) return 'retired';
      return isCurrent(known, row) ? 'current' : 'older';
    },
    facetGuard,
    facetGuardForReference: (name) => {
      if (!registered.has(name.kind)) missed.add(name.kind);
      return facetGuard(name);
    },
  });
};
harden(makeKindRegistry);
