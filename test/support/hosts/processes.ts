/** Processes, as /proc has them: those of a lab are also found when nobody is left who started them. */
import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It has ended.
    return '';
  }
};

/** When it began, in ticks since the system did: with the pid, it names a process for good. Undefined: there is none. */
export const startOf = (pid: number): string | undefined => {
  const stat = read(`/proc/${pid}/stat`);
  // The name, in brackets, may hold anything; the state follows, and the time is the 20th word from there.
  const words = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return stat === '' || words[0] === 'Z' ? undefined : words[19];
};

export const allPids = (): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number);

/** Those of which a word of the command line is the directory, or something in it. */
export const pidsNaming = (directory: string): readonly number[] =>
  allPids().filter((pid) =>
    read(`/proc/${pid}/cmdline`)
      .split('\0')
      .some((word) => word === directory || word.startsWith(`${directory}/`)),
  );

export const childrenOf = (pid: number): readonly number[] =>
  read(`/proc/${pid}/task/${pid}/children`)
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);

/** Resolves when it is gone, if there was one. A kill cannot be waited for otherwise, unless it is our own child. */
export const kill = async (pid: number): Promise<void> => {
  const start = startOf(pid);
  if (start === undefined) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    return;
  }
  while (startOf(pid) === start) await delay(5);
};
