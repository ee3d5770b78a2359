/**
 * The last line of a backup says by whom it was made: a MAC of the digest of all that is before it, which only who has the sealing key can make. The boss
 * makes it, or whoever backs up a store that no boss has; restore and verify check it.
 */
import { Buffer } from 'node:buffer';
import { timingSafeEqual } from 'node:crypto';
import type { Seal } from './seal.ts';

const context = 'backup';

/** `sha256`: the digest, as the last line of the backup has it. */
export const backupMac = ({ mac }: Pick<Seal, 'mac'>, sha256: string): string => mac(context, sha256);
harden(backupMac);

/** What is wrong with the last line of a backup that is whole; undefined if it was made with that key. */
export const whyNotSigned = (
  seal: Pick<Seal, 'mac'>,
  { sha256, mac }: { readonly sha256: string; readonly mac?: string },
): string | undefined => {
  if (mac === undefined) return 'it is not signed, so anybody may have written it';
  const [expected, found] = [Buffer.from(backupMac(seal, sha256)), Buffer.from(mac)];
  if (expected.length === found.length && timingSafeEqual(expected, found)) return undefined;
  return 'it was altered after it was written, or was signed with another sealing key';
};
harden(whyNotSigned);
