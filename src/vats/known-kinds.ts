/**
 * Does this program know enough for what is in a store? Each vat says in one row, `v/<vat>/k`, of which kinds and versions its rows are
 * (kinds-manifest.ts), so the answer costs a look at each vat, not at each row. It is asked before anything is written: a program that is too old
 * leaves the store as it is.
 */
import { makeError } from '../errors/gobs-error.ts';
import { mapKind } from './durable-map.ts';
import { kindsKey, vatRange, vatsRange } from './keys.ts';
import { readKindsRow } from './kinds-manifest.ts';
import { isLabel } from './names.ts';
import { makePortraitCodec } from './portrait-codec.ts';
import type { Definition } from './retired-kind.ts';
import type { Store } from './store.ts';

type Rows = Pick<Store, 'get' | 'page'>;

const damage = 'nothing was changed; restore a backup';
const hint = 'nothing was changed; use the gobs that wrote it, or a newer one';

/** Names of all vats that have rows, from one page for each, whatever the number of rows. Rejects ROW_DAMAGED. */
export const vatsIn = async (rows: Pick<Store, 'page'>): Promise<readonly string[]> => {
  const vats: string[] = [];
  for (let { gt, lt } = vatsRange; ; gt = vatRange(vats.at(-1)!).lt) {
    const [first] = await rows.page({ gt, lt, limit: 1 });
    if (first === undefined) return vats;
    const name = first[0].slice('v/'.length).split('/')[0]!;
    // Who goes on behind it must not come by it again.
    if (!isLabel(name)) throw makeError('ROW_DAMAGED', `row ${first[0]}: no vat has such a name`, { hint: damage });
    vats.push(name);
  }
};
harden(vatsIn);

/** By label, former ones too. Throws TypeError for a label that two kinds have. */
export const versionsOf = (kinds: readonly Definition[]): ReadonlyMap<string, number> => {
  const known = new Map<string, number>();
  for (const { label, formerly, version } of new Set([mapKind as Definition, ...kinds])) {
    for (const each of [label, ...formerly]) {
      if (known.has(each)) throw TypeError(`two kinds are, or were, called ${each}`);
      known.set(each, version);
    }
  }
  return known;
};
harden(versionsOf);

const noReference = (): never => {
  throw TypeError('a table of kinds has no references');
};

/**
 * For `openStore({ examine })`. `kinds`: all that any vat of the program registers, retired ones too. Rejects UNKNOWN_KIND or NEWER_VERSION,
 * naming vat, kind, found and known; ROW_DAMAGED.
 */
export const requireKnownKinds = async (rows: Rows, kinds: readonly Definition[]): Promise<void> => {
  const known = versionsOf(kinds);
  const codec = makePortraitCodec(noReference, noReference);
  for (const vat of await vatsIn(rows)) {
    const key = kindsKey(vat);
    const value = rows.get(key);
    if (value === undefined) continue;
    for (const [label, found] of Object.entries(readKindsRow(codec, key, value).versions)) {
      const version = known.get(label);
      if (version === undefined) {
        const labels = [...known.keys()].join(', ');
        throw makeError('UNKNOWN_KIND', `vat ${vat} has actors of kind ${label}, this gobs knows ${labels}`, { hint });
      }
      if (found > version) {
        const message = `vat ${vat} has actors of kind ${label} version ${found}, this gobs knows ${version}`;
        throw makeError('NEWER_VERSION', message, { hint });
      }
    }
  }
};
harden(requireKnownKinds);
