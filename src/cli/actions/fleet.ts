/**
 * `gobs plan` and `gobs apply`: one way. The document is read, the boss is asked what it holds, the plan is made and shown; `apply`
 * then carries out the list that was shown.
 */
import { E } from '@endo/far';
import { codeOf } from '../../errors/gobs-error.ts';
import type { Boss } from '../../protocol/remotes.ts';
import type { MachineStatus } from '../../protocol/shapes.ts';
import { isSelected, type Selector } from '../../protocol/selectors.ts';
import { allMachines, unlessGone } from '../all-machines.ts';
import { withBoss } from '../connect.ts';
import { exitCodeOf, exitCodes, type ExitCode, type Outcome } from '../exit-codes.ts';
import type { FleetDocument } from '../fleet-schema.ts';
import { inParallel } from '../in-parallel.ts';
import { judgeApplied, judgeGone } from '../outcomes.ts';
import {
  hasChanges,
  makePlan,
  providerRefusal,
  refusalOf,
  type CurrentMachine,
  type Plan,
  type PlannedAction,
} from '../plan.ts';
import { driftWords } from '../views/machines.ts';
import { planRecords, planText } from '../views/plan.ts';
import { holdsWords } from '../views/restore.ts';
import type { Followed, FollowRequest } from '../wait-for-outcome.ts';
import { aboutMachine, errorFrom, type Action, type Surroundings } from './action.ts';
import { confirmDestruction } from './confirm.ts';
import { readDocument } from './fleet-file.ts';
import { followAll } from './machine.ts';
import type { RequestOf } from '../request.ts';

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

/** Drift is left to its policy, by apply too: only a change is applied whatever the policy is. */
const noteDrift = ({ name, drift, policy }: MachineStatus, { output }: Surroundings): void =>
  output.note(`gobs: ${name}: ${driftWords(drift)}; its policy is ${policy}; gobs drift ${name} shows how it differs`);

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

/** Carries out one action; the result is what to wait for. */
const carryOut = async (
  planned: PlannedAction,
  boss: Boss,
  { powers }: Surroundings,
): Promise<FollowRequest | undefined> => {
  const { name } = planned;
  switch (planned.action) {
    case 'create': {
      const options = { requestId: powers.randomId(), documented: true };
      const machine = await E(boss).createMachine(name, planned.spec, options);
      const { generation } = await E(machine).status();
      return { name, machine, judge: judgeApplied(generation) };
    }
    case 'update': {
      const machine = await E(boss).machine(name);
      const generation = await E(machine).applyDocument(planned.wanted, planned.from);
      return { name, machine, judge: judgeApplied(generation) };
    }
    case 'destroy': {
      const machine = await E(boss).machine(name);
      await E(machine).destroy();
      return { name, machine, judge: judgeGone, gone: { outcome: 'done' } };
    }
    case 'unchanged': {
      // Also what an earlier apply left under way is waited for.
      const machine = await E(boss).machine(name);
      const { wanted, from, isNoted } = planned;
      if (!isNoted) await E(machine).applyDocument(wanted, from);
      return { name, machine, judge: judgeApplied(from.generation) };
    }
    case 'unmanaged':
      return undefined;
  }
};

const tell = (
  { name, outcome, why }: Followed,
  action: string,
  { json }: RequestOf<'apply'>,
  { output }: Surroundings,
): void => {
  if (json) output.json({ name, action, outcome, ...(why === undefined ? {} : { error: why }) });
  if (why !== undefined && why.code !== 'WAIT_INTERRUPTED') output.error(errorFrom(why));
};

/** Makes the providers that are missing, in order; the first that cannot be made ends it. Those that are others are told. */
const makeProviders = async ({ providers }: Plan, boss: Boss, { output }: Surroundings): Promise<Outcome[]> => {
  const outcomes: Outcome[] = [];
  for (const planned of providers) {
    if (planned.action === 'create') await E(boss).addProvider(planned.name, planned.spec);
    if (planned.action !== 'differs') continue;
    output.error(providerRefusal(planned));
    outcomes.push('refused');
  }
  return outcomes;
};

const outcomeOfError = (error: unknown): Outcome => (codeOf(error) === 'CHANGED_MEANWHILE' ? 'refused' : 'failed');

interface Started {
  readonly outcomes: readonly Outcome[];
  readonly requests: readonly FollowRequest[];
}

const startAll = async (
  plan: Plan,
  boss: Boss,
  { overwrite }: RequestOf<'apply'>,
  surroundings: Surroundings,
  report: (followed: Followed) => void,
): Promise<Started> => {
  const outcomes: Outcome[] = [];
  const requests: FollowRequest[] = [];
  await inParallel(plan.machines, async (planned) => {
    const { name } = planned;
    try {
      const refusal = refusalOf(planned, plan, overwrite);
      if (refusal !== undefined) {
        outcomes.push('refused');
        report({ name, outcome: 'refused', why: aboutMachine(name, refusal) });
        return;
      }
      const following = await carryOut(planned, boss, surroundings);
      if (following !== undefined) requests.push(following);
    } catch (error) {
      const outcome = outcomeOfError(error);
      outcomes.push(outcome);
      report({ name, outcome, why: aboutMachine(name, error) });
    }
  });
  return { outcomes, requests };
};

const execute = async (
  plan: Plan,
  boss: Boss,
  request: RequestOf<'apply'>,
  surroundings: Surroundings,
): Promise<ExitCode> => {
  const actions = new Map(plan.machines.map(({ name, action }) => [name, action]));
  const report = (followed: Followed) => tell(followed, actions.get(followed.name)!, request, surroundings);
  const ofProviders = await makeProviders(plan, boss, surroundings);
  const { outcomes, requests } = await startAll(plan, boss, request, surroundings, report);
  const early = [...ofProviders, ...outcomes];
  if (!request.wait) {
    if (request.json) {
      requests.forEach(({ name }) =>
        surroundings.output.json({ name, action: actions.get(name), outcome: 'accepted' }),
      );
    }
    return exitCodeOf([...early, ...requests.map(() => 'done' as const)]);
  }
  const followed = await followAll(requests, request, surroundings, report);
  const exit = exitCodeOf([...early, ...followed.map(({ outcome }) => outcome)]);
  const drifted = followed.flatMap(({ status }) => (status !== undefined && status.drift.drifted > 0 ? [status] : []));
  drifted.forEach((status) => noteDrift(status, surroundings));
  if (exit === exitCodes.done && drifted.length === 0) {
    surroundings.output.note('gobs: the fleet is as the document says');
  }
  return exit;
};

export const applyFleet: Action<'apply'> = async (request, surroundings) => {
  const { powers, output } = surroundings;
  const document = await readDocument(request.file, request.at, surroundings);
  return withBoss(request.at, powers, output, async (boss) => {
    const prepared = await prepare(request, document, boss);
    // With --json standard output is one object a machine, so the plan is a note.
    (request.json ? output.note : output.data)(planText(prepared.plan));
    const doomed = prepared.plan.machines.filter(({ action }) => action === 'destroy').map(({ name }) => name);
    if (!request.yes) await confirmDestruction(doomed, surroundings);
    return execute(prepared.plan, boss, request, surroundings);
  });
};
harden(applyFleet);
