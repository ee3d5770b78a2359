/**
 * Which boss a command talks to: where its locator is. By `--state DIR`, `--socket PATH`, `--connect-file FILE` (or `-`), or the
 * environment, or the boss of `gobs up`. Secrets come from files and standard input; there is no option that takes one.
 */
import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { makeError } from '../errors/gobs-error.ts';
import { printable } from '../protocol/printable.ts';
import {
  defaultStateRoot,
  stateDirectory,
  whyUntrusted,
  type Places,
  type StateDirectory,
} from '../protocol/state-directory.ts';
import type { CliPowers } from './powers.ts';
import type { BossPlace } from './request.ts';

type FindPowers = Pick<CliPowers, 'env' | 'homeDirectory' | 'workingDirectory' | 'uid' | 'fs' | 'stdin'>;

export interface FoundLocator {
  readonly locator: string;
  /** For messages: `in /home/…/gobs`. */
  readonly where: string;
  /** Was it kept by a boss for its own clients (state directory or socket)? Then it names the boss. */
  readonly kept: boolean;
  /** Something that the user should know. */
  readonly warning?: string;
}

const placesOf = ({ env, homeDirectory, uid }: FindPowers): Places => ({
  env,
  homeDirectory,
  uid,
  sha256: (text) => createHash('sha256').update(text).digest('hex'),
});

/** The state directory that `--state`, the environment or the default says. */
export const findStateDirectory = (state: string | undefined, powers: FindPowers): StateDirectory => {
  const places = placesOf(powers);
  return stateDirectory(resolve(powers.workingDirectory, state ?? defaultStateRoot(places)), places);
};
harden(findStateDirectory);

/** A flag beats every variable; of the variables, the more particular one wins. */
const placeOrEnvironment = (at: BossPlace, { env }: FindPowers): BossPlace => {
  if (at.state !== undefined || at.socket !== undefined || at.connectFile !== undefined) return at;
  if (env.GOBS_CONNECT_FILE) return { connectFile: env.GOBS_CONNECT_FILE };
  return env.GOBS_SOCKET ? { socket: env.GOBS_SOCKET } : {};
};

const LONGEST_LOCATOR = 16_384;

const firstLine = (text: string): string => text.trim().split('\n')[0]!.trim();

const readStdin = async (stdin: Readable): Promise<string> => {
  let text = '';
  stdin.setEncoding('utf8');
  for await (const chunk of stdin) {
    text += chunk as string;
    if (text.length > LONGEST_LOCATOR) break;
  }
  return firstLine(text);
};

export const notRunning = (where: string, hint: string, cause?: unknown): Error =>
  makeError('BOSS_NOT_RUNNING', `no boss is running ${where}`, { hint, ...(cause === undefined ? {} : { cause }) });
harden(notRunning);

const isAbsent = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes((error as { code?: string }).code ?? '');

/** The reason of a file system error in a few words. */
export const reasonOf = (error: unknown): string => {
  const { code, message } = error as { code?: string; message?: string };
  const words: Record<string, string> = {
    ENOENT: 'no such file',
    EACCES: 'not permitted',
    EISDIR: 'is a directory',
    ENOTDIR: 'is below a file',
  };
  return (code === undefined ? undefined : words[code]) ?? code ?? printable(String(message));
};
harden(reasonOf);

const readKept = async (file: string, where: string, hint: string, { fs }: FindPowers): Promise<string> => {
  try {
    return firstLine(await fs.readFile(file, 'utf8'));
  } catch (error) {
    if (isAbsent(error)) throw notRunning(where, hint, error);
    throw makeError('BOSS_NOT_RUNNING', `${file}: ${reasonOf(error)}`, {
      hint: 'a boss is reached by the user that runs it',
      cause: error,
    });
  }
};

/** Undefined if it is no locator of a Unix socket; whoever dials says what is wrong with it. */
export const socketOf = (locator: string): string | undefined =>
  URL.canParse(locator) ? (new URL(locator).searchParams.get('path') ?? undefined) : undefined;
harden(socketOf);

/**
 * A socket that is not in the state directory is in a runtime directory, where the boss found one: by its own environment, which
 * need not be ours. Another user could have made that directory, and wait there for our secret.
 */
const refuseUntrusted = async (locator: string, root: string, powers: FindPowers): Promise<void> => {
  const place = dirname(socketOf(locator) ?? `${root}/boss.sock`);
  if (place === root) return;
  const why = await powers.fs.lstat(place).then(
    (stats) => whyUntrusted(stats, powers.uid),
    (error: unknown) => (isAbsent(error) ? undefined : reasonOf(error)),
  );
  if (why !== undefined) {
    throw makeError('STORE_UNUSABLE', `${place}: ${why}`, { hint: 'remove it, and start the boss again' });
  }
};

const findInState = async (state: string | undefined, powers: FindPowers): Promise<FoundLocator> => {
  const { root, adminLocator } = findStateDirectory(state, powers);
  const hint = state === undefined ? 'start one with gobs up' : `start one with gobs up --state ${printable(state)}`;
  const where = `in ${root}`;
  const locator = await readKept(adminLocator, where, hint, powers);
  await refuseUntrusted(locator, root, powers);
  return { locator, where, kept: true };
};

const findAtSocket = async (socket: string, powers: FindPowers): Promise<FoundLocator> => {
  const path = resolve(powers.workingDirectory, socket);
  const where = `at ${path}`;
  const hint = 'the boss writes its locator beside its socket, with .locator at the end';
  const locator = await readKept(`${path}.locator`, where, hint, powers);
  // The directory may have another name here than where the boss runs: in a container, through a mount.
  const url = URL.canParse(locator) ? new URL(locator) : undefined;
  url?.searchParams.set('path', path);
  return { locator: url?.href ?? locator, where, kept: true };
};

const findInFile = async (file: string, powers: FindPowers): Promise<FoundLocator> => {
  if (file === '-') {
    return { locator: await readStdin(powers.stdin), where: 'behind the locator from standard input', kept: false };
  }
  const path = resolve(powers.workingDirectory, file);
  const where = `behind the locator in ${path}`;
  try {
    const stats = await powers.fs.stat(path);
    const locator = firstLine((await powers.fs.readFile(path, 'utf8')).slice(0, LONGEST_LOCATOR));
    const open = (stats.mode & 0o077) !== 0 && stats.isFile();
    return {
      locator,
      where,
      kept: false,
      ...(open ? { warning: `${path}: others can read it, and it is authority; chmod 600 it` } : {}),
    };
  } catch (error) {
    throw makeError('BAD_USAGE', `--connect-file ${path}: ${reasonOf(error)}`, { cause: error });
  }
};

/** Rejects with BOSS_NOT_RUNNING, STORE_UNUSABLE (a runtime directory of somebody else) or BAD_USAGE. */
export const findLocator = async (at: BossPlace, powers: FindPowers): Promise<FoundLocator> => {
  const { state, socket, connectFile } = placeOrEnvironment(at, powers);
  if (connectFile !== undefined) return findInFile(connectFile, powers);
  if (socket !== undefined) return findAtSocket(socket, powers);
  return findInState(state, powers);
};
harden(findLocator);
