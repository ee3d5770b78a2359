/**
 * A symlink that says `target`. What it says is text and nothing more: it is not followed, and whether it leads anywhere is not looked at.
 * A link that is made gets the hob's own user; a link has no mode.
 */
import type { Resource } from '../shapes.ts';
import type { PropertyProblem, PropertyRule, ResourceDefinition } from './definition.ts';
import { utf8Length } from './host-path.ts';
import { besideAbsent, lineRule, onlyTrueRule, ownerRule, pathRule } from './property-rules.ts';

export interface SymlinkResource extends Resource {
  readonly type: 'symlink';
  readonly path: string;
  /** As it is to be stored in the link: absolute, or relative to the link's directory. */
  readonly target?: string;
  /** `user` or `user:group`, of the link itself. */
  readonly owner?: string;
  readonly absent?: true;
}

/** Bytes that Linux stores. */
const LONGEST_TARGET = 4095;

const targetRule: PropertyRule = (value) => {
  const problem = lineRule(LONGEST_TARGET)(value);
  if (problem !== undefined) return problem;
  return utf8Length(value as string) > LONGEST_TARGET ? `must not be over ${LONGEST_TARGET} bytes` : undefined;
};

const beside = besideAbsent('target', 'owner');

/** One of the two. */
const conflict = (resource: Resource): PropertyProblem | undefined => {
  const { target, absent } = resource as SymlinkResource;
  if (target !== undefined || absent === true) return beside(resource);
  return { property: 'target', message: 'is missing; a symlink needs it, or absent: true' };
};

export const symlinkDefinition = {
  type: 'symlink',
  required: { path: pathRule },
  optional: { target: targetRule, owner: ownerRule, absent: onlyTrueRule },
  conflict,
  owns: (resource: Resource) => (resource as SymlinkResource).path,
} as const satisfies ResourceDefinition;
harden(symlinkDefinition);
