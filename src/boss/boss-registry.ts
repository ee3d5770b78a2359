/**
 * What a machine tells the boss about itself. Never leaves the boss's vat: machines keep it in their portraits, and call it near, so that the
 * boss's maps change in the same turn as the machine.
 */
import { M } from '@endo/patterns';
import type { TurnTools } from '../vats/kind.ts';
import type { Task } from './lifecycle.ts';
import type { Admin, Gate, Lifecycle } from './machine-facets.ts';
import type { BossPortrait, GoneRecord } from './boss-portrait.ts';
import { goneKey } from './clear-gone.ts';
import { sealedSecrets } from './secrets.ts';

export interface Registry {
  /**
   * Whoever presents the secret of this hash wants to be its hob. Kept as long as the machine, so that late ones are recognised. `before`: of
   * the one that it had before.
   */
  expected(secretHash: string, gate: Gate, before: string | null): void;
  /** It has an open job, or another one than before. */
  opened(machineId: string, task: Task, lifecycle: Lifecycle): void;
  closed(machineId: string): void;
  /** What is sealed of these secrets, by name; those that there are. */
  sealedSecrets(names: readonly string[]): Readonly<Record<string, string>>;
  /** It is gone, once: its name is free, and what the boss keeps of it goes in due time. */
  released(admin: Admin, record: GoneRecord): void;
}

export const RegistryI = M.interface('Registry', {
  expected: M.call(M.string(), M.remotable(), M.or(M.null(), M.string())).returns(),
  opened: M.call(M.string(), M.string(), M.remotable()).returns(),
  closed: M.call(M.string()).returns(),
  sealedSecrets: M.call(M.arrayOf(M.string())).returns(M.record()),
  released: M.call(M.remotable(), M.record()).returns(),
});

export const registryMethods = (
  { enrolments, gone, intents, machines, secrets }: BossPortrait,
  { now }: Pick<TurnTools, 'now'>,
): Registry => ({
  expected: (secretHash, gate, before) => enrolments.set(secretHash, harden({ gate, before })),
  opened: (machineId, task, lifecycle) => intents.set(machineId, { task, lifecycle }),
  closed: (machineId) => void intents.delete(machineId),
  sealedSecrets: (names) => sealedSecrets(secrets, names),
  released: (admin, record) => {
    const { name, machineId } = record;
    if (machines.get(name) === admin) machines.delete(name);
    gone.set(goneKey(now(), machineId), record);
  },
});
harden(registryMethods);
