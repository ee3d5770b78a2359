/**
 * Which object a locator's secret leads to. The store has the hash of the secret only: who reads the store learns no locator.
 *
 * A row is found by the hash of what was presented, so the time of a look-up tells a guesser about a hash that it can compute anyway. The
 * row holds its hash once more, which is compared in constant time: a row under a wrong key leads nowhere.
 *
 * How many rows there are is in one of its own, so that one that got lost is missed.
 */
import type { Committer } from '../vats/kernel-contract.ts';
import type { RefName } from '../vats/names.ts';
import { sameHash, secretHash, secretText } from './locator.ts';
import type { PeerPowers } from './powers.ts';

export interface LocatorTable {
  /** A new secret for it, when the row is durable. It is nowhere else: whoever gets it must keep it. */
  add(name: RefName): Promise<string>;
  /** Undefined if no secret with that hash was given out. */
  find(hash: string): RefName | undefined;
}

/** No hash is that short. */
export const locatorCountKey = 's/!';
harden(locatorCountKey);

const keyOf = (hash: string): string => `s/${hash}`;

export const makeLocatorTable = (committer: Committer, randomBytes: PeerPowers['randomBytes']): LocatorTable =>
  harden({
    add: async (name) => {
      const secret = secretText(randomBytes(32));
      const hash = secretHash(secret)!;
      // Read and written in one step: the committer shows what it was given before.
      const count = Number(committer.get(locatorCountKey) ?? '0') + 1;
      await committer.write([
        { type: 'put', key: keyOf(hash), value: `${hash} ${name}` },
        { type: 'put', key: locatorCountKey, value: String(count) },
      ]);
      return secret;
    },
    find: (hash) => {
      const row = committer.get(keyOf(hash));
      const space = row?.indexOf(' ') ?? -1;
      return row !== undefined && sameHash(row.slice(0, Math.max(space, 0)), hash) ? row.slice(space + 1) : undefined;
    },
  } satisfies LocatorTable);
harden(makeLocatorTable);
