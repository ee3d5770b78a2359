/**
 * How many machines are in which state, without walking through all of them each time somebody asks. It is told which machine changed, in the turn that
 * changes it, and looks at those machines when it is asked next: what a turn did that was undone costs a look, and is never counted.
 *
 *   begin ──▶ every machine once, a page at a time        touched ──▶ dirty ──▶ counts: looks at the dirty ones only
 */
import { codeOf } from '../../errors/gobs-error.ts';
import type { Boss } from '../../protocol/remotes.ts';
import { lifecycleStates, noDrift, type DriftCounts, type LifecycleState } from '../../protocol/shapes.ts';
import type { MachineStatus } from '../../protocol/shapes.ts';
import { E } from '../../vats/eventual-send.ts';

export interface FleetCounts {
  readonly machines: Readonly<Record<LifecycleState, number>>;
  readonly online: number;
  readonly held: number;
  readonly resources: DriftCounts;
  /** How many machines were looked at for this. */
  readonly looked: number;
}

export interface FleetTally {
  /** By the name of a machine. Cheap; called in turns. */
  touched(name: string): void;
  /** Calls wait for each other. Rejects if the boss cannot be asked. */
  counts(): Promise<FleetCounts>;
}

type Part = Pick<MachineStatus, 'state' | 'online' | 'held' | 'drift'>;

/** Machines that are asked at once. */
const AT_ONCE = 64;
const PAGE = 500;

const noMachines = (): Record<LifecycleState, number> =>
  Object.fromEntries(lifecycleStates.map((state) => [state, 0])) as Record<LifecycleState, number>;

export const makeFleetTally = (boss: () => Boss): FleetTally => {
  const known = new Map<string, Part>();
  let dirty = new Set<string>();
  let begun = false;
  const machines = noMachines();
  const resources: Record<keyof DriftCounts, number> = { ...noDrift };
  let online = 0;
  let held = 0;

  const add = (part: Part, by: 1 | -1): void => {
    machines[part.state] += by;
    online += part.online ? by : 0;
    held += part.held ? by : 0;
    for (const state of Object.keys(resources) as (keyof DriftCounts)[]) resources[state] += by * part.drift[state];
  };
  const learn = (name: string, status: MachineStatus | undefined): void => {
    const before = known.get(name);
    if (before !== undefined) add(before, -1);
    known.delete(name);
    if (status === undefined || status.state === 'gone') return;
    const { state, online: isOnline, held: isHeld, drift } = status;
    const part = { state, online: isOnline, held: isHeld, drift };
    known.set(name, part);
    add(part, 1);
  };

  const look = async (name: string): Promise<void> => {
    try {
      learn(name, await E(E(boss()).machine(name)).status());
    } catch (error) {
      if (!['NO_SUCH_MACHINE', 'MACHINE_GONE'].includes(codeOf(error))) throw error;
      learn(name, undefined);
    }
  };

  const begin = async (): Promise<number> => {
    let looked = 0;
    for (let after: string | null | undefined; after !== null;) {
      const page: Awaited<ReturnType<Boss['machinePage']>> = await E(boss()).machinePage({
        limit: PAGE,
        ...(after === undefined ? {} : { after }),
      });
      for (const status of page.statuses) learn(status.name, status);
      looked += page.statuses.length;
      after = page.next;
    }
    begun = true;
    return looked;
  };

  const refresh = async (): Promise<FleetCounts> => {
    const names = [...dirty];
    dirty = new Set();
    let looked = 0;
    try {
      looked = begun ? 0 : await begin();
      for (let at = 0; at < names.length; at += AT_ONCE) await Promise.all(names.slice(at, at + AT_ONCE).map(look));
    } catch (error) {
      // They are as unknown as before.
      for (const name of names) dirty.add(name);
      throw error;
    }
    return harden({
      machines: { ...machines },
      online,
      held,
      resources: { ...resources },
      looked: looked + names.length,
    });
  };

  let last: Promise<unknown> = Promise.resolve();
  return harden({
    touched: (name: string) => void dirty.add(name),
    counts: () => {
      const counting = last.then(refresh);
      last = counting.catch(() => {});
      return counting;
    },
  });
};
harden(makeFleetTally);
