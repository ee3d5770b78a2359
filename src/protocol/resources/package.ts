/**
 * A package of Debian, by apt. Without more it is to be there, in whatever version; `latest`: in the newest that apt knows; `version`: in exactly this
 * one, older or newer; `absent`: it is not to be there (what it leaves in /etc stays).
 */
import { quoted } from '../plain-text.ts';
import type { Resource } from '../shapes.ts';
import type { PropertyProblem, PropertyRule, ResourceDefinition } from './definition.ts';
import { besideAbsent, onlyTrueRule } from './property-rules.ts';

export interface PackageResource extends Resource {
  readonly type: 'package';
  /** `nginx`, or `libc6:i386` of another architecture. */
  readonly name: string;
  readonly version?: string;
  readonly latest?: true;
  readonly absent?: true;
}

// Debian policy 5.6.1 and 5.6.12. A "-" at the end would tell apt to remove.
const NAME = /^[a-z0-9][a-z0-9+.-]{0,126}[a-z0-9+.](:[a-z0-9][a-z0-9-]{1,31})?$/;
const VERSION = /^([0-9]{1,9}:)?[0-9][A-Za-z0-9.+~-]{0,199}$/;

const nameRule: PropertyRule = (value) =>
  typeof value === 'string' && NAME.test(value)
    ? undefined
    : `must be the name of a package, such as "nginx", not ${quoted(value)}`;

const versionRule: PropertyRule = (value) =>
  typeof value === 'string' && VERSION.test(value)
    ? undefined
    : `must be the version of a package in quotes, such as "1.22.1-9", not ${quoted(value)}`;

const beside = besideAbsent('version', 'latest');

const conflict = (resource: Resource): PropertyProblem | undefined => {
  const { version, latest } = resource as PackageResource;
  if (version === undefined || latest === undefined) return beside(resource);
  return { property: 'version', message: 'must not stand beside latest: true' };
};

export const packageDefinition = {
  type: 'package',
  required: { name: nameRule },
  optional: { version: versionRule, latest: onlyTrueRule, absent: onlyTrueRule },
  conflict,
  about: (resource: Resource) => (resource as PackageResource).name,
} as const satisfies ResourceDefinition;
harden(packageDefinition);
