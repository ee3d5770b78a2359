/**
 * Users and groups as the host's own files have them: passwd(5), shadow(5), group(5). Lines of fields between colons; what is no such line is
 * passed over, as the C library does. Accounts from elsewhere (LDAP) are not here, and are not for a hob to change.
 */
import { makeError } from '../../../errors/gobs-error.ts';
import type { Host } from '../contract.ts';

export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly comment: string;
  readonly home: string;
  readonly shell: string;
}

export interface Shadow {
  /** A hash; with `!` in front it is locked; `!` or `*` alone is no password at all. */
  readonly password: string;
  /** Days since 1970, or empty: never. */
  readonly expires: string;
}

export interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

const fieldsOf = (text: string, name: string): readonly string[] | undefined =>
  text
    .split('\n')
    .find((line) => line.startsWith(`${name}:`))
    ?.split(':');

const isNumber = (text: string | undefined): boolean => text !== undefined && /^[0-9]{1,10}$/.test(text);

export const findUser = (passwd: string, name: string): User | undefined => {
  const [, , uid, gid, comment = '', home = '', shell = ''] = fieldsOf(passwd, name) ?? [];
  if (!isNumber(uid) || !isNumber(gid)) return undefined;
  return harden({ name, uid: Number(uid), gid: Number(gid), comment, home, shell });
};
harden(findUser);

export const findShadow = (shadow: string, name: string): Shadow => {
  const [, password = '', , , , , , expires = ''] = fieldsOf(shadow, name) ?? [];
  return harden({ password, expires });
};
harden(findShadow);

export const parseGroups = (text: string): readonly Group[] =>
  text.split('\n').flatMap((line) => {
    const [name, , gid, members = ''] = line.split(':');
    if (name === undefined || !isNumber(gid)) return [];
    return [harden({ name, gid: Number(gid), members: members.split(',').filter((member) => member !== '') })];
  });
harden(parseGroups);

/** Bytes. */
const LARGEST = 16 * 1024 * 1024;

/** Empty if there is no such file. Throws CANNOT_LOOK. */
export const readAccounts = async ({ files }: Host, file: 'passwd' | 'shadow' | 'group'): Promise<string> => {
  const path = `/etc/${file}`;
  if ((await files.stat(path)) === undefined) return '';
  const content = await files.read(path, LARGEST);
  if (content === undefined) throw makeError('CANNOT_LOOK', `${path}: it is larger than ${LARGEST} bytes`);
  return new TextDecoder().decode(content);
};
harden(readAccounts);
