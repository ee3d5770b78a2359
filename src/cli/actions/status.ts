/** `gobs status` and `gobs facts`: reads what the boss knows; no hob is asked. */
import { E } from '@endo/far';
import { makeError } from '../../errors/gobs-error.ts';
import type { MachineObserver } from '../../protocol/remotes.ts';
import type { Facts, MachineStatus } from '../../protocol/shapes.ts';
import { allMachines, unlessGone } from '../all-machines.ts';
import { withConnection, type Connection } from '../connect.ts';
import { exitCodes } from '../exit-codes.ts';
import { inParallel } from '../in-parallel.ts';
import { factsTable, factsText, type KnownFacts } from '../views/facts.ts';
import { moreThan, statusExit, statusRecord, statusText } from '../views/status.ts';
import type { Action } from './action.ts';
import { noteHeld } from './restored.ts';

const statusesAt = async ({ boss, machine }: Connection): Promise<readonly MachineStatus[]> =>
  boss === undefined ? [await E(machine!).status()] : allMachines(boss);

export const showStatus: Action<'status'> = ({ at, limit, json }, surroundings) => {
  const { powers, output } = surroundings;
  return withConnection(at, powers, output, async (connection) => {
    const statuses = await statusesAt(connection);
    if (json) output.json(statusRecord(statuses, limit, powers.now()));
    else {
      output.data(statusText(statuses, limit, powers.now()));
      const more = moreThan(statuses, limit);
      if (more > 0) output.note(`gobs: and ${more} more; gobs status --limit N, or gobs machine list, shows them`);
    }
    if (connection.boss !== undefined) await noteHeld(statuses, connection.boss, surroundings);
    return statusExit(statuses);
  });
};
harden(showStatus);

interface Named {
  readonly name: string;
  readonly machine: MachineObserver;
}

const machinesAt = async (names: readonly string[], { boss, machine }: Connection): Promise<readonly Named[]> => {
  if (boss === undefined) {
    const { name } = await E(machine!).status();
    const other = names.find((each) => each !== name);
    if (other !== undefined) throw makeError('NO_SUCH_MACHINE', `${other}: what was shared is ${name}`);
    return [{ name, machine: machine! }];
  }
  const find = async (name: string): Promise<Named> => ({ name, machine: await E(boss).machine(name) });
  if (names.length > 0) return inParallel([...new Set(names)], find);
  const found = await inParallel(await allMachines(boss), ({ name }) => unlessGone(find(name)));
  return found.filter((named) => named !== undefined);
};

export const showFacts: Action<'facts'> = ({ at, names, json }, { powers, output }) =>
  withConnection(at, powers, output, async (connection) => {
    const machines = await machinesAt(names, connection);
    const answers = await inParallel(machines, ({ name, machine }) =>
      unlessGone<KnownFacts>(
        Promise.resolve(E(machine).facts() as Promise<Facts | null>).then((facts) => ({ name, facts })),
      ),
    );
    const known = answers.filter((each) => each !== undefined);
    if (json) output.json(known);
    else if (names.length === 1 && known.length === 1) output.data(factsText(known[0]!));
    else if (known.length > 0) output.data(factsTable(known));
    else output.note('there are no machines');
    // A machine that never came says nothing of itself: that is unknown, and never 0.
    return known.every(({ facts }) => facts !== null) ? exitCodes.done : exitCodes.partly;
  });
harden(showFacts);
