/** What the host is called: what it will be called after the next boot (/etc/hostname), and now. */
import { quoted } from '../plain-text.ts';
import type { Resource } from '../shapes.ts';
import type { PropertyRule, ResourceDefinition } from './definition.ts';

export interface HostnameResource extends Resource {
  readonly type: 'hostname';
  readonly name: string;
}

const LABEL = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
const NAME = new RegExp(`^${LABEL}([.]${LABEL})*$`);
/** What Linux takes: hostname(7). */
const LONGEST = 64;

const nameRule: PropertyRule = (value) =>
  typeof value === 'string' && value.length <= LONGEST && NAME.test(value)
    ? undefined
    : `must be a host name in lower-case letters, digits, "-" and ".", not over ${LONGEST}, not ${quoted(value)}`;

export const hostnamePath = '/etc/hostname';
harden(hostnamePath);

export const hostnameDefinition = {
  type: 'hostname',
  required: { name: nameRule },
  optional: {},
  owns: () => hostnamePath,
} as const satisfies ResourceDefinition;
harden(hostnameDefinition);
