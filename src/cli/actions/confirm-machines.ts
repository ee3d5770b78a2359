/** `gobs machine confirm`: after a restore, machines go on. */
import { E } from '@endo/far';
import type { MachineStatus } from '../../protocol/shapes.ts';
import { allMachines, unlessGone } from '../all-machines.ts';
import { withBoss } from '../connect.ts';
import { exitCodeOf, type Outcome } from '../exit-codes.ts';
import { inParallel } from '../in-parallel.ts';
import { aboutMachine, errorFrom, type Action } from './action.ts';

const needsWord = ({ held, seenEpoch }: MachineStatus): boolean => held || seenEpoch !== null;

export const confirmMachines: Action<'machine confirm'> = async ({ at, names, all }, { powers, output }) =>
  withBoss(at, powers, output, async (boss) => {
    // All are looked up before any is confirmed, so that a mistyped name changes nothing.
    const wanted = all ? (await allMachines(boss)).filter(needsWord).map(({ name }) => name) : [...new Set(names)];
    const machines = await inParallel(wanted, async (name) => ({ name, machine: await E(boss).machine(name) }));
    const outcomes = await inParallel(machines, async ({ name, machine }): Promise<Outcome> => {
      try {
        await (all ? unlessGone(E(machine).confirm()) : E(machine).confirm());
        return 'done';
      } catch (error) {
        output.error(errorFrom(aboutMachine(name, error)));
        return 'failed';
      }
    });
    const done = outcomes.filter((outcome) => outcome === 'done').length;
    if (wanted.length === 0) output.note('gobs: no machine is held');
    else output.note(`gobs: ${done} of ${wanted.length} confirmed; hobs that are connected hear of it within a minute`);
    return exitCodeOf(outcomes);
  });
harden(confirmMachines);
