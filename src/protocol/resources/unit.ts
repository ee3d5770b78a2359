/**
 * A unit file of systemd in /etc/systemd/system, or with `drop-in` a piece that adds to a unit of others: /etc/systemd/system/UNIT.d/DROP-IN.conf.
 * systemd is told to read its files anew when that is needed. Whether the unit runs is for a `service` resource.
 */
import { quoted } from '../plain-text.ts';
import { longestText, type Resource, type SecretReference } from '../shapes.ts';
import type { PropertyProblem, PropertyRule, ResourceDefinition } from './definition.ts';
import { besideAbsent, modeRule, onlyTrueRule, textRule } from './property-rules.ts';
import { isClosed, isSecretReference, secretOr } from './secret-references.ts';
import { unitNameRule } from './unit-name.ts';

export interface UnitResource extends Resource {
  readonly type: 'unit';
  /** With its type: `app.service`. */
  readonly name: string;
  /** A unit with a secret is closed to others. */
  readonly content?: string | SecretReference;
  readonly 'drop-in'?: string;
  /** Left out: 0644. */
  readonly mode?: string;
  readonly absent?: true;
}

const dropInRule: PropertyRule = (value) =>
  typeof value === 'string' && /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$/.test(value) && !value.endsWith('.conf')
    ? undefined
    : `must be the name of a drop-in without ".conf", such as "10-limits", not ${quoted(value)}`;

const beside = besideAbsent('content', 'mode');

const conflict = (resource: Resource): PropertyProblem | undefined => {
  const { content, absent, mode } = resource as UnitResource;
  if (isSecretReference(content) && !isClosed(mode)) {
    return { property: 'mode', message: 'must be given, and closed to others ("0600"): the content is a secret' };
  }
  if (absent === true || content !== undefined) return beside(resource);
  return { property: 'content', message: 'is missing; a unit needs it, or absent: true' };
};

const DIRECTORY = '/etc/systemd/system';

export const unitPath = ({ name, 'drop-in': dropIn }: Pick<UnitResource, 'name' | 'drop-in'>): string =>
  dropIn === undefined ? `${DIRECTORY}/${name}` : `${DIRECTORY}/${name}.d/${dropIn}.conf`;
harden(unitPath);

export const unitDefinition = {
  type: 'unit',
  required: { name: unitNameRule },
  optional: { content: secretOr(textRule(longestText)), 'drop-in': dropInRule, mode: modeRule, absent: onlyTrueRule },
  conflict,
  owns: (resource: Resource) => unitPath(resource as UnitResource),
} as const satisfies ResourceDefinition;
harden(unitDefinition);
