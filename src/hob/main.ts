/**
 * The hob's entry point: `node src/hob/main.ts [--root DIRECTORY] [--interval SECONDS] [--sealing-key FILE | --passphrase-file FILE] --directory DIRECTORY`;
 * with `--version` alone it says which it is, and that it can be loaded here.
 * Gathers the powers, runs until SIGTERM, ends with 0 after a flush; with 1, and one line on stderr, if it cannot start. `gobs hob` is the same, in the command line's process.
 */
import '../lockdown.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { Level } from 'level';
import { AsyncLocalStorage } from 'node:async_hooks';
import { execFile, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import { basename, dirname, resolve } from 'node:path';
import process from 'node:process';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import pino from 'pino';
import { describeError, makeError } from '../errors/gobs-error.ts';
import { openStore } from '../persistence/open-store.ts';
import { closeInheritedDescriptors } from '../protocol/inherited-descriptors.ts';
import { directoryFlag } from '../protocol/machine-directory.ts';
import { firstLineOf } from '../sealing/first-line.ts';
import type { SealingSettings } from '../sealing/key-source.ts';
import type { Carried, MessageContext } from '../vats/messages.ts';
import { versionsOf } from '../vats/known-kinds.ts';
import { hobKinds } from './kinds.ts';
import { makeSteadyLog, type Log } from './log.ts';
import { makeServiceNotices } from './service-notices.ts';
import { startHob, type HobOptions, type HobPowers } from './start-hob.ts';

const { version } = packageJson;

const DEFAULT_INTERVAL = 300;

export interface RunHobOptions extends SealingSettings {
  readonly directory: string;
  /** What the resources manage; the machine's own `root/`, unless told. */
  readonly root?: string;
  /** Seconds. */
  readonly interval?: number;
}

/** Whoever delivers a message has its id from here. */
const makeMessageContext = (): MessageContext => {
  const storage = new AsyncLocalStorage<Carried>();
  return harden({ run: (carried, body) => storage.run(carried, body), current: () => storage.getStore() });
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
  spawn,
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
  messageContext: makeMessageContext(),
  randomId: () => randomUUID(),
  random: () => Math.random(),
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
  environment: process.env,
  log,
  version,
  release: basename(dirname(fileURLToPath(import.meta.url))),
});

const run = promisify(execFile);
/** Milliseconds. */
const LONGEST_NOTICE = 30_000;

const noticesOf = ({ environment, setTimer, log }: HobPowers) =>
  makeServiceNotices({
    environment,
    setTimer,
    log,
    notify: async (assignment) => void (await run('systemd-notify', [assignment], { timeout: LONGEST_NOTICE })),
  });

/** What a hob's store may hold: the highest version of each kind, by label. */
export const knownKinds = (): Readonly<Record<string, number>> => harden(Object.fromEntries(versionsOf(hobKinds)));
harden(knownKinds);

/**
 * Runs to its end; the result is the exit code. `interval` in seconds. `adjust` is for tests that stand between a hob and one of its
 * powers.
 */
export const runHob = async (
  { directory, root, interval = DEFAULT_INTERVAL, ...sealing }: RunHobOptions,
  adjust: (powers: HobPowers) => HobPowers = (powers) => powers,
): Promise<number> => {
  const destination = pino.destination({ dest: 2, sync: true });
  // A line that cannot be written (the disk is full) must not end the work that it is about.
  destination.on('error', () => {});
  const log = makeSteadyLog(pino({ base: { pid: process.pid } }, destination));
  const end = endRequested();
  const settings: HobOptions = {
    directory: realDirectory(directory),
    ...(root === undefined ? {} : { root: realDirectory(root) }),
    interval: interval * 1000,
    ...sealing,
  };
  const powers = adjust(gatherPowers(log));
  const notices = noticesOf(powers);
  const hob = await startHob(settings, powers);
  log.info({ directory: settings.directory, version }, 'the hob works');
  await notices.works();
  await end;
  await notices.ends();
  await hob.stop();
  log.info({}, 'the hob ends');
  return 0;
};
harden(runHob);

const readSealing = async (key: string | undefined, file: string | undefined): Promise<SealingSettings> => {
  if (key !== undefined && file !== undefined) {
    throw makeError('BAD_USAGE', '--sealing-key and --passphrase-file are two ways to say the same');
  }
  if (key !== undefined) return { sealingKey: resolve(key) };
  if (file === undefined) return {};
  return file === '-' ? { passphrase: await firstLineOf(process.stdin) } : { passphraseFile: resolve(file) };
};

/** Undefined: it is asked for its version. Rejects BAD_USAGE. */
const readArguments = async (): Promise<RunHobOptions | undefined> => {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      directory: text,
      root: text,
      interval: text,
      'sealing-key': text,
      'passphrase-file': text,
      version: { type: 'boolean' },
    },
  });
  const { directory, root, interval } = values;
  if (values.version) return undefined;
  if (directory === undefined) throw makeError('BAD_USAGE', `${directoryFlag} DIRECTORY is missing`);
  const options = {
    directory,
    ...(root === undefined ? {} : { root }),
    ...(await readSealing(values['sealing-key'], values['passphrase-file'])),
  };
  if (interval === undefined) return options;
  const seconds = Number(interval);
  if (!(seconds > 0)) throw makeError('BAD_USAGE', `--interval ${interval} is no number of seconds above 0`);
  return { ...options, interval: seconds };
};

if (import.meta.main) {
  // Started by a boss, which may have been started by anybody.
  closeInheritedDescriptors(fs);
  const start = async (): Promise<number> => {
    const options = await readArguments();
    if (options !== undefined) return runHob(options);
    process.stdout.write(`${version}\n`);
    return 0;
  };
  start().then(
    (code) => process.exit(code),
    (error: unknown) => {
      const { code, message, hint } = describeError(error);
      process.stderr.write(`gobs hob: ${code}: ${message}\n${hint === undefined ? '' : `hint: ${hint}\n`}`);
      process.exit(1);
    },
  );
}
