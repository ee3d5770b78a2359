/**
 * A regular file. Whatever is left out stays as it is on the host; a file that is made gets mode 0644 and the hob's own user.
 * Without `content` or `template` only existence, mode and owner are looked after, and a file that is made is empty.
 *
 * Content, and each text of `data`, may be a secret of the boss: `{ secret: db-password }`. Such a file is closed to others, and what is left
 * out of its owner is the hob's own user and group, whoever has it on the host.
 *
 * `template` is Liquid, rendered on the host with the keys of `data`, and what the host is as `facts`. `validate` is a command that must find a
 * candidate with the new content, beside its place, well before it takes it: `["visudo", "-cf", "{file}"]`.
 */
import { longestText, type ResourceRecord, type Resource, type SecretReference } from '../shapes.ts';
import { fileCommandRule } from './command-rules.ts';
import type { PropertyProblem, PropertyRule, ResourceDefinition } from './definition.ts';
import { besideAbsent, modeRule, onlyTrueRule, ownerRule, pathRule, recordRule, textRule } from './property-rules.ts';
import { isClosed, secretNamesIn, secretOr } from './secret-references.ts';

export interface FileResource extends Resource {
  readonly type: 'file';
  readonly path: string;
  /** Text; written as UTF-8, byte for byte. */
  readonly content?: string | SecretReference;
  readonly template?: string;
  readonly data?: ResourceRecord;
  readonly validate?: readonly string[];
  /** Octal: `0644`. */
  readonly mode?: string;
  /** `user` or `user:group`. */
  readonly owner?: string;
  readonly absent?: true;
}

const dataRule: PropertyRule = (value) => {
  const problem = recordRule(value);
  if (problem !== undefined) return problem;
  if (Object.hasOwn(value as object, 'secret')) {
    return 'must not have a key secret: each text in it can be one, as in password: { secret: db-password }';
  }
  return Object.hasOwn(value as object, 'facts') ? 'must not have a key facts: that is what the host is' : undefined;
};

const beside = besideAbsent('content', 'template', 'data', 'validate', 'mode', 'owner');

const hasContent = ({ content, template }: Resource): boolean => content !== undefined || template !== undefined;

const conflict = (resource: Resource): PropertyProblem | undefined => {
  const { content, template, data, validate, mode } = resource as FileResource;
  if (content !== undefined && template !== undefined) {
    return { property: 'template', message: 'must not stand beside content: it is one or the other' };
  }
  if (data !== undefined && template === undefined) {
    return { property: 'data', message: 'is for a template, and there is none' };
  }
  if (secretNamesIn([resource]).length > 0 && !isClosed(mode)) {
    return { property: 'mode', message: 'must be given, and closed to others ("0600"): the content holds a secret' };
  }
  if (validate !== undefined && !hasContent(resource) && resource['absent'] !== true) {
    return { property: 'validate', message: 'needs content or a template: nothing else is replaced' };
  }
  return beside(resource);
};

export const fileDefinition = {
  type: 'file',
  required: { path: pathRule },
  optional: {
    content: secretOr(textRule(longestText)),
    template: textRule(longestText),
    data: dataRule,
    validate: fileCommandRule,
    mode: modeRule,
    owner: ownerRule,
    absent: onlyTrueRule,
  },
  conflict,
  owns: (resource: Resource) => (resource as FileResource).path,
  sharesContent: (resource: Resource) => !hasContent(resource) && resource['absent'] !== true,
} as const satisfies ResourceDefinition;
harden(fileDefinition);
