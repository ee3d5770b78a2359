/**
 * What a machine tells the boss about itself. Never leaves the boss's vat: machines keep it in their portraits, and call it near, so that the
 * boss's maps change in the same turn as the machine.
 */
import { M } from '@endo/patterns';
import type { Task } from './lifecycle.ts';
import type { Admin, Gate, Lifecycle } from './machine-facets.ts';
import type { BossPortrait } from './boss-portrait.ts';

export interface Registry {
  /** Whoever presents the secret of this hash wants to be its hob. Kept for ever, so that late ones are recognised. */
  expected(secretHash: string, gate: Gate): void;
  /** It has an open job, or another one than before. */
  opened(machineId: string, task: Task, lifecycle: Lifecycle): void;
  closed(machineId: string): void;
  /** It is gone: its name is free. */
  released(name: string, admin: Admin): void;
}

export const RegistryI = M.interface('Registry', {
  expected: M.call(M.string(), M.remotable()).returns(),
  opened: M.call(M.string(), M.string(), M.remotable()).returns(),
  closed: M.call(M.string()).returns(),
  released: M.call(M.string(), M.remotable()).returns(),
});

export const registryMethods = ({ enrolments, intents, machines }: BossPortrait): Registry => ({
  expected: (secretHash, gate) => enrolments.set(secretHash, gate),
  opened: (machineId, task, lifecycle) => intents.set(machineId, { task, lifecycle }),
  closed: (machineId) => void intents.delete(machineId),
  released: (name, admin) => {
    if (machines.get(name) === admin) machines.delete(name);
  },
});
harden(registryMethods);
