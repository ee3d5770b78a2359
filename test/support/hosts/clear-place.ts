/**
 * Takes away everything of a lab: processes, mounts, network, cgroups, files. The one way in which labs end, also those of killed runs; so
 * it looks for what is there, and remembers nothing.
 */
import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { command } from './commands.ts';
import { labCgroups } from './cgroups.ts';
import { abandonedPlaces, type LabPlace } from './places.ts';
import { childrenOf, kill, pidsNaming } from './processes.ts';

/** Below a directory, the innermost first. */
const mountsBelow = (directory: string): readonly string[] =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((path) => path.startsWith(`${directory}/`))
    .reverse();

const namespacesOf = ({ prefix }: LabPlace): readonly string[] =>
  existsSync('/run/netns') ? readdirSync('/run/netns').filter((name) => name.startsWith(prefix)) : [];

const interfacesOf = ({ bridge, prefix }: LabPlace): readonly string[] =>
  readdirSync('/sys/class/net').filter((name) => name === bridge || name.startsWith(prefix));

const nspawnDirectories = ['/run/systemd/nspawn/propagate', '/run/systemd/nspawn/unix-export'];
const containersOf = ({ prefix }: LabPlace): readonly string[] =>
  nspawnDirectories.filter(existsSync).flatMap((directory) =>
    readdirSync(directory)
      .filter((name) => name.startsWith(prefix))
      .map((name) => join(directory, name)),
  );

const pidsIn = (cgroup: string): readonly number[] =>
  readdirSync(cgroup, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return pidsIn(join(cgroup, entry.name));
    if (entry.name !== 'cgroup.procs') return [];
    return readFileSync(join(cgroup, entry.name), 'utf8').trim().split('\n').filter(Boolean).map(Number);
  });

const pidsOf = (place: LabPlace): readonly number[] => [
  ...new Set([...pidsNaming(place.directory), ...labCgroups(place).flatMap(pidsIn)]),
];

/** The first process of a container before the one that looks after it: the rest of the container dies with it. */
const endProcesses = async (place: LabPlace): Promise<void> => {
  for (const pid of pidsNaming(place.directory)) for (const child of childrenOf(pid)) await kill(child);
  for (let pids = pidsOf(place); pids.length > 0; pids = pidsOf(place)) for (const pid of pids) await kill(pid);
};

const removeCgroup = (path: string): void => {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) removeCgroup(join(path, entry.name));
  }
  rmdirSync(path);
};

/** What is left of it, by name. */
export const remainsOf = (place: LabPlace): readonly string[] => [
  ...pidsOf(place).map((pid) => `process ${pid}`),
  ...mountsBelow(place.directory).map((path) => `mount ${path}`),
  ...namespacesOf(place).map((name) => `network namespace ${name}`),
  ...interfacesOf(place).map((name) => `network interface ${name}`),
  ...containersOf(place),
  ...labCgroups(place).map((path) => `cgroup ${path}`),
  ...(existsSync(place.directory) ? [place.directory] : []),
];

export const clearPlace = async (place: LabPlace): Promise<void> => {
  await endProcesses(place);
  for (const path of mountsBelow(place.directory)) await command('umount', '-l', path);
  // Before the namespaces, with which some of them would go by themselves, but later.
  for (const name of interfacesOf(place)) await command('ip', 'link', 'del', name);
  for (const name of namespacesOf(place)) await command('ip', 'netns', 'del', name);
  for (const path of containersOf(place)) await rm(path, { recursive: true });
  labCgroups(place).forEach(removeCgroup);
  await rm(place.directory, { recursive: true, force: true });
};

/** Those whose makers are dead. */
export const clearAbandonedPlaces = async (): Promise<void> => {
  for (const place of await abandonedPlaces()) await clearPlace(place);
};
