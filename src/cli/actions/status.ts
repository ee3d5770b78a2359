/** `gobs status` and `gobs facts`: reads what the boss knows; no hob is asked. */
import { E } from '@endo/far';
import { isSelected, type Selector } from '../../protocol/selectors.ts';
import type { Facts, MachineStatus } from '../../protocol/shapes.ts';
import { allMachines, unlessGone } from '../all-machines.ts';
import { withConnection, type Connection } from '../connect.ts';
import { exitCodes } from '../exit-codes.ts';
import { machinesAt } from '../chosen-machines.ts';
import { inParallel } from '../in-parallel.ts';
import { factsTable, factsText, type KnownFacts } from '../views/facts.ts';
import { moreThan, statusExit, statusRecord, statusText } from '../views/status.ts';
import type { Action } from './action.ts';
import { noteHeld } from './restored.ts';

const statusesAt = async (
  { boss, machine }: Connection,
  on: Selector | undefined,
): Promise<readonly MachineStatus[]> => {
  if (boss !== undefined) return allMachines(boss, on);
  const status = await E(machine!).status();
  return on === undefined || isSelected(on, status.labels) ? [status] : [];
};

export const showStatus: Action<'status'> = ({ at, on, limit, json }, surroundings) => {
  const { powers, output } = surroundings;
  return withConnection(at, powers, output, async (connection) => {
    const statuses = await statusesAt(connection, on);
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

export const showFacts: Action<'facts'> = ({ at, names, on, json }, { powers, output }) =>
  withConnection(at, powers, output, async (connection) => {
    const machines = await machinesAt({ names, on }, connection);
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
