/** The name of the host: in /etc/hostname, from which it is taken at each boot, and in the kernel. */
import { Buffer } from 'node:buffer';
import { plainText } from '../../protocol/plain-text.ts';
import { hostnameDefinition, hostnamePath, type HostnameResource } from '../../protocol/resources/hostname.ts';
import type { Change, Resource } from '../../protocol/shapes.ts';
import { act, ask, commandsOf } from './commanding.ts';
import type { Host, ResourceType } from './contract.ts';
import { wrongType } from './standing.ts';

const LARGEST = 4096;

/** hostname(5): the first line that is no comment. Undefined if there is none. */
const keptName = async ({ files }: Host): Promise<string | undefined> => {
  const found = await files.stat(hostnamePath);
  if (found === undefined) return undefined;
  if (found.type !== 'file') throw wrongType(hostnamePath, found, 'remove it by hand');
  const content = Buffer.from((await files.read(hostnamePath, LARGEST)) ?? []).toString('utf8');
  return content
    .split('\n')
    .map((line) => line.trim())
    .find((line) => line !== '' && !line.startsWith('#'));
};

export const hostnameType: ResourceType = {
  definition: hostnameDefinition,
  converge: async (resource: Resource, host: Host, apply: boolean) => {
    const { name } = resource as HostnameResource;
    commandsOf(host, name);
    const kept = await keptName(host);
    const now = (await ask(host, name, ['uname', '-n'])).stdout.trim();
    const changes: Change[] = [];
    if (kept !== name) changes.push({ what: 'kept', from: plainText(kept ?? 'absent', 100), to: name });
    if (now !== name) changes.push({ what: 'now', from: plainText(now, 100), to: name });
    if (apply && kept !== name) {
      await host.files.replace(hostnamePath, Buffer.from(`${name}\n`, 'utf8'), { mode: 0o644, uid: 0, gid: 0 });
    }
    if (apply && now !== name) await act(host, name, ['hostname', '--', name]);
    return changes;
  },
};
harden(hostnameType);
