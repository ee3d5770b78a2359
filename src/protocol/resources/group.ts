/** A group of the host. Who is in it is said by each `user`. */
import type { Resource } from '../shapes.ts';
import type { PropertyProblem, ResourceDefinition } from './definition.ts';
import { accountIdRule, accountNameRule } from './account-rules.ts';
import { besideAbsent, onlyTrueRule } from './property-rules.ts';

export interface GroupResource extends Resource {
  readonly type: 'group';
  readonly name: string;
  readonly gid?: number;
  /** Does a new one get a number of the system's own? */
  readonly system?: true;
  readonly absent?: true;
}

const beside = besideAbsent('gid', 'system');

const conflict = (resource: Resource): PropertyProblem | undefined =>
  resource['name'] === 'root' && resource['absent'] === true
    ? { property: 'absent', message: 'must not be said of root' }
    : beside(resource);

export const groupDefinition = {
  type: 'group',
  required: { name: accountNameRule },
  optional: { gid: accountIdRule, system: onlyTrueRule, absent: onlyTrueRule },
  conflict,
  about: (resource: Resource) => (resource as GroupResource).name,
} as const satisfies ResourceDefinition;
harden(groupDefinition);
