/** Processes by a directory: those that name it, or something in it, in a word of their command line, or that work in it. */
import * as fs from 'node:fs/promises';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';

const read = async (pid: number) => {
  try {
    const argv = (await fs.readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
    return [...argv, await fs.readlink(`/proc/${pid}/cwd`).catch(() => '')];
  } catch {
    return [];
  }
};

/** Those that have ended and that nobody has waited for are not there any more. */
export const processesIn = async (directory: string): Promise<readonly number[]> => {
  const pids = (await fs.readdir('/proc')).filter((name) => /^[0-9]+$/.test(name)).map(Number);
  const words = await Promise.all(pids.map(read));
  const isIn = (word: string) => word === directory || word.startsWith(`${directory}/`);
  return pids.filter((_pid, at) => words[at]!.some(isIn));
};

/** SIGKILL to all of them and to what they still start, until there are none. They are nobody's children, so it has to look. */
export const killProcessesIn = async (directory: string): Promise<void> => {
  for (;;) {
    const pids = await processesIn(directory);
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    }
    await delay(10);
  }
};
