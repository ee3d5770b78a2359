/** The kinds that one vat knows, each with the powers that its actors get. */
import { makeError } from '../errors/gobs-error.ts';
import type { FacetGuard } from './guards.ts';
import type { AnyKind } from './kind.ts';
import type { ActorName } from './names.ts';
import { requireVersion, type Row } from './row.ts';

export interface Registration {
  readonly kind: AnyKind;
  readonly powers: object;
}

export interface KindRegistry {
  /** Throws TypeError for a label that is taken, or that a reference was already made for. */
  register(kind: AnyKind, powers: object): void;
  /** Throws TypeError if it is not the kind that was registered. */
  requireRegistered(kind: AnyKind): Registration;
  /** Who can read a row. Throws UNKNOWN_KIND, NEWER_VERSION, OLDER_VERSION. */
  requireReader(key: string, row: Row): Registration;
  /** The guard of a facet; undefined for a kind or facet that is not known. */
  facetGuard(name: ActorName): FacetGuard | undefined;
  /** The same for a reference that is being made: its kind cannot be registered any more. */
  facetGuardForReference(name: ActorName): FacetGuard | undefined;
}

export const makeKindRegistry = (vat: string): KindRegistry => {
  const registered = new Map<string, Registration>();
  const missed = new Set<string>();

  const facetGuard = ({ kind, facet }: ActorName): FacetGuard | undefined =>
    registered.get(kind)?.kind.facets.get(facet);

  return harden({
    register: (kind, powers) => {
      const { label } = kind;
      if (registered.has(label)) throw TypeError(`vat ${vat}: kind ${label} is registered already`);
      // References that are there already would answer to E() only, as long as somebody holds them.
      if (missed.has(label)) throw TypeError(`vat ${vat}: kind ${label} was needed before it was registered`);
      registered.set(label, { kind, powers });
    },
    requireRegistered: (kind) => {
      const known = registered.get(kind.label);
      if (known?.kind !== kind) throw TypeError(`vat ${vat}: kind ${kind.label} is not registered`);
      return known;
    },
    requireReader: (key, row) => {
      const known = registered.get(row.kind);
      if (known === undefined) {
        const labels = [...registered.keys()].join(', ');
        throw makeError('UNKNOWN_KIND', `row ${key} is of kind ${row.kind}, known are ${labels}`);
      }
      requireVersion(key, row, known.kind.label, known.kind.version);
      return known;
    },
    facetGuard,
    facetGuardForReference: (name) => {
      if (!registered.has(name.kind)) missed.add(name.kind);
      return facetGuard(name);
    },
  });
};
harden(makeKindRegistry);
