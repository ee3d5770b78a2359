/** `gobs machine …`: each asks the boss, waits where that was not refused, and shows how it went. */
import { E } from '@endo/far';
import { makeError, type ErrorDescription } from '../../errors/gobs-error.ts';
import { quoted } from '../../protocol/plain-text.ts';
import { printable } from '../../protocol/printable.ts';
import type { Boss, MachineAdmin, MachineObserver } from '../../protocol/remotes.ts';
import { isName, type MachineSpec } from '../../protocol/shapes.ts';
import { allMachines } from '../all-machines.ts';
import { withBoss, withConnection, type Connection } from '../connect.ts';
import { exitCodeOf, exitCodes, type ExitCode, type Outcome } from '../exit-codes.ts';
import { inParallel } from '../in-parallel.ts';
import { judgeGone, judgeReady, judgeStopped } from '../outcomes.ts';
import { detailsRecord, detailsText, machineRecord, machineTable } from '../views/machines.ts';
import { makeWatch, type Followed, type FollowRequest } from '../wait-for-outcome.ts';
import { aboutMachine, errorFrom, type Action, type Surroundings } from './action.ts';
import { confirmDestruction } from './confirm.ts';
import { confirmOptions } from './confirm-options.ts';
import { noteHeld } from './restored.ts';

interface Patience {
  readonly wait: boolean;
  readonly timeout: number;
}

/** Follows until all have settled; says what an interrupt means. */
export const followAll = async (
  requests: readonly FollowRequest[],
  { timeout }: Patience,
  { powers, output }: Surroundings,
  settled: (followed: Followed) => void,
): Promise<readonly Followed[]> => {
  const watch = makeWatch(timeout, powers, output);
  try {
    return await inParallel(requests, async (request) => {
      const followed = await watch.follow(request);
      settled(followed);
      return followed;
    });
  } finally {
    watch.end();
    if (watch.interrupted) {
      output.note('gobs: interrupted: the work goes on; look at it with gobs machine list, or gobs machine show NAME');
    }
  }
};
harden(followAll);

const showUnlessDone =
  ({ output }: Surroundings) =>
  ({ outcome, why }: { readonly outcome: Outcome; readonly why?: ErrorDescription }) => {
    if (outcome === 'done' || why === undefined || why.code === 'WAIT_INTERRUPTED') return;
    output.error(errorFrom(why));
  };

/** Throws BAD_NAME. The boss looks at it too, but lets no text in that is much too long, and does not say why in such words. */
const requireName = (name: string): void => {
  if (isName(name)) return;
  throw makeError('BAD_NAME', `${quoted(name)}: a machine's name must match [a-z][a-z0-9-]{0,62}`);
};

/** A provider that is told nothing has nothing to ask. */
export const withConfirmed = async (
  boss: Boss,
  name: string,
  spec: MachineSpec,
  surroundings: Surroundings,
): Promise<MachineSpec> => {
  if (spec.options === undefined) return spec;
  return { ...spec, options: await confirmOptions(boss, name, spec.provider, spec.options, surroundings) };
};
harden(withConfirmed);

export const createMachine: Action<'machine create'> = async (request, surroundings) => {
  const { powers, output } = surroundings;
  const { name, json, wait } = request;
  requireName(name);
  return withBoss(request.at, powers, output, async (boss) => {
    const spec = await withConfirmed(boss, name, request.spec, surroundings);
    const machine: MachineObserver = await E(boss).createMachine(name, spec, { requestId: powers.randomId() });
    const show = async () => {
      const status = await E(machine).status();
      if (json) output.json(machineRecord(status));
      else output.data(machineTable([status], powers.now()));
    };
    if (!wait) {
      await show();
      return exitCodes.done;
    }
    const requests = [{ name, machine, judge: judgeReady }];
    const [followed] = await followAll(requests, request, surroundings, showUnlessDone(surroundings));
    if (followed?.status !== undefined) await show();
    return exitCodeOf([followed!.outcome]);
  });
};
harden(createMachine);

export const listMachines: Action<'machine list'> = async ({ at, on, json }, surroundings) => {
  const { powers, output } = surroundings;
  return withBoss(at, powers, output, async (boss) => {
    const statuses = await allMachines(boss, on);
    if (json) output.json(statuses.map(machineRecord));
    else if (statuses.length > 0) output.data(machineTable(statuses, powers.now()));
    else if (on !== undefined) output.note('no machine has such labels');
    else output.note('there are no machines; gobs machine create NAME --provider local makes one');
    await noteHeld(statuses, boss, surroundings);
    return exitCodes.done;
  });
};
harden(listMachines);

