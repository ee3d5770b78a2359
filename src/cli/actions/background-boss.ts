/**
 * A boss in the background: started so that it outlives us, known to serve by its first line, and ended by SIGTERM. What it
 * said when it could not start is in its log, and is shown as if it were our own error.
 */
import { E } from '@endo/far';
import { codeOf, makeError, type ErrorCode } from '../../errors/gobs-error.ts';
import { errorCodes } from '../../errors/codes.ts';
import type { Boss } from '../../protocol/remotes.ts';
import type { BossFile, StateDirectory } from '../../protocol/state-directory.ts';
import { withBoss } from '../connect.ts';
import { reasonOf } from '../find-boss.ts';
import { withPassphrase } from '../sealing-input.ts';
import type { StartSettings } from '../start-settings.ts';
import type { Surroundings } from './action.ts';

/** Milliseconds between two looks at a process that is not our child. */
const LOOK_EVERY = 50;
/** Milliseconds that another boss, which has the store, has to begin to serve. */
const OTHER_BOSS_DEADLINE = 10_000;

const pause = ({ powers }: Surroundings) => new Promise<void>((resolve) => powers.setTimer(resolve, LOOK_EVERY));

/** Does a boss serve in this directory? Rejects with everything but that none does. */
export const isServing = async ({ root }: StateDirectory, { powers, output }: Surroundings): Promise<boolean> => {
  try {
    await withBoss({ state: root }, powers, output, async (boss) => E(boss).providers());
    return true;
  } catch (error) {
    if (codeOf(error) === 'BOSS_NOT_RUNNING') return false;
    throw error;
  }
};
harden(isServing);

/** The last error in what a boss said, from a place in its log on. */
const errorInLog = (text: string): Error | undefined => {
  const lines = text.split('\n');
  const at = lines.findLastIndex((line) => /^gobs: [A-Z_]+: /.test(line));
  const [, code, message] = /^gobs: ([A-Z_]+): (.*)$/.exec(lines[at] ?? '') ?? [];
  if (code === undefined || !Object.hasOwn(errorCodes, code)) return undefined;
  const hint = /^hint: (.*)$/.exec(lines[at + 1] ?? '')?.[1];
  return makeError(code as ErrorCode, message!, hint === undefined ? {} : { hint });
};

const sizeOf = async (file: string, { powers }: Surroundings): Promise<number> =>
  powers.fs.stat(file).then(
    ({ size }) => size,
    () => 0,
  );

const whyEnded = async ({ log }: StateDirectory, from: number, { powers }: Surroundings): Promise<Error> => {
  const text = await powers.fs.readFile(log).then(
    (bytes) => bytes.subarray(from).toString('utf8'),
    () => '',
  );
  const hint = `${log} says more`;
  return errorInLog(text) ?? makeError('BOSS_NOT_RUNNING', 'the boss ended before it served', { hint });
};

const makeRoot = async ({ root }: StateDirectory, { powers }: Surroundings): Promise<void> => {
  try {
    await powers.fs.mkdir(root, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw makeError('STORE_UNUSABLE', `${root}: ${reasonOf(error)}`, {
      hint: 'choose another directory with --state DIR',
      cause: error,
    });
  }
};

/** Somebody else starts one just now: it has the store, and will serve. */
const awaitOther = async (directory: StateDirectory, refused: Error, surroundings: Surroundings): Promise<void> => {
  const deadline = surroundings.powers.now() + OTHER_BOSS_DEADLINE;
  while (!(await isServing(directory, surroundings))) {
    if (surroundings.powers.now() > deadline) throw refused;
    await pause(surroundings);
  }
};

/** Resolves when a boss serves there, true if it is ours. Rejects with the error that kept it from that. */
export const ensureBoss = async (
  directory: StateDirectory,
  settings: StartSettings,
  surroundings: Surroundings,
): Promise<{ readonly started: boolean }> => {
  const { powers } = surroundings;
  if (await isServing(directory, surroundings)) return { started: false };
  await makeRoot(directory, surroundings);
  const { root: state, log } = directory;
  const from = await sizeOf(log, surroundings);
  const boss = await powers.startBoss({ state, json: true, log, ...(await withPassphrase(settings, powers)) });
  const line = await boss.firstLine;
  boss.release();
  if (line !== undefined) return { started: true };
  const refused = await whyEnded(directory, from, surroundings);
  if (codeOf(refused) !== 'STORE_IN_USE') throw refused;
  await awaitOther(directory, refused, surroundings);
  return { started: false };
};
harden(ensureBoss);

/** Undefined if there is none, or it is not one. */
export const readBossFile = async (
  { bossFile }: StateDirectory,
  { powers }: Surroundings,
): Promise<BossFile | undefined> => {
  try {
    const value = JSON.parse(await powers.fs.readFile(bossFile, 'utf8')) as Partial<BossFile> | null;
    return Number.isSafeInteger(value?.pid) && value!.pid! > 1 ? (value as BossFile) : undefined;
  } catch {
    return undefined;
  }
};
harden(readBossFile);

/** Resolves when its process is gone. Rejects with TIMED_OUT. Called only when it was seen to serve: its number is its own then. */
export const endBoss = async ({ pid }: BossFile, timeout: number, surroundings: Surroundings): Promise<void> => {
  const { powers } = surroundings;
  const deadline = powers.now() + timeout;
  powers.terminate(pid);
  while (powers.isAlive(pid)) {
    if (powers.now() > deadline) {
      throw makeError('TIMED_OUT', `the boss (process ${pid}) has not ended yet`, {
        hint: 'its log says what it waits for',
      });
    }
    await pause(surroundings);
  }
};
harden(endBoss);

/** The names of the machines of local providers that run, or are about to. */
export const runningLocalMachines = async (
  boss: Boss,
  statuses: readonly { name: string; provider: string; state: string; online: boolean }[],
): Promise<string[]> => {
  const local = new Set((await E(boss).providers()).filter(({ type }) => type === 'local').map(({ name }) => name));
  // One that is stopped, but has a hob all the same, is not ended.
  const ended = ({ state, online }: { state: string; online: boolean }): boolean =>
    state === 'gone' || state === 'destroying' || (state === 'stopped' && !online);
  return statuses.filter((status) => local.has(status.provider) && !ended(status)).map(({ name }) => name);
};
harden(runningLocalMachines);
