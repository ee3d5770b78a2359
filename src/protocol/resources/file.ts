/**
 * A regular file. Whatever is left out stays as it is on the host; a file that is made gets mode 0644 and the hob's own user.
 * Without `content` only existence, mode and owner are looked after, and a file that is made is empty.
 */
import type { Resource } from '../shapes.ts';
import type { ResourceDefinition } from './definition.ts';
import { besideAbsent, modeRule, onlyTrueRule, ownerRule, pathRule, textRule } from './property-rules.ts';

export interface FileResource extends Resource {
  readonly type: 'file';
  readonly path: string;
  /** Text; written as UTF-8, byte for byte. */
  readonly content?: string;
  /** Octal: `0644`. */
  readonly mode?: string;
  /** `user` or `user:group`. */
  readonly owner?: string;
  readonly absent?: true;
}

/** UTF-16 units; as in ResourceShape. */
const LONGEST_CONTENT = 1_000_000;

export const fileDefinition = {
  type: 'file',
  required: { path: pathRule },
  optional: {
    content: textRule(LONGEST_CONTENT),
    mode: modeRule,
    owner: ownerRule,
    absent: onlyTrueRule,
  },
  conflict: besideAbsent('content', 'mode', 'owner'),
  owns: (resource: Resource) => (resource as FileResource).path,
  sharesContent: ({ content, absent }: Resource) => content === undefined && absent !== true,
} as const satisfies ResourceDefinition;
harden(fileDefinition);