const namedMachine = (
  name: string | undefined,
  { boss, machine }: Connection,
): MachineObserver | Promise<MachineObserver> => {
  if (boss === undefined) return machine!;
  if (name === undefined) {
    throw makeError('BAD_USAGE', 'which machine?', { hint: 'gobs machine list shows their names' });
  }
  return E(boss).machine(name);
};

export const showMachine: Action<'machine show'> = async ({ at, name, json }, { powers, output }) =>
  withConnection(at, powers, output, async (connection) => {
    const machine = namedMachine(name, connection);
    const [status, facts, log] = await Promise.all([E(machine).status(), E(machine).facts(), E(machine).log()]);
    if (connection.boss === undefined && name !== undefined && name !== status.name) {
      throw makeError('NO_SUCH_MACHINE', `${name}: what was shared is ${status.name}`);
    }
    const details = { status, facts, log };
    if (json) output.json(detailsRecord(details));
    else output.data(detailsText(details, powers.now()));
    return exitCodes.done;
  });
harden(showMachine);

/** Asks each machine of a list for something; those that accepted are followed. */
const runMachines = async (
  names: readonly string[],
  boss: Boss,
  patience: Patience,
  surroundings: Surroundings,
  work: { readonly ask: (machine: MachineAdmin) => Promise<void>; readonly judge: FollowRequest['judge'] },
): Promise<ExitCode> => {
  const show = showUnlessDone(surroundings);
  // All are looked up before any is touched, so that a mistyped name changes nothing.
  const machines = await inParallel(names, async (name) => ({ name, machine: await E(boss).machine(name) }));
  const refused: Outcome[] = [];
  const accepted: FollowRequest[] = [];
  await inParallel(machines, async ({ name, machine }) => {
    try {
      await work.ask(machine);
      accepted.push({ name, machine, judge: work.judge });
    } catch (error) {
      show({ outcome: 'failed', why: aboutMachine(name, error) });
      refused.push('failed');
    }
  });
  if (!patience.wait) return exitCodeOf([...refused, ...accepted.map(() => 'done' as const)]);
  const followed = await followAll(accepted, patience, surroundings, show);
  return exitCodeOf([...refused, ...followed.map(({ outcome }) => outcome)]);
};

export const startMachines: Action<'machine start'> = async (request, surroundings) =>
  withBoss(request.at, surroundings.powers, surroundings.output, (boss) =>
    runMachines(request.names, boss, request, surroundings, {
      ask: (machine) => E(machine).start(),
      judge: judgeReady,
    }),
  );
harden(startMachines);

export const stopMachines: Action<'machine stop'> = async (request, surroundings) =>
  withBoss(request.at, surroundings.powers, surroundings.output, (boss) =>
    stopNamed(request.names, boss, request, surroundings),
  );
harden(stopMachines);

/** For `gobs down --all` too. */
export const stopNamed = (
  names: readonly string[],
  boss: Boss,
  patience: Patience,
  surroundings: Surroundings,
): Promise<ExitCode> =>
  runMachines(names, boss, patience, surroundings, { ask: (machine) => E(machine).stop(), judge: judgeStopped });
harden(stopNamed);

export const destroyMachine: Action<'machine destroy'> = async (request, surroundings) =>
  withBoss(request.at, surroundings.powers, surroundings.output, async (boss) => {
    const { name } = request;
    const machine = await E(boss).machine(name);
    if (!request.yes) await confirmDestruction([name], surroundings);
    const { revision } = await E(machine).status();
    await E(machine).destroy();
    if (!request.wait) return exitCodes.done;
    const requests: FollowRequest[] = [{ name, machine, judge: judgeGone, gone: { outcome: 'done' } }];
    const [followed] = await followAll(requests, request, surroundings, showUnlessDone(surroundings));
    // It may have been gone before anybody could follow it: its last status is told all the same.
    const last =
      followed?.status ??
      (await E(machine)
        .nextStatus(revision)
        .catch(() => undefined));
    for (const left of last?.leaves ?? []) surroundings.output.note(`gobs: left: ${printable(left)}`);
    return exitCodeOf([followed!.outcome]);
  });
harden(destroyMachine);

export const forgetMachine: Action<'machine forget'> = async ({ at, name, json }, { powers, output }) =>
  withBoss(at, powers, output, async (boss) => {
    const { remains } = await E(boss).forget(name);
    if (json) output.json({ name, remains });
    else if (remains.length === 0) output.note(`${name} is forgotten; nothing remains of it`);
    else {
      output.note(`${name} is forgotten; this remains:`);
      output.data(remains.map(printable).join('\n'));
    }
    return exitCodes.done;
  });
harden(forgetMachine);
