/**
 * A directory. Whatever is left out stays as it is on the host; a directory that is made gets mode 0755 and the hob's own user.
 * What is in it is not looked after; `absent` takes away an empty one only.
 */
import type { Resource } from '../shapes.ts';
import type { ResourceDefinition } from './definition.ts';
import { besideAbsent, modeRule, onlyTrueRule, ownerRule, pathRule } from './property-rules.ts';

export interface DirectoryResource extends Resource {
  readonly type: 'directory';
  readonly path: string;
  /** Octal: `0755`. */
  readonly mode?: string;
  /** `user` or `user:group`. */
  readonly owner?: string;
  readonly absent?: true;
}

export const directoryDefinition = {
  type: 'directory',
  required: { path: pathRule },
  optional: { mode: modeRule, owner: ownerRule, absent: onlyTrueRule },
  conflict: besideAbsent('mode', 'owner'),
  owns: (resource: Resource) => (resource as DirectoryResource).path,
} as const satisfies ResourceDefinition;
harden(directoryDefinition);
