/** Which resources are worked on together: stretches of the order, of one type, of which none comes after another. Pure. */
import type { Resource } from '../../protocol/shapes.ts';
import type { ResourceTypes } from '../resources/contract.ts';

/** Indices of resources, in the order of work. */
export type Run = readonly number[];

/** Each index of `order` once, in its order. Of a type that is not made for it, and of one that is not known, each is a run of its own. */
export const runsOf = (
  order: readonly number[],
  predecessors: readonly (readonly number[])[],
  resources: readonly Resource[],
  types: ResourceTypes,
): readonly Run[] => {
  const runs: number[][] = [];
  const joins = (index: number, run: Run | undefined): run is number[] => {
    const { type: name } = resources[index]!;
    const type = Object.hasOwn(types, name) ? types[name] : undefined;
    if (run === undefined || (type?.parallel !== true && type?.convergeTogether === undefined)) return false;
    return resources[run[0]!]!.type === name && !predecessors[index]!.some((before) => run.includes(before));
  };
  for (const index of order) {
    const last = runs.at(-1);
    if (joins(index, last)) last.push(index);
    else runs.push([index]);
  }
  return runs;
};
harden(runsOf);
