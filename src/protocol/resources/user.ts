/**
 * A user of the host. What is left out stays as it is. `groups` are all the groups that the user is in beside its own: one that somebody added by
 * hand is drift. A password is given as its hash only, and no report shows it. What is absent keeps its home: nobody's files are lost.
 */
import { quoted } from '../plain-text.ts';
import type { Resource } from '../shapes.ts';
import type { PropertyProblem, PropertyRule, ResourceDefinition } from './definition.ts';
import { accountIdRule, accountNameRule } from './account-rules.ts';
import { besideAbsent, booleanRule, lineRule, onlyTrueRule, pathRule, textsRule } from './property-rules.ts';
import { secretOr } from './secret-references.ts';

export interface UserResource extends Resource {
  readonly type: 'user';
  readonly name: string;
  readonly uid?: number;
  /** The primary group, by name. */
  readonly group?: string;
  readonly groups?: readonly string[];
  readonly home?: string;
  readonly shell?: string;
  readonly comment?: string;
  /** crypt(5): `$y$…`. In a document it may be a secret's name; this is what the hob puts in its place. */
  readonly 'password-hash'?: string;
  /** No way in, by password or key. */
  readonly locked?: boolean;
  /** Does a new one get a number of the system's own, and no home? */
  readonly system?: true;
  readonly absent?: true;
}

// crypt(5): the methods that are safe still, and yescrypt's kin. What does not fit is not repeated: it may be a password.
const HASH = /^\$(y|gy|7|2[aby]|6|5)\$[./A-Za-z0-9$=,+-]{8,300}$/;

export const isPasswordHash = (value: unknown): boolean => typeof value === 'string' && HASH.test(value);
harden(isPasswordHash);

const hashRule: PropertyRule = (value) =>
  isPasswordHash(value)
    ? undefined
    : 'must be a hash as crypt(5) has them, such as what `mkpasswd -m yescrypt` prints, and no password';

const commentRule: PropertyRule = (value) =>
  value === ''
    ? undefined
    : (lineRule(200)(value) ?? (String(value).includes(':') ? `must be without ":", not ${quoted(value)}` : undefined));

const fieldPathRule: PropertyRule = (value) =>
  pathRule(value) ?? (String(value).includes(':') ? `must be without ":", not ${quoted(value)}` : undefined);

const groupsRule: PropertyRule = (value) => {
  const problem = textsRule('groups', accountNameRule)(value);
  if (problem !== undefined) return problem;
  const groups = value as readonly string[];
  const twice = groups.find((group, index) => groups.indexOf(group) !== index);
  return twice === undefined ? undefined : `names ${quoted(twice)} twice`;
};

const beside = besideAbsent('uid', 'group', 'groups', 'home', 'shell', 'comment', 'password-hash', 'locked', 'system');

const conflict = (resource: Resource): PropertyProblem | undefined =>
  resource['name'] === 'root' && resource['absent'] === true
    ? { property: 'absent', message: 'must not be said of root' }
    : beside(resource);

export const userDefinition = {
  type: 'user',
  required: { name: accountNameRule },
  optional: {
    uid: accountIdRule,
    group: accountNameRule,
    groups: groupsRule,
    home: fieldPathRule,
    shell: fieldPathRule,
    comment: commentRule,
    'password-hash': secretOr(hashRule),
    locked: booleanRule,
    system: onlyTrueRule,
    absent: onlyTrueRule,
  },
  conflict,
  about: (resource: Resource) => (resource as UserResource).name,
} as const satisfies ResourceDefinition;
harden(userDefinition);
