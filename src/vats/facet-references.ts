/** An actor as its holder has it: a reference for each of its facets. */
import type { AnyKind } from './kind.ts';
import { formatActorName, type RefName } from './names.ts';

export const facetReferences = (
  { label, ephemeral, facets }: AnyKind,
  vat: string,
  instance: number,
  refFor: (name: RefName) => object,
): Readonly<Record<string, object>> => {
  const refs = [...facets.keys()].map((facet) => {
    const name = { durable: !ephemeral, vat, kind: label, instance, facet };
    return [facet, refFor(formatActorName(name))] as const;
  });
  return harden(Object.fromEntries(refs));
};
harden(facetReferences);
