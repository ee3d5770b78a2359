/** `mode` and `owner`, which files and directories have in common: what differs, and what to set. */
import { makeError } from '../../errors/gobs-error.ts';
import { parseOwner, type Account } from '../../protocol/resources/owner.ts';
import type { Change } from '../../protocol/shapes.ts';
import type { AccountFile, Accounts } from '../accounts.ts';
import type { Attributes, EntryStat } from '../rooted-files.ts';

export interface Ownership {
  /** What the document asks for, in numbers. */
  readonly wanted: Attributes;
  /** What differs. Nothing, if there is no entry: then all of it is new. */
  differences(found: EntryStat | undefined): Promise<readonly Change[]>;
}

interface OwnershipRequest {
  readonly path: string;
  readonly mode?: string;
  readonly owner?: string;
  /** Whose it is to be where the document leaves that out. Left out: whose it is on the host. */
  readonly own?: { readonly uid: number; readonly gid: number };
}

export const modeText = (mode: number): string => mode.toString(8).padStart(4, '0');
harden(modeText);

const idOf = async (accounts: Accounts, path: string, file: AccountFile, account: Account): Promise<number> => {
  const id = await accounts.idOf(file, account);
  if (id !== undefined) return id;
  throw makeError('CANNOT_CHANGE', `${path}: this host has no ${file} ${account}`, {
    hint: `make the ${file}, or give a number`,
  });
};

/** As the document writes its own: a number for a number, a name for a name, if there is one. */
const textOf = async (accounts: Accounts, file: AccountFile, like: Account, id: number): Promise<string> =>
  typeof like === 'number' ? String(id) : ((await accounts.nameOf(file, id)) ?? String(id));

/** Throws CANNOT_CHANGE if there is no such user or group, CANNOT_LOOK if that cannot be known. */
export const ownershipOf = async (request: OwnershipRequest, accounts: Accounts): Promise<Ownership> => {
  const { path } = request;
  const mode = request.mode === undefined ? undefined : Number.parseInt(request.mode, 8);
  const owner = request.owner === undefined ? undefined : parseOwner(request.owner);
  const user = owner?.user ?? request.own?.uid;
  const group = owner?.group ?? request.own?.gid;
  const uid = user === undefined ? undefined : await idOf(accounts, path, 'user', user);
  const gid = group === undefined ? undefined : await idOf(accounts, path, 'group', group);

  const ownerChanges = async (found: EntryStat): Promise<readonly Change[]> => {
    if (user === undefined || (found.uid === uid && (gid === undefined || found.gid === gid))) return [];
    const foundUser = await textOf(accounts, 'user', user, found.uid);
    if (group === undefined) return [{ what: 'owner', from: foundUser, to: `${user}` }];
    const from = `${foundUser}:${await textOf(accounts, 'group', group, found.gid)}`;
    return [{ what: 'owner', from, to: `${user}:${group}` }];
  };
  return harden({
    wanted: {
      ...(mode === undefined ? {} : { mode }),
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    },
    differences: async (found: EntryStat | undefined) => {
      if (found === undefined) return [];
      const modeChanges =
        mode === undefined || mode === found.mode
          ? []
          : [{ what: 'mode', from: modeText(found.mode), to: modeText(mode) }];
      return [...modeChanges, ...(await ownerChanges(found))];
    },
  });
};
harden(ownershipOf);
