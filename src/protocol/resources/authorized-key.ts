/**
 * One public key in a user's ~/.ssh/authorized_keys: exactly one line for it, with these options, or none. Other lines are the user's own. Its comment
 * is for people, and is no drift.
 */
import type { Resource } from '../shapes.ts';
import { accountNameRule } from './account-rules.ts';
import type { PropertyRule, ResourceDefinition } from './definition.ts';
import { besideAbsent, lineRule, onlyTrueRule } from './property-rules.ts';

export interface AuthorizedKeyResource extends Resource {
  readonly type: 'authorized-key';
  readonly user: string;
  /** `ssh-ed25519 AAAA… comment`: as in a .pub file. */
  readonly key: string;
  /** `command="backup",no-pty`: as in sshd(8), AUTHORIZED_KEYS FILE FORMAT. */
  readonly options?: string;
  readonly absent?: true;
}

/** By type, what the key itself begins with: it says its type once more. */
const beginnings: Readonly<Record<string, string>> = harden({
  'ssh-ed25519': 'AAAAC3NzaC1lZDI1NTE5AAAA',
  'ssh-rsa': 'AAAAB3NzaC1yc2EAAAA',
  'ecdsa-sha2-nistp256': 'AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAA',
  'ecdsa-sha2-nistp384': 'AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAA',
  'ecdsa-sha2-nistp521': 'AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAA',
  'sk-ssh-ed25519@openssh.com': 'AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAA',
  'sk-ecdsa-sha2-nistp256@openssh.com': 'AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb20AAAA',
});

export const isKeyType = (text: string): boolean => Object.hasOwn(beginnings, text);
harden(isKeyType);

const BASE64 = /^[A-Za-z0-9+/]{60,3000}={0,2}$/;

/** What is no public key is not repeated: it may be a private one. */
const keyRule: PropertyRule = (value) => {
  const [type = '', blob = ''] = typeof value === 'string' ? value.split(' ') : [];
  if (isKeyType(type) && BASE64.test(blob) && blob.startsWith(beginnings[type]!)) return lineRule(4_000)(value);
  return 'must be a public key in one line, such as "ssh-ed25519 AAAA… comment", without options';
};

const QUOTED = '"([^"\\\\]|\\\\.)*"';
const OPTION = `[A-Za-z][A-Za-z0-9-]*(=${QUOTED})?`;
const OPTIONS = new RegExp(`^${OPTION}(,${OPTION})*$`);

const optionsRule: PropertyRule = (value) =>
  lineRule(2_000)(value) ??
  (OPTIONS.test(value as string) ? undefined : 'must be options as sshd(8) has them, such as command="backup",no-pty');

export const authorizedKeyDefinition = {
  type: 'authorized-key',
  required: { user: accountNameRule, key: keyRule },
  optional: { options: optionsRule, absent: onlyTrueRule },
  conflict: besideAbsent('options'),
  about: (resource: Resource) => {
    const { user, key } = resource as AuthorizedKeyResource;
    return `${user} ${key.split(' ').slice(0, 2).join(' ')}`;
  },
} as const satisfies ResourceDefinition;
harden(authorizedKeyDefinition);
