/**
 * Looks at the processes of this host, through `/proc`. A process that is dead but not yet reaped is not there: on hosts
 * whose process 1 reaps nobody it stays for ever, holds nothing, and cannot be killed.
 *
 * Between a look and a signal a process can end and its number be given to another. Node has no handle on processes that
 * would close this gap of microseconds; numbers are given out in a circle, so a number that was just freed is the last to be used again.
 */
import { parseProcessStat } from '../../protocol/machine-directory.ts';

export interface RunningProcess {
  readonly pid: number;
  readonly startTime: number;
  /** The real user id. */
  readonly uid: number;
  /** It leads its own session: it was started detached from any terminal and from who started it. */
  readonly leadsSession: boolean;
  readonly argv: readonly string[];
  /** Where it works: without symlinks, and as its directory is called now; undefined if that is not for us to see. */
  readonly cwd: string | undefined;
}

export interface ProcessTable {
  /** Undefined if there is none of that number, or a dead one. */
  look(pid: number): Promise<RunningProcess | undefined>;
  /** Those whose command line is accepted. Reads one file for each process of the host. */
  search(accept: (argv: readonly string[]) => boolean): Promise<readonly RunningProcess[]>;
}

export interface ProcessTablePowers {
  readonly fs: Pick<typeof import('node:fs/promises'), 'readdir' | 'readFile' | 'readlink'>;
  /** `/proc`. */
  readonly procDirectory: string;
}

// ESRCH: it ended between opening its file and reading it.
const isGone = (error: unknown): boolean =>
  ['ENOENT', 'ESRCH'].includes((error as { code?: string } | null)?.code ?? '');

export const makeProcessTable = ({ fs, procDirectory }: ProcessTablePowers): ProcessTable => {
  const read = async (pid: number, file: string): Promise<string | undefined> => {
    try {
      return await fs.readFile(`${procDirectory}/${pid}/${file}`, 'utf8');
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  };

  const readArgv = async (pid: number): Promise<readonly string[] | undefined> =>
    (await read(pid, 'cmdline'))?.split('\0').slice(0, -1);

  const look = async (pid: number): Promise<RunningProcess | undefined> => {
    const argv = await readArgv(pid);
    const uid = /^Uid:\s+(\d+)/m.exec((await read(pid, 'status')) ?? '')?.[1];
    const stat = parseProcessStat((await read(pid, 'stat')) ?? '');
    if (argv === undefined || uid === undefined || stat === undefined) return undefined;
    if (stat.state === 'Z' || stat.state === 'X') return undefined;
    return harden({
      pid,
      startTime: stat.startTime,
      uid: Number(uid),
      leadsSession: stat.session === pid,
      argv,
      cwd: await fs.readlink(`${procDirectory}/${pid}/cwd`).catch(() => undefined),
    });
  };

  const search: ProcessTable['search'] = async (accept) => {
    const found: RunningProcess[] = [];
    for (const name of await fs.readdir(procDirectory)) {
      if (!/^[0-9]+$/.test(name)) continue;
      const argv = await readArgv(Number(name));
      if (argv === undefined || !accept(argv)) continue;
      const running = await look(Number(name));
      if (running !== undefined) found.push(running);
    }
    return harden(found);
  };

  return harden({ look, search });
};
harden(makeProcessTable);
