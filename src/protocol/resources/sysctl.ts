/**
 * A setting of the kernel: what it is now, and, in a file of its own in /etc/sysctl.d, what it is after the next boot. `absent` takes the file
 * away; the setting itself stays as it is until then, as nobody knows what it was.
 */
import { quoted } from '../plain-text.ts';
import type { Resource } from '../shapes.ts';
import type { PropertyProblem, PropertyRule, ResourceDefinition } from './definition.ts';
import { besideAbsent, onlyTrueRule } from './property-rules.ts';

export interface SysctlResource extends Resource {
  readonly type: 'sysctl';
  /** `net.ipv4.ip_forward`; a `/` stands for a dot within a name: `net.ipv4.conf.eth0/100.forwarding`. */
  readonly key: string;
  readonly value?: string | number;
  readonly absent?: true;
}

const KEY = /^[a-z0-9_-]+(\.[A-Za-z0-9_@:-]+(\/[A-Za-z0-9_@:-]+)*)+$/;
const LONGEST_KEY = 200;
const VALUE = /^[\x21-\x7e]+( [\x21-\x7e]+)*$/;
const LONGEST_VALUE = 1_000;

const keyRule: PropertyRule = (value) =>
  typeof value === 'string' && value.length <= LONGEST_KEY && KEY.test(value)
    ? undefined
    : `must be names with dots between, such as net.ipv4.ip_forward, not ${quoted(value)}`;

const valueRule: PropertyRule = (value) => {
  if (Number.isSafeInteger(value)) return undefined;
  return typeof value === 'string' && value.length <= LONGEST_VALUE && VALUE.test(value)
    ? undefined
    : `must be a whole number, or words with one blank between, not ${quoted(value)}`;
};

const beside = besideAbsent('value');

const conflict = (resource: Resource): PropertyProblem | undefined => {
  const { value, absent } = resource as SysctlResource;
  if (value !== undefined || absent === true) return beside(resource);
  return { property: 'value', message: 'is missing; a sysctl needs it, or absent: true' };
};

/** Where it stands for the next boot: after what packages ship, before what admins put at the end. */
export const sysctlFile = (key: string): string => `/etc/sysctl.d/60-gobs-${key.replaceAll('/', '+')}.conf`;
harden(sysctlFile);

export const sysctlDefinition = {
  type: 'sysctl',
  required: { key: keyRule },
  optional: { value: valueRule, absent: onlyTrueRule },
  conflict,
  owns: (resource: Resource) => sysctlFile((resource as SysctlResource).key),
} as const satisfies ResourceDefinition;
harden(sysctlDefinition);
