/**
 * `gobs plan` and `gobs apply`: one way. The document is read, the boss is asked what it holds, the plan is made and shown; `apply`
 * then carries out the list that was shown.
 */
import { E } from '@endo/far';
import type { Boss } from '../../protocol/remotes.ts';
import { isSelected, type Selector } from '../../protocol/selectors.ts';
import type { MachineStatus } from '../../protocol/shapes.ts';
import { allMachines, unlessGone } from '../all-machines.ts';
import { withBoss } from '../connect.ts';
import { exitCodeOf, type Outcome } from '../exit-codes.ts';
import type { FleetDocument } from '../fleet-schema.ts';
import { inParallel } from '../in-parallel.ts';
import { hasChanges, makePlan, type CurrentMachine, type Plan } from '../plan.ts';
import type { RequestOf } from '../request.ts';
import { planRecords, planText } from '../views/plan.ts';
import { holdsWords } from '../views/restore.ts';
import type { Action, Surroundings } from './action.ts';
import { carryOutPlan, noteDrift } from './carry-out.ts';
import { confirmDestruction } from './confirm.ts';
import { readDocument } from './fleet-file.ts';

/** Of a machine that a document names. undefined: it is gone meanwhile. */
const askNamed = async (boss: Boss, status: MachineStatus): Promise<CurrentMachine | undefined> => {
  const machine = E(boss).machine(status.name);
  const basis = await unlessGone(E(machine).planBasis());
  if (basis === undefined) return undefined;
  if (basis.applied === null || basis.applied.same) return { status, basis };
  const said = await unlessGone(E(machine).lastApplied());
  return said === undefined ? undefined : { status, basis, ...(said === null ? {} : { said }) };
};

/** What the boss holds: all statuses, and more of the machines that the document names. */
const askCurrent = async (boss: Boss, document: FleetDocument, on: Selector | undefined) => {
  const named = new Set(document.machines.map(({ name }) => name));
  const statuses = (await allMachines(boss)).filter(
    ({ name, labels }) => named.has(name) || on === undefined || isSelected(on, labels),
  );
  const current = await inParallel(statuses, async (status) =>
    named.has(status.name) ? askNamed(boss, status) : { status },
  );
  return current.filter((machine) => machine !== undefined);
};

/** The machines that are selected, by the labels that the document gives them, and the providers that they need. */
const selectFrom = (document: FleetDocument, on: Selector | undefined): FleetDocument => {
  if (on === undefined) return document;
  const machines = document.machines.filter(({ labels }) => isSelected(on, labels));
  const needed = new Set(machines.map(({ provider }) => provider));
  return { ...document, machines, providers: document.providers.filter(({ name }) => needed.has(name)) };
};

interface Prepared {
  readonly plan: Plan;
  readonly current: readonly CurrentMachine[];
}

const prepare = async (
  { prune, on }: RequestOf<'plan' | 'apply'>,
  document: FleetDocument,
  boss: Boss,
): Promise<Prepared> => {
  const selected = selectFrom(document, on);
  const others = new Set(document.machines.map(({ name }) => name));
  selected.machines.forEach(({ name }) => others.delete(name));
  // A machine that the document names is not unmanaged, whatever labels it has at the boss.
  const current = (await askCurrent(boss, selected, on)).filter(({ status }) => !others.has(status.name));
  const providers = await E(boss).providers();
  return { current, plan: makePlan(selected, current, { prune, providers }) };
};

/** For `plan`: of the machines that the document names and that are there, is one offline or unknown, does one drift? */
const planOutcomes = ({ plan, current }: Prepared): Outcome[] => {
  const concerned = current.filter(({ basis }) => basis !== undefined).map(({ status }) => status);
  return [
    hasChanges(plan) ? 'differs' : 'done',
    ...concerned.map(({ online, held, drift }): Outcome => {
      if (held || !online || drift.unknown > 0) return 'unknown';
      return drift.drifted > 0 || drift.failed > 0 ? 'differs' : 'done';
    }),
  ];
};

const noteMachines = ({ current }: Prepared, surroundings: Surroundings): void => {
  const { output } = surroundings;
  for (const { status, basis } of current) {
    if (basis === undefined) continue;
    if (status.held) {
      const holds = holdsWords(status);
      output.note(`gobs: ${status.name} is held${holds === undefined ? '' : `; ${holds}`}`);
    } else if (!status.online) {
      output.note(`gobs: ${status.name} is offline (${status.state}); it takes changes when it is back`);
    } else if (status.drift.drifted > 0) {
      noteDrift(status, surroundings);
    }
  }
};

export const planFleet: Action<'plan'> = async (request, surroundings) => {
  const { powers, output } = surroundings;
  const document = await readDocument(request.file, request.at, surroundings);
  return withBoss(request.at, powers, output, async (boss) => {
    const prepared = await prepare(request, document, boss);
    if (request.json) output.json(planRecords(prepared.plan));
    else output.data(planText(prepared.plan));
    noteMachines(prepared, surroundings);
    return exitCodeOf(planOutcomes(prepared));
  });
};
harden(planFleet);

export const applyFleet: Action<'apply'> = async (request, surroundings) => {
  const { powers, output } = surroundings;
  const document = await readDocument(request.file, request.at, surroundings);
  return withBoss(request.at, powers, output, async (boss) => {
    const prepared = await prepare(request, document, boss);
    // With --json standard output is one object a machine, so the plan is a note.
    (request.json ? output.note : output.data)(planText(prepared.plan));
    const doomed = prepared.plan.machines.filter(({ action }) => action === 'destroy').map(({ name }) => name);
    if (!request.yes) await confirmDestruction(doomed, surroundings);
    return carryOutPlan(prepared.plan, boss, request, surroundings);
  });
};
harden(applyFleet);
