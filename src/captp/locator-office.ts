/**
 * Gives locators out, and finds what they are for. A locator says where its peer listens, so that is known here, too.
 */
import { makeError } from '../errors/gobs-error.ts';
import type { Kernel } from '../vats/kernel-contract.ts';
import { isDurableName } from '../vats/names.ts';
import { formatLocator } from './locator.ts';
import { makeLocatorTable } from './locator-table.ts';
import type { Address } from './netlayers/contract.ts';
import type { PeerId } from './peer-id.ts';
import type { Place } from './peer-table.ts';
import type { PeerPowers } from './powers.ts';

export interface LocatorOptions {
  /** Of a listener. Default: `tls` if there is one, or else the first. */
  readonly scheme?: string;
  /** What the locator shall say instead of what that listener announces. */
  readonly address?: Address;
}

export interface LocatorOffice {
  /** From now on locators may say that the peer is there, until the function that is returned is called. */
  listensAt(place: Place): () => void;
  /** A new locator for a durable reference, when it is kept. Rejects with NOT_DURABLE, ADDRESS_UNUSABLE. */
  locatorFor(ref: object, options?: LocatorOptions): Promise<string>;
  /** The locator with a secret that the caller has chosen. Throws ADDRESS_UNUSABLE if the peer does not listen. */
  locatorWith(secret: string, options?: LocatorOptions): string;
  /** The host reference behind the hash of a secret; undefined if no locator has it. */
  find(hash: string): object | undefined;
}

export const makeLocatorOffice = (
  self: PeerId,
  kernel: Kernel | undefined,
  randomBytes: PeerPowers['randomBytes'],
): LocatorOffice => {
  const table = kernel && makeLocatorTable(kernel.committer, randomBytes);
  const places = new Set<Place>();

  const locatorWith: LocatorOffice['locatorWith'] = (secret, { scheme, address } = {}) => {
    const candidates = [...places].filter((place) => scheme === undefined || place.scheme === scheme);
    const chosen = candidates.find((place) => place.scheme === 'tls') ?? candidates[0];
    if (chosen === undefined) {
      const how = scheme === undefined ? '' : ` by ${scheme}`;
      throw makeError('ADDRESS_UNUSABLE', `a locator would lead nowhere: this peer does not listen${how}`);
    }
    return formatLocator({ peerId: self, scheme: chosen.scheme, secret, address: address ?? chosen.address });
  };

  return harden({
    listensAt: (place) => {
      places.add(place);
      return () => void places.delete(place);
    },
    locatorFor: async (ref, options = {}) => {
      const name = kernel?.nameOf(ref);
      if (name === undefined || !isDurableName(name) || table === undefined) {
        throw makeError(
          'NOT_DURABLE',
          `${name ?? 'the object'} does not outlive this process, so it can have no locator`,
        );
      }
      // Before a secret is kept that nobody would get.
      locatorWith('', options);
      return locatorWith(await table.add(name), options);
    },
    locatorWith,
    find: (hash) => {
      const name = table?.find(hash);
      return name === undefined ? undefined : kernel?.refOf(name);
    },
  } satisfies LocatorOffice);
};
harden(makeLocatorOffice);
