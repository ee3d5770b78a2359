/**
 * A directory of its own for a local provider, and what there is in it and of it, looked up without the driver's own code. Hobs
 * are found by any word of their command line that lies in the base directory.
 */
import { spawn } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { makeLocalProvider, type LocalProviderPowers } from '../../src/providers/local/local-provider.ts';
import type { ProviderWorld } from '../contracts/provider.ts';
import { makeLife } from './life.ts';
import { mortalPowers } from './mortal-powers.ts';

export const standInHob = harden([process.execPath, fileURLToPath(new URL('stand-in-hob.ts', import.meta.url))]);

/** The real powers. */
export const localPowers = (directory: string, hobCommand: readonly string[] = standInHob): LocalProviderPowers => ({
  fs,
  spawn,
  kill: (pid, signal) => process.kill(pid, signal),
  now: () => Date.now(),
  setTimer: (callback, milliseconds) => {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
  uid: process.getuid!(),
  environment: process.env,
  hobCommand,
  directory,
});

export interface LocalWorld extends ProviderWorld {
  readonly base: string;
  /** Every process whose command line names the base directory or something in it. */
  pids(): Promise<readonly number[]>;
}

const readArgv = async (pid: number): Promise<readonly string[]> => {
  try {
    return (await fs.readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
  } catch {
    return [];
  }
};

const allPids = async (): Promise<readonly number[]> =>
  (await fs.readdir('/proc')).filter((name) => /^[0-9]+$/.test(name)).map(Number);

const pidsWhere = async (accept: (argv: readonly string[]) => boolean): Promise<readonly number[]> => {
  const found: number[] = [];
  for (const pid of await allPids()) if (accept(await readArgv(pid))) found.push(pid);
  return found;
};

/** Kills and waits, by looking: a detached process is not always our child. A zombie has no command line, so it counts as gone. */
export const killAll = async (pids: readonly number[]): Promise<void> => {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
  for (const pid of pids) while ((await readArgv(pid)).length > 1) await delay(5);
};

export const makeLocalWorld = async (
  adjust: (powers: LocalProviderPowers) => LocalProviderPowers = (powers) => powers,
): Promise<LocalWorld> => {
  const temporary = await fs.realpath(await fs.mkdtemp(join(tmpdir(), 'gobs-local-')));
  const base = join(temporary, 'machines');
  const pids = () => pidsWhere((argv) => argv.some((word) => word === base || word.startsWith(`${base}/`)));
  const pidsOf = (machineId: string) => pidsWhere((argv) => argv.includes(join(base, machineId)));
  return {
    base,
    pids,
    optionsOf: () => harden({}),
    makeDriver: (life = makeLife()) => makeLocalProvider(mortalPowers(adjust(localPowers(base)), life)),
    hobs: async (machineId) => (await pidsOf(machineId)).map((pid) => `process ${pid}`),
    traces: async (machineId) => {
      const entries = await fs.readdir(base).catch(() => []);
      const directories = entries.filter((entry) => entry.split('.')[0] === machineId);
      return [...directories, ...(await pidsOf(machineId)).map((pid) => `process ${pid}`)];
    },
    killHobs: async (machineId) => killAll(await pidsOf(machineId)),
    received: async (machineId) => {
      // The stand-in moves it; the real hob, whose boss is not there, leaves it for the next attempt.
      for (const name of ['state/received', 'enrolment']) {
        const text = await fs.readFile(join(base, machineId, name), 'utf8').catch(() => undefined);
        if (text !== undefined) return text.trim();
      }
      return undefined;
    },
    close: async () => {
      await killAll(await pids());
      await fs.rm(temporary, { recursive: true });
    },
  };
};
