/**
 * A machine: the boss's actor for one host. docs/explanation/machines.md tells its life.
 *
 *            observer ⊂ operator ⊂ admin ⊃ executor, copier, journal   for people, by what they may do
 *   provider ◀── lifecycle        hobSide ◀──── its hob, and nobody else
 *                      gate ◀── boss            who may come in as its hob
 *
 * A machine that is gone stays as an actor, so that references to it say so, as long as there are any (clear-gone.ts).
 */
import { makeError } from '../errors/gobs-error.ts';
import {
  MachineAdminI,
  MachineCopierI,
  MachineExecutorI,
  MachineHobSideI,
  MachineJournalI,
  MachineObserverI,
  MachineOperatorI,
} from '../protocol/interfaces.ts';
import { defineKindKit } from '../vats/kind.ts';
import { adminMethods } from './machine-admin.ts';
import { copierMethods } from './machine-copier.ts';
import { executorMethods } from './machine-executor.ts';
import { GateI, LifecycleI, type MachineFacets } from './machine-facets.ts';
import { gateMethods } from './machine-gate.ts';
import { hobSideMethods } from './machine-hob-side.ts';
import { journalMethods } from './machine-journal.ts';
import { lifecycleMethods } from './machine-lifecycle.ts';
import { observerMethods } from './machine-observer.ts';
import { operatorMethods } from './machine-operator.ts';
import { MachinePortraitShape, type MachinePortrait } from './machine-portrait.ts';
import { makeMachineTurn, type MachinePowers, type MachineTurn } from './machine-turn.ts';

type Methods = Readonly<Record<string, unknown>>;

/** The same methods, each of which says that the machine is gone. */
const gone = <T extends object>(methods: T, { portrait: { id, name } }: MachineTurn): T => {
  const refuse = () => {
    throw makeError('MACHINE_GONE', `${name} (${id}): this machine is gone`, {
      hint: 'another machine of that name has other references',
    });
  };
  return Object.fromEntries(Object.keys(methods as Methods).map((method) => [method, refuse])) as T;
};

/** Whoever waited for a change while the machine went away is told so, once, by its last status. */
const goneObserver = <T extends { nextStatus(revision: number): unknown }>(methods: T, turn: MachineTurn): T => {
  const refusing = gone(methods, turn);
  const nextStatus = (revision: number) =>
    revision < turn.portrait.revision ? turn.status() : refusing.nextStatus(revision);
  return { ...refusing, nextStatus };
};

export const machineKind = defineKindKit<MachinePortrait, MachineFacets, MachinePowers>({
  label: 'machine',
  facets: {
    observer: MachineObserverI,
    operator: MachineOperatorI,
    admin: MachineAdminI,
    executor: MachineExecutorI,
    copier: MachineCopierI,
    journal: MachineJournalI,
    hobSide: MachineHobSideI,
    gate: GateI,
    lifecycle: LifecycleI,
  },
  portrait: MachinePortraitShape,
  behave: (bcom, self, portrait, powers) => {
    const turn = makeMachineTurn(bcom, self, portrait, powers);
    const live: MachineFacets = {
      observer: observerMethods(turn),
      operator: operatorMethods(turn),
      admin: adminMethods(turn),
      executor: executorMethods(turn),
      copier: copierMethods(turn),
      journal: journalMethods(turn),
      hobSide: hobSideMethods(turn),
      gate: gateMethods(turn),
      lifecycle: lifecycleMethods(turn),
    };
    if (portrait.progress.state !== 'gone') return live;
    return {
      ...live,
      observer: goneObserver(live.observer, turn),
      operator: goneObserver(live.operator, turn),
      admin: goneObserver(live.admin, turn),
      executor: gone(live.executor, turn),
      copier: gone(live.copier, turn),
      journal: gone(live.journal, turn),
      hobSide: gone(live.hobSide, turn),
    };
  },
});
harden(machineKind);
