/** What a machine is to be, as it is kept and told to its hob. */
import { createHash } from 'node:crypto';
import { canonicalResource } from '../protocol/resources/values.ts';
import type { DesiredState, SecretVersions, WantedState } from '../protocol/shapes.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * Of what somebody said, whatever the secrets are that it names. Equal for documents that say the same: the order of resources counts, that of their
 * properties does not.
 */
export const digestOfSaid = ({ policy, resources }: Pick<DesiredState, 'policy' | 'resources'>): string =>
  sha256(JSON.stringify([policy, resources.map(canonicalResource)]));
harden(digestOfSaid);

/** Called by whoever changes a desired state. `secrets` as in WantedState. */
export const makeWantedState = (
  state: DesiredState & { readonly secrets?: SecretVersions | undefined },
): WantedState => {
  const { generation, policy, resources, secrets = {} } = state;
  const said = digestOfSaid(state);
  const names = Object.keys(secrets).sort();
  if (names.length === 0) return harden({ generation, policy, resources, digest: said });
  const digest = sha256(JSON.stringify([said, names.map((name) => [name, secrets[name]])]));
  return harden({ generation, policy, resources, digest, secrets });
};
harden(makeWantedState);
