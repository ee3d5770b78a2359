/**
 * Starts and ends the hob of a machine's directory, by the rules in src/protocol/machine-directory.ts.
 *
 * A process that was started detached is nobody's child once its boss was killed, so nothing reports its end: all waiting here is
 * looking again every 25 ms until a deadline.
 */
import type { ChildProcess } from 'node:child_process';
import { makeError } from '../../errors/gobs-error.ts';
import { directoryFlag, machinePaths } from '../../protocol/machine-directory.ts';
import type { HobSearch } from './hob-search.ts';
import type { ProcessTable, RunningProcess } from './process-table.ts';
import { openToAppend, readEnd, type SmallFileFs } from './small-file.ts';

/** Milliseconds. */
const LOOK_EVERY = 25;
/** Milliseconds in which a hob must have taken its lock. Generous: a loaded host, a cold disk. */
const START_DEADLINE = 60_000;
/** Milliseconds that a hob has to end by itself, and then to end when killed. */
const STOP_DEADLINE = 10_000;

/** What of the boss's environment a hob gets; nothing else, so that no secret does. */
const inherited = harden(['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR']);

export interface HobPowers {
  readonly fs: SmallFileFs;
  readonly spawn: typeof import('node:child_process').spawn;
  /** `process.kill`. */
  readonly kill: (pid: number, signal: 'SIGTERM' | 'SIGKILL') => unknown;
  /** Milliseconds; only differences matter. */
  readonly now: () => number;
  readonly setTimer: (callback: () => void, milliseconds: number) => () => void;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Program and first arguments; `--directory <machine>` is appended. Absolute paths: the hob runs in its machine's directory. */
  readonly hobCommand: readonly string[];
  readonly processes: ProcessTable;
  readonly search: HobSearch;
}

export interface Hobs {
  /** Resolves when a hob has the lock of the directory, whoever started it. Rejects with PROVIDER_FAILED. */
  start(directory: string): Promise<void>;
  /**
   * Resolves when none is left, with SIGKILL where the given signal does not do. `home`: where the files are, if they were moved.
   * Rejects with PROVIDER_FAILED if even that does not help.
   */
  end(signal: 'SIGTERM' | 'SIGKILL', directory: string, home?: string): Promise<void>;
}

export const makeHobs = (powers: HobPowers): Hobs => {
  const { fs, processes, search, now, setTimer } = powers;

  const until = async (condition: () => Promise<boolean>, milliseconds: number): Promise<boolean> => {
    const deadline = now() + milliseconds;
    for (;;) {
      if (await condition()) return true;
      if (now() >= deadline) return false;
      await new Promise<void>((resolve) => setTimer(resolve, LOOK_EVERY));
    }
  };

  const spawnDetached = (directory: string, log: number): ChildProcess => {
    const [program = '', ...words] = powers.hobCommand;
    const { environment } = powers;
    const kept = inherited.filter((key) => environment[key] !== undefined);
    return powers.spawn(program, [...words, directoryFlag, directory], {
      cwd: directory,
      env: Object.fromEntries(kept.map((key) => [key, environment[key]])) as NodeJS.ProcessEnv,
      detached: true,
      stdio: ['ignore', log, log],
    });
  };

  const launch = async (directory: string): Promise<readonly RunningProcess[]> => {
    const log = await openToAppend(fs, machinePaths(directory).log);
    try {
      const child = spawnDetached(directory, log.fd);
      await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
      child.unref();
      // By its number: its command line may not be readable for a moment yet.
      const started = await processes.look(child.pid!);
      return started === undefined ? [] : [started];
    } finally {
      await log.close();
    }
  };

  const endedEarly = async (directory: string): Promise<Error> => {
    const { log } = machinePaths(directory);
    const lines = ((await readEnd(fs, log)) ?? '').trim().split('\n');
    const last = lines.at(-1)!.slice(0, 500);
    const said = last === '' ? 'it said nothing' : `it said: ${last}`;
    return makeError('PROVIDER_FAILED', `${directory}: the hob ended before it was ready; ${said}`, {
      hint: `see ${log}`,
    });
  };

  const start: Hobs['start'] = async (directory) => {
    if ((await search.lockHolder(directory)) !== undefined) return;
    let awaited = await search.find(directory);
    if (awaited.length === 0) awaited = await launch(directory);
    const ready = await until(async () => {
      if ((await search.lockHolder(directory)) !== undefined) return true;
      if (await search.anyRuns(awaited)) return false;
      // Ours may have ended because one that a killed boss started took the lock first.
      awaited = await search.find(directory);
      if (awaited.length === 0) throw await endedEarly(directory);
      return false;
    }, START_DEADLINE);
    if (ready) return;
    throw makeError('PROVIDER_FAILED', `${directory}: the hob is not ready after ${START_DEADLINE / 1000} s`, {
      hint: `see ${machinePaths(directory).log}`,
    });
  };

  const endThese = async (found: readonly RunningProcess[], signal: 'SIGTERM' | 'SIGKILL') => {
    for (const hob of found) {
      if (!(await search.anyRuns([hob]))) continue;
      try {
        powers.kill(hob.pid, signal);
      } catch (error) {
        // It ended since the look.
        if ((error as { code?: string } | null)?.code !== 'ESRCH') throw error;
      }
    }
    return until(async () => !(await search.anyRuns(found)), STOP_DEADLINE);
  };

  const end: Hobs['end'] = async (signal, directory, home) => {
    for (;;) {
      const found = await search.find(directory, home);
      if (found.length === 0) return;
      if ((await endThese(found, signal)) || (await endThese(found, 'SIGKILL'))) continue;
      const pids = found.map((hob) => hob.pid).join(', ');
      throw makeError('PROVIDER_FAILED', `${directory}: process ${pids} cannot be ended`);
    }
  };

  return harden({ start, end });
};
harden(makeHobs);
