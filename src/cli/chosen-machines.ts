/** The machines that a command is about: those that it names, or has chosen by their labels, or all; or the one that was shared. */
import { E } from '@endo/far';
import { makeError } from '../errors/gobs-error.ts';
import type { MachineObserver } from '../protocol/remotes.ts';
import { isSelected, type Selector } from '../protocol/selectors.ts';
import { allMachines, unlessGone } from './all-machines.ts';
import type { Connection } from './connect.ts';
import { inParallel } from './in-parallel.ts';

export interface NamedMachine {
  readonly name: string;
  readonly machine: MachineObserver;
}

export interface Choice {
  /** None: all. */
  readonly names: readonly string[];
  /** Of all. */
  readonly on?: Selector | undefined;
}

const sharedMachine = async ({ names, on }: Choice, machine: MachineObserver): Promise<readonly NamedMachine[]> => {
  const { name, labels } = await E(machine).status();
  const other = names.find((each) => each !== name);
  if (other !== undefined) throw makeError('NO_SUCH_MACHINE', `${other}: what was shared is ${name}`);
  return on === undefined || isSelected(on, labels) ? [{ name, machine }] : [];
};

/** Rejects with NO_SUCH_MACHINE before any is asked, for one that was named; one of a list that is gone meanwhile is left out. */
export const machinesAt = async (choice: Choice, { boss, machine }: Connection): Promise<readonly NamedMachine[]> => {
  if (boss === undefined) return sharedMachine(choice, machine!);
  const find = async (name: string): Promise<NamedMachine> => ({ name, machine: await E(boss).machine(name) });
  const { names, on } = choice;
  if (names.length > 0) return inParallel([...new Set(names)], find);
  const found = await inParallel(await allMachines(boss, on), ({ name }) => unlessGone(find(name)));
  return found.filter((named) => named !== undefined);
};
harden(machinesAt);
