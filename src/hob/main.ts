/**
 * The hob's entry point: `node src/hob/main.ts [--interval SECONDS] --directory DIRECTORY`. Gathers the powers, runs until SIGTERM, ends
 * with 0 after a flush; with 1, and one line on stderr, if it cannot start. `gobs hob` is the same, in the command line's process.
 */
import '../lockdown.ts';
import { Level } from 'level';
import { randomBytes, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import process from 'node:process';
import tls from 'node:tls';
import { parseArgs } from 'node:util';
import pino from 'pino';
import { describeError, makeError } from '../errors/gobs-error.ts';
import { openStore } from '../persistence/open-store.ts';
import { closeInheritedDescriptors } from '../protocol/inherited-descriptors.ts';
import { directoryFlag } from '../protocol/machine-directory.ts';
import { makeSteadyLog, type Log } from './log.ts';
import { startHob, type HobOptions, type HobPowers } from './start-hob.ts';

const DEFAULT_INTERVAL = 300;

const { version } = JSON.parse(fs.readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Resolves at SIGTERM or SIGINT. Listening begins at once, so that one that comes early is not lost. */
const endRequested = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });

/** Without symlinks. Throws STORE_UNUSABLE. */
const realDirectory = (directory: string): string => {
  try {
    return fs.realpathSync(directory);
  } catch (error) {
    throw makeError(
      'STORE_UNUSABLE',
      `${directory}: there is no machine here (${String((error as { code?: string }).code)})`,
    );
  }
};

const gatherPowers = (log: Log): HobPowers => ({
  openStore,
  fs,
  os,
  tls,
  Level,
  process,
  now: () => Date.now(),
  setTimer: (callback, milliseconds) => {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
  setImmediate: (callback) => void setImmediate(callback),
  randomBytes,
  randomId: () => randomUUID(),
  random: () => Math.random(),
  log,
  version,
});

/**
 * Runs to its end; the result is the exit code. `interval` in seconds. `adjust` is for tests that stand between a hob and one of its
 * powers.
 */
export const runHob = async (
  options: { readonly directory: string; readonly interval?: number },
  adjust: (powers: HobPowers) => HobPowers = (powers) => powers,
): Promise<number> => {
  const destination = pino.destination({ dest: 2, sync: true });
  // A line that cannot be written (the disk is full) must not end the work that it is about.
  destination.on('error', () => {});
  const log = makeSteadyLog(pino({ base: { pid: process.pid } }, destination));
  const end = endRequested();
  const settings: HobOptions = {
    directory: realDirectory(options.directory),
    interval: (options.interval ?? DEFAULT_INTERVAL) * 1000,
  };
  const hob = await startHob(settings, adjust(gatherPowers(log)));
  log.info({ directory: settings.directory, version }, 'the hob works');
  await end;
  await hob.stop();
  log.info({}, 'the hob ends');
  return 0;
};
harden(runHob);

/** Throws BAD_USAGE. */
const readArguments = (): Parameters<typeof runHob>[0] => {
  const { values } = parseArgs({ options: { directory: { type: 'string' }, interval: { type: 'string' } } });
  const { directory, interval } = values;
  if (directory === undefined) throw makeError('BAD_USAGE', `${directoryFlag} DIRECTORY is missing`);
  if (interval === undefined) return { directory };
  const seconds = Number(interval);
  if (!(seconds > 0)) throw makeError('BAD_USAGE', `--interval ${interval} is no number of seconds above 0`);
  return { directory, interval: seconds };
};

if (import.meta.main) {
  // Started by a boss, which may have been started by anybody.
  closeInheritedDescriptors(fs);
  const run = async (): Promise<number> => runHob(readArguments());
  run().then(
    (code) => process.exit(code),
    (error: unknown) => {
      const { code, message, hint } = describeError(error);
      process.stderr.write(`gobs hob: ${code}: ${message}\n${hint === undefined ? '' : `hint: ${hint}\n`}`);
      process.exit(1);
    },
  );
}
