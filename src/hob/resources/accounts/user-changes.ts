/** What differs between a user and what a document says of it, and how shadow's tools are told. Pure. */
import type { UserResource } from '../../../protocol/resources/user.ts';
import type { Change } from '../../../protocol/shapes.ts';
import type { Group, Shadow, User } from './account-files.ts';

export interface FoundUser {
  readonly user: User;
  readonly shadow: Shadow;
  readonly groups: readonly Group[];
  readonly hasHome: boolean;
}

/** The words for useradd or usermod that make it so; none where another tool does. */
export interface UserChange extends Change {
  readonly words: readonly string[];
}

/** The second day of 1970: what usermod(8) has for an account that nobody is to use, by key neither. */
const LOCKED_EXPIRY = '1';

const isExpired = ({ expires }: Shadow): boolean => expires === '0' || expires === LOCKED_EXPIRY;

/** A password that somebody had, behind the mark that locks it. */
const hasLockedPassword = ({ password }: Shadow): boolean => /^!+[^!*]/.test(password);

const isLockedAs = (locked: boolean, shadow: Shadow): boolean =>
  locked ? shadow.password.startsWith('!') && isExpired(shadow) : !hasLockedPassword(shadow) && !isExpired(shadow);

const lockText = (shadow: Shadow): string => {
  if (isLockedAs(true, shadow)) return 'locked';
  return isLockedAs(false, shadow) ? 'not locked' : 'partly locked';
};

const lockChange = ({ locked }: UserResource, { shadow }: FoundUser): readonly UserChange[] => {
  if (locked === undefined || isLockedAs(locked, shadow)) return [];
  // usermod refuses to unlock what has no password.
  const unlock = hasLockedPassword(shadow) ? ['-U', '-e', ''] : ['-e', ''];
  const words = locked ? ['-L', '-e', LOCKED_EXPIRY] : unlock;
  return [{ what: 'locked', from: lockText(shadow), to: locked ? 'locked' : 'not locked', words }];
};

/** What is to stand in /etc/shadow; undefined if it does. A lock that is there stays, if the document does not say otherwise. */
export const passwordFor = (wanted: UserResource, shadow: Shadow): string | undefined => {
  const hash = wanted['password-hash'];
  if (hash === undefined || shadow.password.replace(/^!+/, '') === hash) return undefined;
  return (wanted.locked ?? hasLockedPassword(shadow)) ? `!${hash}` : hash;
};
harden(passwordFor);

const groupsOf = ({ user, groups }: FoundUser): readonly string[] =>
  groups.filter(({ members }) => members.includes(user.name)).map(({ name }) => name);

const groupName = ({ user, groups }: FoundUser): string =>
  groups.find(({ gid }) => gid === user.gid)?.name ?? String(user.gid);

const listText = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.toSorted().join(','));

/** The group that is the user's own may or may not name it once more. */
const groupsChange = (wanted: UserResource, found: FoundUser): readonly UserChange[] => {
  if (wanted.groups === undefined) return [];
  const own = wanted.group ?? groupName(found);
  const beside = (names: readonly string[]) => listText(names.filter((name) => name !== own));
  const [from, to] = [beside(groupsOf(found)), beside(wanted.groups)];
  return from === to ? [] : [{ what: 'groups', from, to, words: ['-G', wanted.groups.join(',')] }];
};

const fieldChange = (
  what: string,
  flag: string,
  from: string,
  to: string | number | undefined,
): readonly UserChange[] =>
  to === undefined || String(to) === from ? [] : [{ what, from, to: String(to), words: [flag, String(to)] }];

/** Of one that is there. */
export const changesOf = (wanted: UserResource, found: FoundUser): readonly UserChange[] => {
  const { user, shadow, hasHome } = found;
  const { home } = wanted;
  const needsHome = home !== undefined && wanted.system !== true && !hasHome;
  return [
    ...fieldChange('uid', '-u', String(user.uid), wanted.uid),
    ...fieldChange('group', '-g', groupName(found), wanted.group),
    ...groupsChange(wanted, found),
    ...fieldChange('home', '-d', user.home, home),
    ...(needsHome ? [{ what: 'home directory', from: 'absent', to: home, words: [] }] : []),
    ...fieldChange('shell', '-s', user.shell, wanted.shell),
    ...fieldChange('comment', '-c', user.comment, wanted.comment),
    ...(passwordFor(wanted, shadow) === undefined
      ? []
      : [{ what: 'password-hash', from: 'another', to: 'as the document says', words: [] }]),
    ...lockChange(wanted, found),
  ];
};
harden(changesOf);

/** For useradd. `groups`: those that there are. */
export const newUserWords = (wanted: UserResource, groups: readonly Group[]): readonly string[] => {
  const { name, uid, home, shell, comment, system } = wanted;
  // useradd would make a group of the user's name, and fails where there is one.
  const group = wanted.group ?? groups.find((other) => other.name === name)?.name;
  const option = (flag: string, value: string | number | undefined): readonly string[] =>
    value === undefined ? [] : [flag, String(value)];
  return [
    ...option('-u', uid),
    ...option('-g', group),
    ...option('-G', wanted.groups === undefined || wanted.groups.length === 0 ? undefined : wanted.groups.join(',')),
    ...option('-d', home),
    ...option('-s', shell),
    ...option('-c', comment),
    ...(system === true ? ['-r', '-M'] : ['-m']),
  ];
};
harden(newUserWords);
