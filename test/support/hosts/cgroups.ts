/**
 * Each booted host has a cgroup of its own, below that of the tests: two that were started from the same one would be in each other's
 * way, for systemd takes the cgroup that it is started in as its own.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabPlace } from './places.ts';

/** Of systemd's own hierarchy and the unified one, where there are such: where they are mounted, and our place there. */
const ownCgroups = (): readonly string[] => {
  const paths = new Map(
    readFileSync('/proc/self/cgroup', 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(':') as [string, string, string])
      .filter(([, controllers]) => controllers === 'name=systemd' || controllers === '')
      .map(([, controllers, path]) => [controllers === '' ? 'cgroup2' : 'name=systemd', path]),
  );
  const found: string[] = [];
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const [type = '', , options = ''] = after.split(' ');
    const hierarchy = type === 'cgroup2' ? type : options.split(',').find((option) => option === 'name=systemd');
    const path = hierarchy === undefined ? undefined : paths.get(hierarchy);
    if (path !== undefined) found.push(join(before.split(' ')[4]!, path));
  }
  return found;
};

const nameOf = ({ prefix }: LabPlace, host: string): string => `gobs-${prefix}${host}`;

/** Made if they are not there. A process joins one when its number is written to `cgroup.procs`. */
export const hostCgroups = (place: LabPlace, host: string): readonly string[] =>
  ownCgroups().map((parent) => {
    const path = join(parent, nameOf(place, host));
    mkdirSync(path, { recursive: true });
    return path;
  });

/** Of all hosts of a lab. */
export const labCgroups = (place: LabPlace): readonly string[] =>
  ownCgroups()
    .filter(existsSync)
    .flatMap((parent) =>
      readdirSync(parent)
        .filter((name) => name.startsWith(nameOf(place, '')))
        .map((name) => join(parent, name)),
    );
