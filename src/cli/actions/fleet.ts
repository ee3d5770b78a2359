/**
 * `gobs plan` and `gobs apply`: one way. The document is read, the boss is asked what it holds, the plan is made and shown; `apply`
 * then carries out the list that was shown.
 */
import { E } from '@endo/far';
import { resolve } from 'node:path';
import { makeError } from '../../errors/gobs-error.ts';
import type { Boss } from '../../protocol/remotes.ts';
import type { MachineStatus } from '../../protocol/shapes.ts';
import { allMachines, unlessGone } from '../all-machines.ts';
import { withBoss } from '../connect.ts';
import { exitCodeOf, exitCodes, type ExitCode, type Outcome } from '../exit-codes.ts';
import { reasonOf } from '../find-boss.ts';
import { parseFleetDocument } from '../fleet-document.ts';
import type { FleetDocument } from '../fleet-schema.ts';
import { inParallel } from '../in-parallel.ts';
import { judgeApplied, judgeGone } from '../outcomes.ts';
import { hasChanges, makePlan, type CurrentMachine, type Plan, type PlannedAction } from '../plan.ts';
import { driftWords } from '../views/machines.ts';
import { planRecords, planText } from '../views/plan.ts';
import { holdsWords } from '../views/restore.ts';
import type { Followed, FollowRequest } from '../wait-for-outcome.ts';
import { aboutMachine, errorFrom, type Action, type Surroundings } from './action.ts';
import { confirmDestruction } from './confirm.ts';
import { followAll } from './machine.ts';
import type { BossPlace, RequestOf } from '../request.ts';

const readDocument = async (file: string, at: BossPlace, { powers }: Surroundings): Promise<FleetDocument> => {
  if (file === '-') {
    if (at.connectFile === '-') {
      throw makeError('BAD_USAGE', 'standard input cannot be both the document and the locator');
    }
    let text = '';
    powers.stdin.setEncoding('utf8');
    for await (const chunk of powers.stdin) text += chunk as string;
    return parseFleetDocument(text, 'standard input');
  }
  try {
    return parseFleetDocument(await powers.fs.readFile(resolve(powers.workingDirectory, file), 'utf8'), file);
  } catch (error) {
    if ((error as { syscall?: unknown }).syscall === undefined) throw error;
    throw makeError('BAD_DOCUMENT', `${file}: ${reasonOf(error)}`, {
      hint: 'gobs init writes a small one',
      cause: error,
    });
  }
};

/** What the boss holds: all statuses, and the desired states of the machines that the document names. */
const askCurrent = async (boss: Boss, document: FleetDocument): Promise<readonly CurrentMachine[]> => {
  const named = new Set(document.machines.map(({ name }) => name));
  const current = await inParallel(await allMachines(boss), async (status): Promise<CurrentMachine | undefined> => {
    if (!named.has(status.name)) return { status };
    const desired = await unlessGone(E(E(boss).machine(status.name)).desired());
    return desired === undefined ? undefined : { status, desired };
  });
  return current.filter((machine) => machine !== undefined);
};

interface Prepared {
  readonly plan: Plan;
  readonly current: readonly CurrentMachine[];
}

const prepare = async (
  request: RequestOf<'plan' | 'apply'>,
  document: FleetDocument,
  boss: Boss,
): Promise<Prepared> => {
  const current = await askCurrent(boss, document);
  const providers = (await E(boss).providers()).map(({ name }) => name);
  return { current, plan: makePlan(document, current, { prune: request.prune, providers }) };
};

/** For `plan`: of the machines that the document names and that are there, is one offline or unknown, does one drift? */
const planOutcomes = ({ plan, current }: Prepared): Outcome[] => {
  const concerned = current.filter(({ desired }) => desired !== undefined).map(({ status }) => status);
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
  for (const { status, desired } of current) {
    if (desired === undefined) continue;
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
      const machine = await E(boss).createMachine(name, planned.spec, { requestId: powers.randomId() });
      const { generation } = await E(machine).desired();
      return { name, machine, judge: judgeApplied(generation) };
    }
    case 'update': {
      const machine = await E(boss).machine(name);
      const { policy, resources } = planned;
      const generation = await E(machine).setDesired({ policy, resources });
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
      const { generation } = await E(machine).desired();
      return { name, machine, judge: judgeApplied(generation) };
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

const execute = async (
  plan: Plan,
  boss: Boss,
  request: RequestOf<'apply'>,
  surroundings: Surroundings,
): Promise<ExitCode> => {
  const actions = new Map(plan.map(({ name, action }) => [name, action]));
  const report = (followed: Followed) => tell(followed, actions.get(followed.name)!, request, surroundings);
  const outcomes: Outcome[] = [];
  const requests: FollowRequest[] = [];
  await inParallel(plan, async (planned) => {
    try {
      const following = await carryOut(planned, boss, surroundings);
      if (following !== undefined) requests.push(following);
    } catch (error) {
      outcomes.push('failed');
      report({ name: planned.name, outcome: 'failed', why: aboutMachine(planned.name, error) });
    }
  });
  if (!request.wait) {
    if (request.json) {
      requests.forEach(({ name }) =>
        surroundings.output.json({ name, action: actions.get(name), outcome: 'accepted' }),
      );
    }
    return exitCodeOf([...outcomes, ...requests.map(() => 'done' as const)]);
  }
  const followed = await followAll(requests, request, surroundings, report);
  const exit = exitCodeOf([...outcomes, ...followed.map(({ outcome }) => outcome)]);
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
    const doomed = prepared.plan.filter(({ action }) => action === 'destroy').map(({ name }) => name);
    if (!request.yes) await confirmDestruction(doomed, surroundings);
    return execute(prepared.plan, boss, request, surroundings);
  });
};
harden(applyFleet);
