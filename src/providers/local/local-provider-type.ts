/** `local` as a provider type: it has no settings. */
import type { ProviderPowers, ProviderType } from '../contract.ts';
import { makeLocalProvider, refuseOptions } from './local-provider.ts';

export const localProviderType = {
  type: 'local',
  summary: 'directories and hob processes on the host of the boss; needs no root',
  validate: refuseOptions,
  make: (powers: ProviderPowers) => makeLocalProvider(powers),
} satisfies ProviderType;
harden(localProviderType);
