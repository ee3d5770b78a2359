/**
 * apt-get, as a hob runs it: asks nobody anything, keeps configuration files that somebody changed, and waits for whoever has the lock.
 */
import { makeError } from '../../../errors/gobs-error.ts';
import type { CommandOutcome } from '../../commands.ts';
import { ask, commandsOf, sayingOf } from '../commanding.ts';
import type { Host } from '../contract.ts';

/** Seconds for the lock; milliseconds for all of it. */
const LOCK_PATIENCE = 300;
const DEADLINE = 60 * 60_000;

const options = harden([
  '-q',
  '-y',
  '-o',
  `DPkg::Lock::Timeout=${LOCK_PATIENCE}`,
  '-o',
  'Dpkg::Use-Pty=0',
  '-o',
  'Dpkg::Options::=--force-confdef',
  '-o',
  'Dpkg::Options::=--force-confold',
]);

const environment = harden({
  DEBIAN_PRIORITY: 'critical',
  APT_LISTCHANGES_FRONTEND: 'none',
  // It would restart services that the document does not name.
  NEEDRESTART_SUSPEND: '1',
});

/** The lines in which apt and dpkg say what went wrong. */
const MATTERS = /^E:|^dpkg: (error|dependency)|error exit status|^Depends: /;
const TEMPORARY = /Failed to fetch|Unable to fetch some archives/;

export const runAptGet = (
  host: Host,
  thing: string,
  words: readonly string[],
  more: readonly string[] = [],
): Promise<CommandOutcome> =>
  commandsOf(host, thing).run(['apt-get', ...options, ...more, ...words], { environment, deadline: DEADLINE });
harden(runAptGet);

/** In the words of apt and dpkg. */
export const aptSaying = (outcome: CommandOutcome): string =>
  sayingOf(outcome, 'apt-get', MATTERS).replaceAll(/\bE: /g, '');
harden(aptSaying);

/** Is it worth another try with fresh lists? */
export const wantsFreshLists = ({ stdout, stderr }: CommandOutcome): boolean => TEMPORARY.test(stdout + stderr);
harden(wantsFreshLists);

/** A dpkg that was killed left work, which apt wants to be done first. apt says so only when nobody else has the lock. */
export const wasInterrupted = ({ stderr }: CommandOutcome): boolean => stderr.includes('dpkg --configure -a');
harden(wasInterrupted);

/** Finishes what a dpkg that was killed had begun, for whatever package. Resolves to why it could not, or undefined. */
export const finishInterrupted = async (host: Host, thing: string): Promise<string | undefined> => {
  const command = ['dpkg', '--force-confdef', '--force-confold', '--configure', '-a'];
  const outcome = await commandsOf(host, thing).run(command, { environment, deadline: DEADLINE });
  return outcome.code === 0 ? undefined : sayingOf(outcome, 'dpkg', MATTERS);
};
harden(finishInterrupted);

/** Milliseconds. */
const UPDATE_DEADLINE = 10 * 60_000;

/**
 * Fetches the lists of what there is; with `only`, those of one file of sources. Resolves to why not all of them could be had, in the words of apt, or
 * to undefined. Those that could be had are new all the same.
 */
export const fetchLists = async (host: Host, thing: string, only?: string): Promise<string | undefined> => {
  const scope =
    only === undefined
      ? []
      : ['-o', `Dir::Etc::sourcelist=${only}`, '-o', 'Dir::Etc::sourceparts=-', '-o', 'APT::Get::List-Cleanup=0'];
  const command = ['apt-get', ...options, ...scope, '--error-on=any', 'update'];
  const outcome = await commandsOf(host, thing).run(command, { environment, deadline: UPDATE_DEADLINE });
  return outcome.code === 0 ? undefined : aptSaying(outcome);
};
harden(fetchLists);

/** The same. Throws CANNOT_CHANGE, beginning with `thing`: of lists that were not fetched nobody knows what they miss. */
export const updateLists = async (host: Host, thing: string, only?: string): Promise<void> => {
  const why = await fetchLists(host, thing, only);
  if (why !== undefined) throw makeError('CANNOT_CHANGE', `${thing}: ${why}`);
};
harden(updateLists);

/** Its time of change is that of the last update, whether or not something was new. */
const LAST_UPDATE = '/var/lib/apt/lists/partial';
const SOURCES = harden(['/etc/apt/sources.list', '/etc/apt/sources.list.d']);

/** Are the lists older than so many minutes, or than what says where they come from? By the host's clock. */
export const areListsStale = async (host: Host, thing: string, minutes: number): Promise<boolean> => {
  // 1: one of the places is not there.
  const find = async (words: readonly string[]): Promise<string> =>
    (await ask(host, thing, ['find', ...words], { codes: [0, 1] })).stdout;
  if ((await find([LAST_UPDATE, '-maxdepth', '0', '-mmin', `-${minutes}`])) === '') return true;
  return (await find([...SOURCES, '-newer', LAST_UPDATE])) !== '';
};
harden(areListsStale);
