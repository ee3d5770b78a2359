/** Where a vat's rows are in the store. See docs/explanation/store.md. */

export const vatHeaderKey = (vat: string): string => `v/${vat}/!`;
export const actorKey = (vat: string, kind: string, instance: number): string => `v/${vat}/a/${kind}/${instance}`;
export const actorRange = (vat: string): { readonly gt: string; readonly lt: string } => ({
  gt: `v/${vat}/a/`,
  lt: `v/${vat}/a0`,
});
/** `0` is the character after `/`: the range holds every key of the map. */
export const entryPrefix = (vat: string, map: number): string => `v/${vat}/m/${map}/`;
export const entryRange = (vat: string, map: number): { readonly gt: string; readonly lt: string } => ({
  gt: `v/${vat}/m/${map}/`,
  lt: `v/${vat}/m/${map}0`,
});
