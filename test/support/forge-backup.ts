/** A backup that was changed by somebody who can do sums and has no key: checksums, digest and count fit. */
import { createHash } from 'node:crypto';
import { makeRowChecksum } from '../../src/persistence/row-checksum.ts';
import { compareKeys } from '../../src/vats/key-order.ts';
import type { StoreEntry } from '../../src/vats/store.ts';

/** `change` gets rows without their checksums, in key order, and gives those of the forged backup. */
export const forgeBackup = (
  text: string,
  change: (rows: readonly StoreEntry[]) => readonly StoreEntry[],
  header: Readonly<Record<string, unknown>> = {},
): string => {
  const lines = text.trimEnd().split('\n');
  const first = { ...(JSON.parse(lines[0]!) as { readonly store: string }), ...header };
  const checksum = makeRowChecksum(first.store);
  const rows = lines.slice(1, -1).map((line): StoreEntry => {
    const [key, value] = JSON.parse(line) as StoreEntry;
    return [key, checksum.check(key, value)];
  });
  const changed = change(rows).toSorted(([one], [other]) => compareKeys(one, other));
  const all = [first, ...changed.map(([key, value]) => [key, checksum.add(key, value)])];
  const body = all.map((each) => `${JSON.stringify(each)}\n`).join('');
  const last = JSON.parse(lines.at(-1)!) as object;
  const sha256 = createHash('sha256').update(body).digest('hex');
  return `${body}${JSON.stringify({ ...last, rows: changed.length, sha256 })}\n`;
};
