/**
 * Which version apt would install, as `apt-cache policy` tells it (apt-cache(8)): for each package it knows its name and a colon, below it
 * indented lines, of which "Candidate" is that version, pins and all, and the table has all versions there are.
 *
 *     nginx:
 *       Installed: (none)
 *       Candidate: 1.22.1-9
 *       Version table:
 *          1.22.1-9 500
 *             500 file:/srv/repository ./ Packages
 */
import { ask } from '../commanding.ts';
import type { Host } from '../contract.ts';

export interface Candidates {
  /** Undefined: there is none, as of a name that stands for several packages. */
  readonly newest: string | undefined;
  readonly versions: readonly string[];
}

/** No cache is written: looking leaves no trace. */
export const noCaches = harden(['-o', 'Dir::Cache::pkgcache=', '-o', 'Dir::Cache::srcpkgcache=']);
harden(noCaches);

const BLOCK = /^(\S+):$/;
const CANDIDATE = /^ {2}Candidate: (\S+)$/;
// A version of the table, with its priority; three stars mark the installed one. The places where it is are indented more.
const VERSION = /^ (?:\*\*\*| {3}) (\S+) -?\d+(?: .*)?$/;

/** By name, as it was asked for. What apt does not know is not in it. */
export const parseCandidates = (output: string): ReadonlyMap<string, Candidates> => {
  const found = new Map<string, { newest: string | undefined; versions: string[] }>();
  let current: { newest: string | undefined; versions: string[] } | undefined;
  for (const line of output.split('\n')) {
    const name = BLOCK.exec(line)?.[1];
    if (name !== undefined) {
      current = { newest: undefined, versions: [] };
      found.set(name, current);
      continue;
    }
    const candidate = CANDIDATE.exec(line)?.[1];
    if (current !== undefined && candidate !== undefined && candidate !== '(none)') current.newest = candidate;
    const version = VERSION.exec(line)?.[1];
    if (version !== undefined) current?.versions.push(version);
  }
  return found;
};
harden(parseCandidates);

/** A name with the host's own architecture comes back without it. Throws CANNOT_LOOK, beginning with `thing`. */
export const lookCandidates = async (
  host: Host,
  thing: string,
  names: readonly string[],
): Promise<(name: string) => Candidates | undefined> => {
  if (names.length === 0) return () => undefined;
  const { stdout } = await ask(host, thing, ['apt-cache', ...noCaches, 'policy', '--', ...names]);
  const found = parseCandidates(stdout);
  return (name) => found.get(name) ?? found.get(name.replace(/:[^:]*$/, ''));
};
harden(lookCandidates);
