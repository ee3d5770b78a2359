/**
 * Packages of Debian, by dpkg and apt. See its definition for what a document may say.
 *
 * A check asks dpkg once for all of them, and apt once for those of which the newest version is wanted. Applying does all that differ in one transaction
 * (apt/transaction.ts); the lists of what there is are fetched anew only if somebody needs what is not in them, or the newest, and they are old. What
 * a killed dpkg left is finished. Where lists cannot be had, that is an error of those that need them, and of no others. Afterwards dpkg is asked again: what counts is what is there.
 */
import { makeError } from '../../errors/gobs-error.ts';
import { packageDefinition, type PackageResource } from '../../protocol/resources/package.ts';
import type { Change, Resource } from '../../protocol/shapes.ts';
import { areListsStale, fetchLists } from './apt/apt-get.ts';
import { lookCandidates, type Candidates } from './apt/candidates.ts';
import { lookInstalled, type Installed } from './apt/installed.ts';
import { performSteps, type Step } from './apt/transaction.ts';
import type { Host, ResourceType, TogetherOutcome } from './contract.ts';

/** Minutes. */
const OLD_FOR_NEWEST = 60;
const OLD_FOR_MISSING = 10;

interface Look {
  readonly wanted: PackageResource;
  readonly installed: Installed | undefined;
  readonly candidates: Candidates | undefined;
}

const isWhole = ({ status }: Installed): boolean => status === 'installed' || status.startsWith('triggers-');

const textOf = (installed: Installed | undefined): string => {
  if (installed === undefined) return 'absent';
  return isWhole(installed) ? installed.version : `${installed.version} (${installed.status})`;
};

const wantedVersion = ({ wanted: { version, latest }, candidates }: Look): string | undefined =>
  version ?? (latest === true ? candidates?.newest : undefined);

/** Undefined if it is as wanted. */
const changeOf = (look: Look): Change | undefined => {
  const { wanted, installed } = look;
  const from = textOf(installed);
  if (wanted.absent === true) return installed === undefined ? undefined : { what: 'state', from, to: 'absent' };
  const version = wantedVersion(look);
  if (installed !== undefined && isWhole(installed)) {
    return version === undefined || version === installed.version ? undefined : { what: 'version', from, to: version };
  }
  if (wanted.version === undefined && wanted.latest === undefined) return { what: 'state', from, to: 'present' };
  return { what: 'version', from, to: version ?? 'latest' };
};

const wordOf = ({ name, version, absent }: PackageResource): string => {
  if (absent === true) return `${name}-`;
  return version === undefined ? name : `${name}=${version}`;
};

const stepOf = ({ wanted }: Look): Step => ({
  name: wanted.name,
  word: wordOf(wanted),
  removes: wanted.absent === true,
});

/** Does it want something that apt does not know? One that was begun already may come from elsewhere. */
const isMissing = ({ wanted: { version, absent }, candidates }: Look): boolean => {
  if (absent === true) return false;
  return version === undefined ? candidates?.newest === undefined : !(candidates?.versions ?? []).includes(version);
};

/** Why it cannot be done, whatever apt would say. */
const obstacle = (look: Look): Error | undefined => {
  const { wanted, installed, candidates } = look;
  const { name, version } = wanted;
  if (installed?.held === true) {
    const hint = `\`apt-mark unhold ${name}\` on the host lets it go`;
    return makeError('CANNOT_CHANGE', `${name}: it is held at ${installed.version}`, { hint });
  }
  if (!isMissing(look)) return undefined;
  if (version !== undefined && candidates !== undefined && candidates.versions.length > 0) {
    const known = candidates.versions.slice(0, 5).join(', ');
    return makeError('CANNOT_CHANGE', `${name}: apt knows no version ${version} of it, but ${known}`);
  }
  return makeError('CANNOT_CHANGE', `${name}: apt knows no such package`, {
    hint: 'is it spelled so, and is the repository that has it on the host?',
  });
};

const thingOf = (resources: readonly PackageResource[]): string => resources[0]!.name;

const namesOf = (resources: readonly PackageResource[]): readonly string[] => resources.map(({ name }) => name);

const look = async (host: Host, resources: readonly PackageResource[], apply: boolean): Promise<readonly Look[]> => {
  const thing = thingOf(resources);
  const installed = await lookInstalled(host, thing, namesOf(resources));
  const concerned = resources.filter((wanted) => {
    if (wanted.absent === true) return false;
    return (
      wanted.latest === true ||
      (apply && changeOf({ wanted, installed: installed.get(wanted.name), candidates: undefined }) !== undefined)
    );
  });
  const candidatesOf = await lookCandidates(host, thing, namesOf(concerned));
  return resources.map((wanted) => ({
    wanted,
    installed: installed.get(wanted.name),
    candidates: candidatesOf(wanted.name),
  }));
};

