/** Carries out the plan of a document: providers first, then machines, many at once; each is told as it is settled. */
import { E } from '@endo/far';
import { codeOf } from '../../errors/gobs-error.ts';
import type { Boss } from '../../protocol/remotes.ts';
import type { MachineStatus } from '../../protocol/shapes.ts';
import { exitCodeOf, exitCodes, type ExitCode, type Outcome } from '../exit-codes.ts';
import { inParallel } from '../in-parallel.ts';
import { judgeApplied, judgeGone } from '../outcomes.ts';
import { providerRefusal, refusalOf, type Plan, type PlannedAction } from '../plan.ts';
import type { RequestOf } from '../request.ts';
import { driftWords } from '../views/machines.ts';
import type { Followed, FollowRequest } from '../wait-for-outcome.ts';
import { aboutMachine, errorFrom, type Surroundings } from './action.ts';
import { withConfirmed, followAll } from './machine.ts';

/** Drift is left to its policy, by apply too: only a change is applied whatever the policy is. */
export const noteDrift = ({ name, drift, policy }: MachineStatus, { output }: Surroundings): void =>
  output.note(`gobs: ${name}: ${driftWords(drift)}; its policy is ${policy}; gobs drift ${name} shows how it differs`);
harden(noteDrift);

/** Carries out one action; the result is what to wait for. */
const carryOut = async (
  planned: PlannedAction,
  boss: Boss,
  surroundings: Surroundings,
): Promise<FollowRequest | undefined> => {
  const { name } = planned;
  const { powers } = surroundings;
  switch (planned.action) {
    case 'create': {
      const asked = await withConfirmed(boss, name, planned.spec, surroundings);
      const how = { requestId: powers.randomId(), documented: true };
      const machine = await E(boss).createMachine(name, asked, how);
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

/** What has to be asked about several machines is asked about one after the other. */
const askingInTurn = ({ powers, output }: Surroundings): Surroundings => {
  let last: Promise<unknown> = Promise.resolve();
  const ask: typeof powers.ask = (question) => {
    const answer = last.then(() => powers.ask(question));
    last = answer.catch(() => {});
    return answer;
  };
  return { output, powers: { ...powers, ask } };
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

/** Carries out a plan, and waits for what comes of it. Rejects if a provider cannot be made: then no machine was touched. */
export const carryOutPlan = async (
  plan: Plan,
  boss: Boss,
  request: RequestOf<'apply'>,
  surroundings: Surroundings,
): Promise<ExitCode> => {
  const actions = new Map(plan.machines.map(({ name, action }) => [name, action]));
  const report = (followed: Followed) => tell(followed, actions.get(followed.name)!, request, surroundings);
  const ofProviders = await makeProviders(plan, boss, surroundings);
  const { outcomes, requests } = await startAll(plan, boss, request, askingInTurn(surroundings), report);
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
harden(carryOutPlan);
