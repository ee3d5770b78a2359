import { expect, test } from 'vitest';
import { verifiedText } from '../../../src/cli/views/store-verify.ts';
import type { FindingCode } from '../../../src/persistence/verify-findings.ts';

const finding = (code: FindingCode) => ({ code, key: null, message: 'x' });
const read = { store: 'id', rows: 1, references: 2, findings: [], more: 0 };

test('what was found is one line, which says where a backup that is damaged was left', () => {
  expect(verifiedText('b', read)).toBe('b: 1 row, 2 actors referred to: all is well');
  expect(verifiedText('b', { ...read, findings: [finding('DANGLING_REFERENCE')], more: 3 })).toBe(
    'b: 1 row, 2 actors referred to: 4 findings',
  );
  expect(verifiedText('b', { ...read, findings: [finding('BACKUP_DAMAGED')] })).toBe(
    'b: 1 row, 2 actors referred to: 1 finding; it was not read beyond the damage',
  );
});