interface FreshLook {
  readonly found: readonly Look[];
  /** Why the lists are not as new as they should be, in the words of apt. */
  readonly unfetched: string | undefined;
}

/** The same, with lists that are new enough for what is wanted, if they can be had. */
const lookAfresh = async (host: Host, resources: readonly PackageResource[]): Promise<FreshLook> => {
  const found = await look(host, resources, true);
  const thing = thingOf(resources);
  const newest = found.some(({ wanted }) => wanted.latest === true);
  const missing = found.some((one) => changeOf(one) !== undefined && isMissing(one));
  if (!newest && !missing) return { found, unfetched: undefined };
  if (!(await areListsStale(host, thing, missing ? OLD_FOR_MISSING : OLD_FOR_NEWEST))) {
    return { found, unfetched: undefined };
  }
  const unfetched = await fetchLists(host, thing);
  return { found: await look(host, resources, true), unfetched };
};

/** Of one that needs the lists: without them nobody knows the newest version, or whether there is what is missing. */
const unknowable = (one: Look, unfetched: string | undefined): Error | undefined => {
  const needed = one.wanted.latest === true || (changeOf(one) !== undefined && isMissing(one));
  if (unfetched === undefined || !needed) return undefined;
  return makeError('CANNOT_CHANGE', `${one.wanted.name}: ${unfetched}`);
};

const outcomeOf = (one: Look, error: unknown): TogetherOutcome => {
  if (error !== undefined) return { error };
  const change = changeOf(one);
  return { changes: change === undefined ? [] : [change] };
};

const stillNot = ({ wanted: { name }, installed }: Look): Error =>
  makeError('CANNOT_CHANGE', `${name}: apt-get ended without an error, but it is ${textOf(installed)}`, {
    hint: 'is it the name of a package, and not of something that several packages provide?',
  });

interface Plan {
  readonly found: readonly Look[];
  readonly steps: readonly Step[];
  /** By name, of those that have no step. */
  readonly errors: ReadonlyMap<string, unknown>;
}

/** What is to be done, and what cannot be; nothing is touched but the lists. */
const plan = async (host: Host, resources: readonly PackageResource[]): Promise<Plan> => {
  const { found, unfetched } = await lookAfresh(host, resources);
  const errors = new Map<string, unknown>();
  const steps: Step[] = [];
  for (const one of found) {
    const differs = changeOf(one) !== undefined;
    const error = unknowable(one, unfetched) ?? (differs ? obstacle(one) : undefined);
    if (error !== undefined) errors.set(one.wanted.name, error);
    else if (differs) steps.push(stepOf(one));
  }
  return { found, steps, errors };
};

const mend = async (host: Host, resources: readonly PackageResource[]): Promise<readonly TogetherOutcome[]> => {
  const { found, steps, errors: before } = await plan(host, resources);
  const errors = new Map(before);
  if (steps.length > 0) {
    const failed = await performSteps(host, steps);
    const after = await look(host, resources, false);
    // One that is as wanted after all is no failure, whatever became of the others.
    for (const one of after.filter((other) => changeOf(other) !== undefined)) {
      const { name } = one.wanted;
      errors.set(name, errors.get(name) ?? failed.get(name) ?? stillNot(one));
    }
  }
  return found.map((one) => outcomeOf(one, errors.get(one.wanted.name)));
};

const convergeTogether = async (
  resources: readonly Resource[],
  host: Host,
  apply: boolean,
  mending = apply,
): Promise<readonly TogetherOutcome[]> => {
  const wanted = resources as readonly PackageResource[];
  try {
    if (apply) return await mend(host, wanted);
    if (!mending) return (await look(host, wanted, false)).map((one) => outcomeOf(one, undefined));
    const { found, errors } = await plan(host, wanted);
    return found.map((one) => outcomeOf(one, errors.get(one.wanted.name)));
  } catch (error) {
    return wanted.map(() => ({ error }));
  }
};

export const packageType: ResourceType = {
  definition: packageDefinition,
  converge: async (resource: Resource, host: Host, apply: boolean) => {
    const [outcome] = await convergeTogether([resource], host, apply);
    if ('error' in outcome!) throw outcome.error;
    return outcome!.changes;
  },
  convergeTogether,
};
harden(packageType);
