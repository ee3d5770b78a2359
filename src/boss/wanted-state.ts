/** What a machine is to be, as it is kept and told to its hob. */
import { createHash } from 'node:crypto';
import { canonicalResource } from '../protocol/resources/values.ts';
import type { DesiredState, WantedState } from '../protocol/shapes.ts';

/** Equal for documents that say the same: the order of resources counts, that of their properties does not. */
const digestOf = ({ policy, resources }: DesiredState): string =>
  createHash('sha256')
    .update(JSON.stringify([policy, resources.map(canonicalResource)]))
    .digest('hex');

/** Called by whoever changes a desired state. */
export const makeWantedState = ({ generation, policy, resources }: DesiredState): WantedState =>
  harden({ generation, policy, resources, digest: digestOf({ generation, policy, resources }) });
harden(makeWantedState);
