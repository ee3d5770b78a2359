/**
 * How the actors of the crash matrix grow old. Each start is of a generation, with kinds of that version; what is in the store may be of any version before. A
 * step to an even version spawns a *stamp* and lets go of the one before, which is garbage then, like a stamp whose actor is dropped: the two refer to
 * each other. So what a row must be follows from its version, and a stamp says which upgrade it belongs to.
 */
import { M } from '@endo/patterns';
import { defineKind } from '../../../src/vats/kind.ts';
import type { UpgradeStep, UpgradeTools } from '../../../src/vats/lineage.ts';

export interface Stamp {
  at(): number;
}

/** Part of the portrait of what can be upgraded. */
export interface Age {
  /** The version of which it was made. */
  readonly since: number;
  /** The version of which it is. */
  readonly at: number;
  readonly stamp: Stamp | null;
}

/** As it is told; 0: no stamp. */
export interface AgeLook extends Pick<Age, 'since' | 'at'> {
  readonly stamped: number;
}

export const AgeShape = harden({ since: M.number(), at: M.number(), stamp: M.or(M.null(), M.remotable()) });

export const stampKind = defineKind<{ readonly of: object; readonly at: number }, Stamp>({
  label: 'stamp',
  guard: M.interface('Stamp', { at: M.call().returns(M.number()) }),
  portrait: M.splitRecord({ of: M.remotable(), at: M.number() }),
  behave: (_bcom, _self, { at }) => ({ at: () => at }),
});

export const ageOfNew = (version: number): Age => harden({ since: version, at: version, stamp: null });

export const lookAtAge = ({ since, at, stamp }: Age): AgeLook => harden({ since, at, stamped: stamp?.at() ?? 0 });

/** Which stamp it must have. */
export const stampOf = ({ since, at }: Pick<Age, 'since' | 'at'>): number => {
  const last = at - (at % 2);
  return last > since ? last : 0;
};

const stepTo =
  (at: number) =>
  (old: { readonly age: Age }, { self, spawn }: UpgradeTools<object>): { readonly age: Age } => {
    const stamp = at % 2 === 0 ? spawn(stampKind, { of: self, at }) : old.age.stamp;
    return { ...old, age: { ...old.age, at, stamp } };
  };

/** All steps up to a version. */
export const stepsTo = (version: number): readonly UpgradeStep<object>[] =>
  Array.from({ length: version - 1 }, (_, index) => stepTo(index + 2));
