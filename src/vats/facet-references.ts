/** An actor as its holder has it: a reference for each of its facets. */
import { formatActorName, type ActorName, type RefName } from './names.ts';
import type { Definition } from './retired-kind.ts';

export const facetReferences = (
  { facets }: Pick<Definition, 'facets'>,
  where: Omit<ActorName, 'facet'>,
  refFor: (name: RefName) => object,
): Readonly<Record<string, object>> => {
  const refs = [...facets.keys()].map((facet) => [facet, refFor(formatActorName({ ...where, facet }))] as const);
  return harden(Object.fromEntries(refs));
};
harden(facetReferences);
