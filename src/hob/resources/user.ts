/**
 * A user of the host, by useradd, usermod and userdel. See its definition for what a document may say.
 *
 * What is there is read from /etc/passwd, /etc/shadow and /etc/group; all that differs goes to one usermod. A password's hash goes to chpasswd on its
 * standard input: what is on a command line everybody on the host can read. It is in no report. A user that was made, and whose hob was killed before it had
 * its password or lock, gets them in the next round, for they differ then.
 */
import { makeError } from '../../errors/gobs-error.ts';
import { isSecretReference } from '../../protocol/resources/secret-references.ts';
import { isPasswordHash, userDefinition, type UserResource } from '../../protocol/resources/user.ts';
import type { Change, Resource } from '../../protocol/shapes.ts';
import { findShadow, findUser, parseGroups, readAccounts, type Group, type Shadow } from './accounts/account-files.ts';
import { changesOf, newUserWords, passwordFor, type FoundUser, type UserChange } from './accounts/user-changes.ts';
import { act, commandsOf } from './commanding.ts';
import type { Host, ResourceType } from './contract.ts';

interface Look {
  readonly groups: readonly Group[];
  readonly shadow: Shadow;
  /** Undefined if there is no such user. */
  readonly found: FoundUser | undefined;
}

/** A home that lies behind a link cannot be looked at, and is taken to be there. */
const isThere = async ({ files }: Host, path: string): Promise<boolean> => {
  try {
    return (await files.stat(path)) !== undefined;
  } catch {
    return true;
  }
};

const look = async (host: Host, { name, home }: UserResource): Promise<Look> => {
  const [passwd, shadows, groupFile] = await Promise.all([
    readAccounts(host, 'passwd'),
    readAccounts(host, 'shadow'),
    readAccounts(host, 'group'),
  ]);
  const groups = parseGroups(groupFile);
  const shadow = findShadow(shadows, name);
  const user = findUser(passwd, name);
  if (user === undefined) return { groups, shadow, found: undefined };
  return { groups, shadow, found: { user, shadow, groups, hasHome: await isThere(host, home ?? user.home) } };
};

const setPassword = async (host: Host, wanted: UserResource): Promise<void> => {
  const password = passwordFor(wanted, (await look(host, wanted)).shadow);
  if (password !== undefined) {
    await act(host, wanted.name, ['chpasswd', '-e'], { input: `${wanted.name}:${password}\n` });
  }
};

const modify = async (host: Host, { name }: UserResource, changes: readonly UserChange[]): Promise<void> => {
  const words = changes.flatMap((change) => change.words);
  if (words.length > 0) await act(host, name, ['usermod', ...words, '--', name]);
  if (changes.some(({ what }) => what === 'home directory')) await act(host, name, ['mkhomedir_helper', name]);
};

const create = async (host: Host, wanted: UserResource, groups: readonly Group[]): Promise<void> => {
  const { name } = wanted;
  await act(host, name, ['useradd', ...newUserWords(wanted, groups), '--', name]);
  await setPassword(host, wanted);
  const { found } = await look(host, wanted);
  if (found !== undefined) await modify(host, wanted, changesOf(wanted, found));
};

const remove = async (
  host: Host,
  { name }: UserResource,
  there: boolean,
  apply: boolean,
): Promise<readonly Change[]> => {
  if (!there) return [];
  if (apply) await act(host, name, ['userdel', '--', name]);
  return [{ what: 'state', from: 'present', to: 'absent' }];
};

/** With the hash itself, where the document names a secret. */
const withHash = (resource: Resource, { secretOf }: Host): UserResource => {
  const { name, 'password-hash': given } = resource as UserResource;
  if (!isSecretReference(given)) return resource as UserResource;
  const hash = secretOf(given.secret).trim();
  if (isPasswordHash(hash)) return { ...(resource as UserResource), 'password-hash': hash };
  throw makeError('CANNOT_CHANGE', `${name}: the secret ${given.secret} is no hash as crypt(5) has them`, {
    hint: 'give what `mkpasswd -m yescrypt` prints, and no password',
  });
};

export const userType: ResourceType = {
  definition: userDefinition,
  converge: async (resource: Resource, host: Host, apply: boolean) => {
    commandsOf(host, (resource as UserResource).name);
    const wanted = withHash(resource, host);
    const { found, groups } = await look(host, wanted);
    if (wanted.absent === true) return remove(host, wanted, found !== undefined, apply);
    if (found === undefined) {
      if (apply) await create(host, wanted, groups);
      return [{ what: 'state', from: 'absent', to: 'present' }];
    }
    const changes = changesOf(wanted, found);
    if (apply && changes.length > 0) {
      await modify(host, wanted, changes);
      await setPassword(host, wanted);
    }
    return changes.map(({ what, from, to }) => ({ what, from, to }));
  },
};
harden(userType);
