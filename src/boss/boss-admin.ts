/** The facet of whoever owns the boss: the whole fleet. */
import { makeError } from '../errors/gobs-error.ts';
import type { Boss } from '../protocol/remotes.ts';
import type { MachineStatus } from '../protocol/shapes.ts';
import { E } from '../vats/eventual-send.ts';
import type { BossTurn } from './boss-turn.ts';
import { createMachine } from './create-machine.ts';
import type { Admin } from './machine-facets.ts';
import { findOrphans } from './orphans.ts';
import { pageThrough, stillThere } from './page-through.ts';
import { providerMethods } from './providers.ts';
import { restoreNotice } from './restore-notice.ts';
import { secretMethods } from './secrets.ts';

type Later<T> = {
  readonly [N in keyof T]: T[N] extends (...args: infer A) => infer R ? (...args: A) => R | Promise<R> : never;
};

export type BossAdmin = Later<Omit<Boss, 'createMachine' | 'machine'>> & {
  createMachine(...args: Parameters<Boss['createMachine']>): Admin;
  machine(name: string): Admin;
};

const PAGE = 200;
const LARGEST_PAGE = 1_000;

export const bossAdminMethods = (turn: BossTurn): BossAdmin => {
  const { portrait, house, restoration, tools } = turn;
  const { machines, refusals } = portrait;

  const machine = (name: string): Admin => {
    const known = machines.get(name);
    if (known !== undefined) return known;
    throw makeError('NO_SUCH_MACHINE', `${name}: there is no machine of that name`, {
      hint: 'gobs machine list shows them',
    });
  };

  const statusesOf = (entries: readonly (readonly [name: string, admin: Admin])[]): MachineStatus[] =>
    stillThere(machines, entries).map(([, admin]) => admin.status());

  return {
    createMachine: (name, spec, options = {}) => createMachine(turn, name, spec, options),
    machine,
    machines: () => {
      const statuses: MachineStatus[] = [];
      const done = pageThrough(machines, tools, (entries) => {
        statuses.push(...statusesOf(entries));
      });
      return tools.on(done, () => statuses);
    },
    machinePage: ({ after, limit = PAGE }) =>
      tools.on(
        machines.page({ limit: Math.min(limit, LARGEST_PAGE), ...(after === undefined ? {} : { after }) }),
        ({ entries, next }) => ({ statuses: statusesOf(entries), next }),
      ),
    destroyMachine: (name) => machine(name).destroy(),
    forget: (name) => machine(name).forget(),
    orphans: () => findOrphans(portrait, tools),
    locatorFor: (reference) => E(house).locatorFor(reference),
    inspector: () => E(house).inspector(),
    backup: (until) => E(house).backup(until),
    refusals: () => refusals,
    restored: () => restoreNotice(portrait, restoration, tools),
    ...providerMethods(turn),
    ...secretMethods(turn),
  };
};
harden(bossAdminMethods);
