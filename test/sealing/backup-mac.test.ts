import { expect, test } from 'vitest';
import { backupMac, whyNotSigned } from '../../src/sealing/backup-mac.ts';
import { makeSeal } from '../../src/sealing/seal.ts';

const seal = makeSeal(new Uint8Array(32).fill(1));
const other = makeSeal(new Uint8Array(32).fill(2));
const sha256 = 'ab'.repeat(32);

test('a backup is signed if its last line has the MAC of its digest, made with the same key', () => {
  const mac = backupMac(seal, sha256);
  expect(whyNotSigned(seal, { sha256, mac })).toBe(undefined);
  expect(whyNotSigned(seal, { sha256 })).toContain('not signed');
  const altered = [
    { sha256: 'cd'.repeat(32), mac },
    { sha256, mac: backupMac(other, sha256) },
    { sha256, mac: '' },
    { sha256, mac: `${mac}0` },
    { sha256, mac: mac.toUpperCase() },
    { sha256, mac: 'é'.repeat(32) },
  ];
  for (const trailer of altered) expect(whyNotSigned(seal, trailer)).toContain('was altered');
});
