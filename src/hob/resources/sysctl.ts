/**
 * A setting of the kernel, now and after the next boot. See its definition for what a document may say.
 *
 * It is read as a file; it is written by a command, as the kernel takes no other file in the place of that one. The boot's file is written first: a
 * hob that is killed in between finds the live value differing.
 */
import { Buffer } from 'node:buffer';
import { makeError } from '../../errors/gobs-error.ts';
import { sysctlDefinition, sysctlFile, type SysctlResource } from '../../protocol/resources/sysctl.ts';
import type { Change, Resource } from '../../protocol/shapes.ts';
import { act, commandsOf } from './commanding.ts';
import type { Host, ResourceType } from './contract.ts';
import { removed, wrongType } from './standing.ts';

/** Bytes. */
const LARGEST = 65_536;
const MODE = 0o644;

/** `net.ipv4.conf.eth0/100.forwarding` is /proc/sys/net/ipv4/conf/eth0.100/forwarding. */
const liveFile = (key: string): string => `/proc/sys/${key.replace(/[./]/g, (sign) => (sign === '.' ? '/' : '.'))}`;

/** Fields of a value are told apart by blanks, of which the kernel has its own. */
const words = (text: string): string => text.trim().split(/\s+/).join(' ');

const fileText = (key: string, value: string): string => `# Kept by gobs.\n${key} = ${value}\n`;

const textAt = async (path: string, { files }: Host): Promise<string | undefined> => {
  const content = await files.read(path, LARGEST);
  return content === undefined ? undefined : Buffer.from(content).toString('utf8');
};

const liveChange = async (key: string, value: string, host: Host): Promise<Change | undefined> => {
  const found = await host.files.stat(liveFile(key));
  if (found?.type !== 'file') {
    throw makeError('CANNOT_CHANGE', `${key}: this kernel has no such setting`, {
      hint: 'is it spelled so, and is the module that has it loaded?',
    });
  }
  if ((found.mode & 0o444) === 0) {
    throw makeError('CANNOT_LOOK', `${key}: it can be set, and not read`, {
      hint: 'an exec that is notified can set it',
    });
  }
  const live = words((await textAt(liveFile(key), host)) ?? '');
  return live === value ? undefined : { what: 'value', from: live, to: value };
};

/** What is said for the next boot: the value of our file, as far as it can be told. */
const savedChange = async (key: string, value: string, host: Host): Promise<Change | undefined> => {
  const path = sysctlFile(key);
  const found = await host.files.stat(path);
  if (found !== undefined && found.type !== 'file') throw wrongType(path, found, 'remove it by hand');
  const text = found === undefined ? undefined : await textAt(path, host);
  if (text === fileText(key, value) && found?.mode === MODE) return undefined;
  const said = text?.split('\n').find((line) => line.startsWith(`${key} = `));
  const from = said === undefined ? 'something else' : words(said.slice(key.length + 3));
  return {
    what: 'at boot',
    from: found === undefined ? 'absent' : from === value ? 'something else' : from,
    to: value,
  };
};

const mend = async (key: string, value: string, live: Change | undefined, saved: Change | undefined, host: Host) => {
  if (saved !== undefined) {
    const content = Buffer.from(fileText(key, value), 'utf8');
    await host.files.replace(sysctlFile(key), content, { mode: MODE, uid: 0, gid: 0 });
  }
  if (live === undefined) return;
  await act(host, key, ['tee', '--', liveFile(key)], { input: `${value}\n` });
  const after = await liveChange(key, value, host);
  if (after === undefined) return;
  throw makeError('CANNOT_CHANGE', `${key}: the kernel made ${after.from} of ${value}`, { hint: 'give that value' });
};

export const sysctlType: ResourceType = {
  definition: sysctlDefinition,
  converge: async (resource: Resource, host: Host, apply: boolean) => {
    const { key, value, absent } = resource as SysctlResource;
    commandsOf(host, key);
    const path = sysctlFile(key);
    if (absent === true) {
      const found = await host.files.stat(path);
      if (found !== undefined && found.type !== 'file') throw wrongType(path, found, 'remove it by hand');
      return removed(found, apply, () => host.files.removeFile(path));
    }
    const wanted = words(String(value));
    const live = await liveChange(key, wanted, host);
    const saved = await savedChange(key, wanted, host);
    if (apply) await mend(key, wanted, live, saved, host);
    return [live, saved].filter((change) => change !== undefined);
  },
};
harden(sysctlType);
