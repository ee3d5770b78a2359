/**
 * The secrets of enrolment locators. They are derived, not stored: whoever has the boss's key can make the same one again from a machine's
 * id and nonce, so a `create` that is resumed gives the host the same locator, and nobody can read one in the store.
 */
import { createHmac } from 'node:crypto';
import type { MachinePowers } from './machine-turn.ts';

export interface EnrolmentSecretsOptions {
  /** 32 bytes, derived from the boss's key. */
  readonly key: Uint8Array;
  /** As the peer computes it from what somebody presents. */
  readonly hashOf: (secret: string) => string;
  /** Where this boss is, with a secret: what a hob is given. */
  readonly locatorOf: (secret: string) => string;
}

/** Pure, as long as the boss listens where it does. Nonces are bound to the machine: one of another machine gives another secret. */
export const makeMint = ({ key, hashOf, locatorOf }: EnrolmentSecretsOptions): MachinePowers['mint'] => {
  const mint: MachinePowers['mint'] = (machineId, nonce) => {
    const secret = createHmac('sha256', key)
      .update(JSON.stringify([machineId, nonce]))
      .digest('base64url');
    return harden({ locator: locatorOf(secret), secretHash: hashOf(secret) });
  };
  return harden(mint);
};
harden(makeMint);
