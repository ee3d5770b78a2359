/** Every machine's status, a page at a time, so that no answer is larger than a frame may be. */
import { E } from '@endo/far';
import { codeOf } from '../errors/gobs-error.ts';
import type { Boss } from '../protocol/remotes.ts';
import { isSelected, type Selector } from '../protocol/selectors.ts';
import type { MachineStatus } from '../protocol/shapes.ts';

const PAGE = 500;

/** By name. `on`: only those with such labels. */
export const allMachines = async (boss: Boss, on?: Selector): Promise<readonly MachineStatus[]> => {
  const statuses: MachineStatus[] = [];
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<Boss['machinePage']>> = await E(boss).machinePage({
      limit: PAGE,
      ...(after === null ? {} : { after }),
    });
    statuses.push(...page.statuses.filter(({ labels }) => on === undefined || isSelected(on, labels)));
    // A page that goes nowhere would be asked for again for ever.
    after = page.next === after ? null : page.next;
  } while (after !== null);
  return statuses;
};
harden(allMachines);

/** What was asked of a machine of a list, or undefined if it is gone meanwhile. */
export const unlessGone = async <T>(asked: Promise<T>): Promise<T | undefined> => {
  try {
    return await asked;
  } catch (error) {
    if (['NO_SUCH_MACHINE', 'MACHINE_GONE'].includes(codeOf(error))) return undefined;
    throw error;
  }
};
harden(unlessGone);
