/** The provider types that ship: the one list of them. To add one, see docs/how-to/write-a-provider.md. */
import type { ProviderType } from './contract.ts';
import { localProviderType } from './local/local-provider-type.ts';
import { sshProviderType } from './ssh/ssh-provider-type.ts';

export const shippedProviders = {
  local: localProviderType,
  ssh: sshProviderType,
} satisfies Readonly<Record<string, ProviderType>>;
harden(shippedProviders);
