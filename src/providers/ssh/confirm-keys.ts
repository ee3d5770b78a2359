/** What an admin has to vouch for before a host is used: keys that nobody has pinned. */
import type { Confirmation } from '../contract.ts';
import { fingerprintOf, typeOfKey } from './host-key.ts';
import type { HostOptions } from './options.ts';
import type { OnUnknownKey } from './reach.ts';
import type { Route, Stop } from './route.ts';
import { hintFor } from './trust.ts';

const confirmationOf = (key: Uint8Array, { where, trust }: Stop, { jumpKeys }: HostOptions): Confirmation => {
  const fingerprint = fingerprintOf(key);
  const value = trust.option === 'hostKey' || jumpKeys === undefined ? fingerprint : `${jumpKeys},${fingerprint}`;
  return harden({
    option: trust.option,
    value,
    question: `${where} shows a key that nobody has vouched for: ${typeOfKey(key)} ${fingerprint}. Is that its key?`,
    hint: hintFor(key, trust),
  });
};

/**
 * The first on the way; whoever says yes asks again, for what is behind it. `lookAt` goes the way; it is not called where all is known. Rejects as that does if
 * it found nothing to ask.
 */
export const findConfirmations = async (
  route: Route,
  options: HostOptions,
  lookAt: (onUnknownKey: OnUnknownKey) => Promise<void>,
): Promise<readonly Confirmation[]> => {
  const found: Confirmation[] = [];
  // What somebody said needs no look.
  if (route.every(({ trust }) => trust.pins.length > 0)) return harden(found);
  try {
    await lookAt((key, stop) => found.push(confirmationOf(key, stop, options)));
  } catch (error) {
    if (found.length === 0) throw error;
  }
  return harden(found);
};
harden(findConfirmations);
