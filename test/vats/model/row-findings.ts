/** What `verify` finds in rows that a test has in hand, at once: for tests that compare what is written with what should be. */
import { makeRowChecksum } from '../../../src/persistence/row-checksum.ts';
import { makeFindings, type Finding } from '../../../src/persistence/verify-findings.ts';
import { makeReferences } from '../../../src/persistence/verify-references.ts';
import { makeRowsCheck } from '../../../src/persistence/verify-rows.ts';
import { compareKeys } from '../../../src/vats/key-order.ts';
import { decodeRow } from '../../../src/vats/row.ts';
import type { StoreEntry } from '../../../src/vats/store.ts';

const store = 'a-store';

/** Of a store whose vats have just these rows: every kind in them counts as known, and `others`. Of references that lead nowhere only the target is told. */
export const findingsInTexts = (
  texts: readonly StoreEntry[],
  others: Readonly<Record<string, number>> = {},
): readonly Finding[] => {
  const findings = makeFindings(20);
  const references = makeReferences();
  const kinds: Record<string, number> = { ...others };
  const checksum = makeRowChecksum(store);
  const check = makeRowsCheck({ where: 'the rows' }, { findings, references, kinds });
  check.row(['!format', makeRowChecksum('').add('!format', JSON.stringify({ format: 1, store }))]);
  check.row(['!state', checksum.add('!state', '{"epoch":1,"commits":1}')]);
  for (const [key, text] of texts.toSorted(([a], [b]) => compareKeys(a, b))) {
    if (key.startsWith('v/')) {
      const { kind, version } = decodeRow(key, text);
      kinds[kind] = Math.max(version, kinds[kind] ?? 0);
    }
    check.row([key, checksum.add(key, text)]);
  }
  check.end();
  for (const name of references.dangling()) findings.add('DANGLING_REFERENCE', null, name);
  return findings.told;
};
