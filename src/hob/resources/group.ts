/** A group of the host, by groupadd, groupmod and groupdel. See its definition for what a document may say. */
import { groupDefinition, type GroupResource } from '../../protocol/resources/group.ts';
import type { Change, Resource } from '../../protocol/shapes.ts';
import { parseGroups, readAccounts, type Group } from './accounts/account-files.ts';
import { act, commandsOf } from './commanding.ts';
import type { Host, ResourceType } from './contract.ts';

interface Mending {
  readonly change: Change;
  readonly command: readonly string[];
}

/** Undefined if it is as wanted. */
const mendingOf = ({ name, gid, system, absent }: GroupResource, found: Group | undefined): Mending | undefined => {
  if (absent === true) {
    if (found === undefined) return undefined;
    return { change: { what: 'state', from: 'present', to: 'absent' }, command: ['groupdel', '--', name] };
  }
  const number = gid === undefined ? [] : ['-g', String(gid)];
  if (found === undefined) {
    const command = ['groupadd', ...number, ...(system === true ? ['-r'] : []), '--', name];
    return { change: { what: 'state', from: 'absent', to: 'present' }, command };
  }
  if (gid === undefined || gid === found.gid) return undefined;
  const change = { what: 'gid', from: String(found.gid), to: String(gid) };
  return { change, command: ['groupmod', ...number, '--', name] };
};

export const groupType: ResourceType = {
  definition: groupDefinition,
  converge: async (resource: Resource, host: Host, apply: boolean) => {
    const wanted = resource as GroupResource;
    commandsOf(host, wanted.name);
    const groups = parseGroups(await readAccounts(host, 'group'));
    const mending = mendingOf(
      wanted,
      groups.find(({ name }) => name === wanted.name),
    );
    if (mending === undefined) return [];
    if (apply) await act(host, wanted.name, mending.command);
    return [mending.change];
  },
};
harden(groupType);
