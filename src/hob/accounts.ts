/**
 * Users and groups of the host, by name and by number, from its /etc/passwd and /etc/group. Names that come from elsewhere (LDAP) are
 * not known: documents name those by number. A machine that is a directory on a host has the host's accounts.
 */
import type { Account } from '../protocol/resources/owner.ts';
import { fileError, systemCode } from './rooted-files/file-errors.ts';

export type AccountFile = 'user' | 'group';

export interface Accounts {
  /** Undefined if there is none of that name. A number is itself, whether or not there is one. Throws CANNOT_LOOK. */
  idOf(file: AccountFile, account: Account): Promise<number | undefined>;
  /** The name of a number, or undefined if it has none. Throws CANNOT_LOOK. */
  nameOf(file: AccountFile, id: number): Promise<string | undefined>;
}

const paths = { user: '/etc/passwd', group: '/etc/group' } as const;

/** `name:x:1000:…`, the same in both files. */
const parse = (text: string): readonly (readonly [name: string, id: number])[] =>
  text.split('\n').flatMap((line) => {
    const [name, , id] = line.split(':');
    return name !== undefined && id !== undefined && /^[0-9]+$/.test(id) ? [[name, Number(id)] as const] : [];
  });

/** Read anew for each question, for accounts come and go while a hob runs. */
export const makeAccounts = ({ fs }: { readonly fs: typeof import('node:fs') }): Accounts => {
  const entries = async (file: AccountFile) => {
    try {
      return parse(await fs.promises.readFile(paths[file], 'utf8'));
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return [];
      throw fileError('CANNOT_LOOK', paths[file], error);
    }
  };
  return harden({
    idOf: async (file: AccountFile, account: Account) =>
      typeof account === 'number' ? account : (await entries(file)).find(([name]) => name === account)?.[1],
    nameOf: async (file: AccountFile, id: number) => (await entries(file)).find(([, other]) => other === id)?.[0],
  });
};
harden(makeAccounts);
