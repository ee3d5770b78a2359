/**
 * Which processes of this host are the hobs of which machine directory: the rules of src/protocol/machine-directory.ts, as a provider
 * sees them. Two ways lead to a hob: the note of who has the lock, and the command line, which a hob has before it wrote any note.
 */
import { codeOf } from '../../errors/gobs-error.ts';
import { directoryAtEnd, machinePaths, namesDirectory, parseHobPid } from '../../protocol/machine-directory.ts';
import type { ProcessTable, RunningProcess } from './process-table.ts';

/**
 * `directory` is always the machine's whole directory, as hobs were started with it; `home` is where its files are now, if
 * it was moved to be removed.
 */
export interface HobSearch {
  /** Who has the lock; undefined if nobody has, or has not noted it yet. */
  lockHolder(directory: string, home?: string): Promise<RunningProcess | undefined>;
  /** All: who has the lock, who is about to try, who is about to end. */
  find(directory: string, home?: string): Promise<readonly RunningProcess[]>;
  /** Is there any? Costs less than `find` where there is. */
  runs(directory: string, home?: string): Promise<boolean>;
  /** Every machine directory that a hob of this user was started for, in any provider. */
  directories(): Promise<ReadonlySet<string>>;
  /** Has none of these ended? */
  anyRuns(found: readonly RunningProcess[]): Promise<boolean>;
}

export interface HobSearchPowers {
  /** The text of a file; undefined if there is none. A hob that was taken over may have put anything there. */
  readonly read: (path: string) => Promise<string | undefined>;
  readonly processes: ProcessTable;
  /** Of this process: only processes of the same user are ours. */
  readonly uid: number;
}

const ignoreNoFile = (error: unknown): undefined => {
  if (codeOf(error) !== 'PROVIDER_FAILED') throw error;
};

export const makeHobSearch = ({ read, processes, uid }: HobSearchPowers): HobSearch => {
  const lockHolder: HobSearch['lockHolder'] = async (directory, home = directory) => {
    // What is no file is no note: the command line is the other way.
    const text = await read(machinePaths(home).hobPid).catch(ignoreNoFile);
    const noted = text === undefined ? undefined : parseHobPid(text);
    if (noted === undefined) return undefined;
    const found = await processes.look(noted.pid);
    if (found === undefined || found.startTime !== noted.startTime) return undefined;
    // A directory that was moved under its hob has another name than when that was started; where a process is follows.
    // One that ends has no command line any more, but still a place, a moment before it is a zombie.
    const isHere = namesDirectory(found.argv, directory) || (found.argv.length > 0 && found.cwd === home);
    return found.uid === uid && isHere ? found : undefined;
  };

  const searchDetached = async (accept: (directory: string) => boolean) => {
    const found = await processes.search((argv) => {
      const directory = directoryAtEnd(argv);
      return directory !== undefined && accept(directory);
    });
    return found.filter((hob) => hob.leadsSession && hob.uid === uid);
  };

  const find: HobSearch['find'] = async (directory, home) => {
    const holder = await lockHolder(directory, home);
    const detached = await searchDetached((path) => path === directory);
    const others = detached.filter((hob) => hob.pid !== holder?.pid);
    return harden(holder === undefined ? others : [holder, ...others]);
  };

  const runs: HobSearch['runs'] = async (directory, home) =>
    (await lockHolder(directory, home)) !== undefined ||
    (await searchDetached((path) => path === directory)).length > 0;

  const directories: HobSearch['directories'] = async () =>
    new Set((await searchDetached(() => true)).map((hob) => directoryAtEnd(hob.argv)!));

  const anyRuns: HobSearch['anyRuns'] = async (found) => {
    for (const { pid, startTime } of found) {
      if ((await processes.look(pid))?.startTime === startTime) return true;
    }
    return false;
  };

  return harden({ lockHolder, find, runs, directories, anyRuns });
};
harden(makeHobSearch);
