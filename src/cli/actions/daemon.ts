/** `gobs up`, `down` and `repl`. */
import { makeError } from '../../errors/gobs-error.ts';
import { printable } from '../../protocol/printable.ts';
import type { StateDirectory } from '../../protocol/state-directory.ts';
import { E } from '@endo/far';
import { allMachines } from '../all-machines.ts';
import { withBoss, withConnection } from '../connect.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { findStateDirectory } from '../find-boss.ts';
import { judgeMade } from '../outcomes.ts';
import type { BossPlace } from '../request.ts';
import { startSettings } from '../start-settings.ts';
import type { Action, Surroundings } from './action.ts';
import { endBoss, ensureBoss, isServing, readBossFile, runningLocalMachines } from './background-boss.ts';
import { followAll, stopNamed } from './machine.ts';
import { runRepl } from './repl.ts';
import { noteRestored } from './restored.ts';

const quoted = (path: string): string => (/^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);

/** `state` is absolute, or undefined where no flag is needed to find the boss again. */
const farewellOf = (state: string | undefined): string => {
  const gobs = (words: string) => `gobs ${words}${state === undefined ? '' : ` --state ${quoted(state)}`}`;
  return printable(
    `The boss and its hobs go on. ${gobs('down')} ends the boss, ${gobs('down --all')} the local hobs too; ${gobs('up')} comes back.`,
  );
};

export const up: Action<'up'> = async (request, surroundings) => {
  const { powers, output } = surroundings;
  const { state, listen, metrics, hobInterval } = request;
  const directory = findStateDirectory(state, powers);
  const { started } = await ensureBoss(directory, startSettings(request, powers), surroundings);
  output.note(started ? `gobs: started a boss in ${directory.root}` : `gobs: a boss is running in ${directory.root}`);
  if (!started && listen !== undefined) {
    output.note('gobs: it keeps the address that it listens on; --listen is for the next start');
  }
  if (!started && metrics !== undefined) {
    output.note('gobs: it keeps what it serves; --metrics is for the next start');
  }
  if (!started && hobInterval !== undefined) {
    output.note('gobs: its hobs keep their interval; --hob-interval is for those that the next boss starts');
  }
  await withBoss({ state: directory.root }, powers, output, (boss) => noteRestored(boss, surroundings));
  return replAt({ state: directory.root }, directory, farewellOf(state && directory.root), surroundings);
};
harden(up);

/** What `repl` and `up` share: a session, a history, and what to say at the end. */
const replAt = (
  at: BossPlace,
  directory: StateDirectory,
  farewell: string,
  surroundings: Surroundings,
): Promise<ExitCode> =>
  withConnection(at, surroundings.powers, surroundings.output, (connection) =>
    runRepl(connection, directory, farewell, surroundings),
  );

export const repl: Action<'repl'> = async ({ at }, surroundings) => {
  if (at.connectFile === '-') {
    throw makeError('BAD_USAGE', 'standard input cannot be both the locator and the REPL', {
      hint: 'put the locator in a file with mode 0600',
    });
  }
  const directory = findStateDirectory(at.state, surroundings.powers);
  const own = at.socket === undefined && at.connectFile === undefined;
  const farewell = own ? farewellOf(at.state && directory.root) : 'The boss and its hobs go on.';
  return replAt(at, directory, farewell, surroundings);
};
harden(repl);

const stopLocalMachines = async (
  directory: StateDirectory,
  timeout: number,
  surroundings: Surroundings,
): Promise<ExitCode> => {
  const { powers, output } = surroundings;
  return withBoss({ state: directory.root }, powers, output, async (boss) => {
    const names = await runningLocalMachines(boss, await allMachines(boss));
    const patience = { wait: true, timeout };
    const requests = names.map((name) => ({ name, machine: E(boss).machine(name), judge: judgeMade }));
    await followAll(requests, patience, surroundings, () => {});
    const exit = await stopNamed(names, boss, patience, surroundings);
    if (exit === exitCodes.done && names.length > 0) {
      output.note(`gobs: stopped ${names.join(', ')}; gobs machine start starts them again`);
    }
    return exit;
  });
};

export const down: Action<'down'> = async ({ state, all, timeout }, surroundings) => {
  const { powers, output } = surroundings;
  const directory = findStateDirectory(state, powers);
  const hasStore = await powers.fs.stat(directory.store).then(
    () => true,
    () => false,
  );
  let serving = await isServing(directory, surroundings);
  if (all && hasStore) {
    // Only a boss can stop its machines, so one is started if need be.
    await ensureBoss(directory, startSettings({}, powers), surroundings);
    const exit = await stopLocalMachines(directory, timeout, surroundings);
    if (exit !== exitCodes.done) {
      output.note('gobs: the boss goes on, because not every local machine was stopped');
      return exit;
    }
    serving = true;
  }
  if (!serving) {
    output.note(`gobs: no boss is running in ${directory.root}`);
    return exitCodes.done;
  }
  const boss = await readBossFile(directory, surroundings);
  if (boss === undefined) {
    throw makeError('STORE_UNUSABLE', `${directory.bossFile}: does not say which process the boss is`);
  }
  await endBoss(boss, timeout, surroundings);
  output.note(`gobs: the boss in ${directory.root} has ended${all ? '' : '; its hobs go on'}`);
  return exitCodes.done;
};
harden(down);
