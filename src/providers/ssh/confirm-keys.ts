/** What an admin has to vouch for before a host is used: keys that nobody has pinned. */
import type { Confirmation } from '../contract.ts';
import { fingerprintOf, typeOfKey } from './host-key.ts';
import type { OnUnknownKey } from './reach.ts';
import type { Route } from './route.ts';
import { hintFor } from './trust.ts';

/** Keys of hosts on the way count by their places, so those before it are said with it, also where files said them. */
const confirmationOf: (...shown: Parameters<OnUnknownKey>) => Confirmation = (key, { where, trust }, before) => {
  const fingerprint = fingerprintOf(key);
  const value = trust.option === 'hostKey' ? fingerprint : [...before, key].map(fingerprintOf).join(',');
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
  lookAt: (onUnknownKey: OnUnknownKey) => Promise<void>,
): Promise<readonly Confirmation[]> => {
  const found: Confirmation[] = [];
  // What somebody said needs no look.
  if (route.every(({ trust }) => trust.pins.length > 0)) return harden(found);
  try {
    await lookAt((...shown) => found.push(confirmationOf(...shown)));
  } catch (error) {
    if (found.length === 0) throw error;
  }
  return harden(found);
};
harden(findConfirmations);
