/**
 * Resources that change part of what another one keeps whole, or that want different things of one part: each round one would undo what
 * the other did. Pure.
 */
import type { Resource } from '../shapes.ts';
import type { PropertyProblem, ResourceDefinition } from './definition.ts';

/** How a resource is called in what is said about another one: `resources[2]`. */
export type PlaceOf = (index: number) => string;

/** A resource that has no problem of its own. */
export interface SoundResource {
  readonly index: number;
  readonly resource: Resource;
  readonly definition: ResourceDefinition;
}

/** By path, whose it is: of those that leave nothing to others. */
const ownersOf = (sound: readonly SoundResource[]): ReadonlyMap<string, number> => {
  const owners = new Map<string, number>();
  for (const { index, resource, definition } of sound) {
    const path = definition.owns?.(resource);
    if (path !== undefined && definition.sharesContent?.(resource) !== true) owners.set(path, index);
  }
  return owners;
};

/** By index of the resource that edits; of two that clash the later has the problem. */
export const findEditProblems = (
  sound: readonly SoundResource[],
  placeOf: PlaceOf,
): ReadonlyMap<number, readonly PropertyProblem[]> => {
  const owners = ownersOf(sound);
  const editors = new Map<string, SoundResource[]>();
  const problems = new Map<number, readonly PropertyProblem[]>();
  for (const editor of sound) {
    const { index, resource, definition } = editor;
    const path = definition.edits?.(resource);
    if (path === undefined) continue;
    const before = editors.get(path) ?? [];
    editors.set(path, before);
    const owner = owners.get(path);
    const clash = before.find(
      (other) => other.definition === definition && definition.clashes?.(resource, other.resource) === true,
    );
    before.push(editor);
    if (owner !== undefined) {
      problems.set(index, [{ property: 'path', message: `${placeOf(owner)} keeps all of it` }]);
    } else if (clash !== undefined) {
      problems.set(index, [{ message: `is at odds with ${placeOf(clash.index)} about a line` }]);
    }
  }
  return problems;
};
harden(findEditProblems);
