/** Where a vat's rows are in the store. See docs/explanation/store.md. */

export interface KeyRange {
  readonly gt: string;
  readonly lt: string;
}

/** The keys below a folder; `gt` is what they begin with. `0` is the character after `/`. */
const range = (folder: string): KeyRange => ({ gt: `${folder}/`, lt: `${folder}0` });

/** All of one vat's rows. */
export const vatRange = (vat: string): KeyRange => range(`v/${vat}`);
harden(vatRange);

/** How many vats were made that nobody named. */
export const nextVatKey = 'v/!';
harden(nextVatKey);
/** The rows of all vats. */
export const vatsRange: KeyRange = { gt: nextVatKey, lt: 'v0' };
harden(vatsRange);

export const vatHeaderKey = (vat: string): string => `v/${vat}/!`;
harden(vatHeaderKey);

/** Which kinds its rows are of. */
export const kindsKey = (vat: string): string => `v/${vat}/k`;
harden(kindsKey);

export const rootKey = (vat: string, root: string): string => `v/${vat}/r/${root}`;
harden(rootKey);
export const rootRange = (vat: string): KeyRange => range(`v/${vat}/r`);
harden(rootRange);

export const actorKey = (vat: string, kind: string, instance: number): string => `v/${vat}/a/${kind}/${instance}`;
harden(actorKey);
export const actorRange = (vat: string): KeyRange => range(`v/${vat}/a`);
harden(actorRange);

export const entryRange = (vat: string, map: number): KeyRange => range(`v/${vat}/m/${map}`);
harden(entryRange);
