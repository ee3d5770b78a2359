/**
 * Kinds that are no more. A retired kind has no behaviour; it says what becomes of the rows that are still of it.
 *
 *   host 1 ─▶ host 2 ──replace──┬▶ machine 1      each row, when it is revived: becomes(machineKind, 1, portrait)
 *                               └▶ printer 1
 *
 * An actor keeps its address, so references to it go on working, whatever it became. Until its row is read nobody knows what that
 * is; so a reference to it has the methods of all that it may be, and those of others say NO_SUCH_METHOD when they are called.
 *
 * Without successors its actors answer KIND_RETIRED, and their rows stay as they are.
 */
import { joinFacetGuards, type FacetGuard } from './guards.ts';
import type { AnyKind } from './kind.ts';
import { readLineage, type Lineage, type LineageOptions, type UpgradeStep, type UpgradeTools } from './lineage.ts';

/** What an actor of a retired kind becomes. */
export interface Successor {
  readonly kind: Definition;
  /** The version of that kind that the portrait is of; upgraded from there. */
  readonly version: number;
  readonly portrait: unknown;
}

export interface RetiredKind extends Lineage {
  readonly retired: true;
  /** Of all that its actors may have become. */
  readonly facets: ReadonlyMap<string, FacetGuard>;
  readonly kit: boolean;
  readonly replacedBy: readonly Definition[];
  readonly replace: ((portrait: never, tools: UpgradeTools<never>) => Successor) | undefined;
}

/** What a row can be of. */
export type Definition = AnyKind | RetiredKind;

export const isRetired = (definition: Definition): definition is RetiredKind => 'retired' in definition;
harden(isRetired);

interface RetiredKindOptions extends LineageOptions {
  readonly upgrades?: readonly UpgradeStep<never>[];
  /** Kinds, which may be retired in their turn. All of them are registered in the same vat. */
  readonly replacedBy?: readonly Definition[];
  /** From the portrait of the last version. Called once for each actor, as the last step of its upgrade. */
  readonly replace?: (portrait: never, tools: UpgradeTools<never>) => Successor;
}

/**
 * For `replace`. The version is written down because the successor will be upgraded too one day, and then this portrait is still of the
 * version that it was meant for.
 */
export const becomes = (kind: Definition, version: number, portrait: unknown): Successor => {
  if (!Number.isSafeInteger(version) || version < 1 || version > kind.version) {
    throw TypeError(`${kind.label} has versions 1 to ${kind.version}, not ${version}`);
  }
  return harden({ kind, version, portrait });
};
harden(becomes);

const joinFacets = (kinds: readonly Definition[]): ReadonlyMap<string, FacetGuard> => {
  const names = new Set(kinds.flatMap(({ facets }) => [...facets.keys()]));
  const joined = (name: string) => joinFacetGuards(kinds.flatMap(({ facets }) => facets.get(name) ?? []));
  return new Map([...names].map((name) => [name, joined(name)]));
};

/** Throws TypeError, as `defineKind` does. Registered in the vat like any kind, without powers. */
export const defineRetiredKind = (options: RetiredKindOptions): RetiredKind => {
  const { replacedBy = [], replace } = options;
  const lineage = readLineage(options);
  if ((replace === undefined) !== (replacedBy.length === 0)) {
    throw TypeError(`retired kind ${lineage.label}: replacedBy and replace go together`);
  }
  const ephemeral = replacedBy.find((kind) => !isRetired(kind) && kind.ephemeral);
  if (ephemeral !== undefined) {
    throw TypeError(`retired kind ${lineage.label}: ${ephemeral.label} is never written`);
  }
  const kit = replacedBy.some((kind) => kind.kit);
  return harden({ ...lineage, retired: true, facets: joinFacets(replacedBy), kit, replacedBy, replace });
};
harden(defineRetiredKind);
