/**
 * One round of a hob's work: each resource of the desired state is looked at, each after those that it comes after and otherwise in the order
 * of the document, and made so if that is asked for. The report has the order of the document. docs/explanation/convergence.md tells the whole.
 * Looking and doing are one path with a flag (resources/contract.ts). One resource that fails does not stop the others,
 * and nothing that happens here is lost: every resource gets its line in the report.
 *
 *     nothing differs                ok
 *     differs, mode check            drifted     what, from, to
 *     differs, mode converge         corrected   what, from, to, at; and what it did because others were changed
 *     its condition does not hold    skipped     why; it was neither looked at nor touched
 *     cannot be looked at            unknown     why
 *     anything else                  failed      why
 *     comes after one that is        unknown     why: which one; it was neither looked at nor touched.
 *     failed or unknown, converge                In a check it is looked at as always
 */
import { plainText } from '../protocol/plain-text.ts';
import { orderOf, predecessorsOf } from '../protocol/resources/order.ts';
import { findResourceProblems, type ResourceProblem } from '../protocol/resources/resource-problems.ts';
import { reportLimits } from '../protocol/shapes.ts';
import type { DesiredState, Findings, ReportReason, Resource, ResourceReport } from '../protocol/shapes.ts';
import type { OwedNotes } from './owed.ts';
import type { Host, ResourceTypes } from './resources/contract.ts';
import { failure, problemOutcome, waitingOutcome, type Outcome } from './round/outcome.ts';
import { runsOf } from './round/runs.ts';
import { skippedOf } from './round/skipped.ts';
import { workOn } from './round/work.ts';

export interface ReconcileRequest {
  readonly desired: DesiredState;
  /** `check` touches nothing. */
  readonly mode: 'check' | 'converge';
  readonly reason: ReportReason;
  readonly types: ResourceTypes;
  readonly host: Host;
  readonly owed: OwedNotes;
  /** The hob's clock, in milliseconds since 1970. */
  now(): number;
}

/** What one round asks more than once is the same for all of it. */
const makeOnce = <Result>(ask: () => Promise<Result>): (() => Promise<Result>) => {
  let answer: Promise<Result> | undefined;
  return () => (answer ??= ask());
};

const definitionsOf = (types: ResourceTypes) =>
  Object.fromEntries(Object.entries(types).map(([name, { definition }]) => [name, definition]));

/** By index, what needs no look at the host; a problem with the list itself is every resource's. */
const problemsOf = ({ desired: { resources }, types }: ReconcileRequest): ReadonlyMap<number, Outcome> => {
  const problems = new Map<number, ResourceProblem>();
  for (const problem of findResourceProblems(resources, definitionsOf(types))) {
    if (!problems.has(problem.index)) problems.set(problem.index, problem);
  }
  const ofAll = problems.get(-1);
  const entries = resources.flatMap((_, index) => {
    const problem = problems.get(index) ?? ofAll;
    return problem === undefined ? [] : [[index, problemOutcome(problem)] as const];
  });
  return new Map(entries);
};

/** Where nobody knows what is owed, whoever notifies or is told is left alone. */
const owedTrouble = (
  resources: readonly Resource[],
  { damage }: OwedNotes,
): ((resource: Resource) => Outcome | undefined) => {
  if (damage === undefined) return () => undefined;
  const told = new Set(resources.flatMap(({ notify = [] }) => notify));
  return ({ id, notify = [] }) => (notify.length > 0 || told.has(id) ? failure(damage) : undefined);
};

/** Of what is not wanted any more, or not here, nothing is owed. */
const dropStale = async ({ desired: { resources }, owed }: ReconcileRequest, skipped: ReadonlyMap<number, Outcome>) => {
  const wanted = new Set(resources.filter((_, index) => skipped.get(index)?.state !== 'skipped').map(({ id }) => id));
  await owed.settle(owed.ids().filter((id) => !wanted.has(id)));
};

/** In document order, whatever the order of the work. */
const outcomesOf = async (request: ReconcileRequest): Promise<readonly Outcome[]> => {
  const { desired, mode, types, owed } = request;
  const { resources } = desired;
  const apply = mode === 'converge';
  const problems = problemsOf(request);
  const predecessors = predecessorsOf(
    resources.map((resource, index) => (problems.has(index) ? { id: resource.id } : resource)),
  );
  const host: Host = { ...request.host, facts: makeOnce(request.host.facts) };
  const skipped = await skippedOf(resources, problems, host);
  if (apply) await dropStale(request, skipped);
  const trouble = owedTrouble(resources, owed);
  const outcomes: (Outcome | undefined)[] = resources.map(() => undefined);
  const early = (index: number): Outcome | undefined =>
    problems.get(index) ??
    skipped.get(index) ??
    trouble(resources[index]!) ??
    (apply ? waitingOutcome(predecessors[index]!, resources, outcomes) : undefined);

  for (const run of runsOf(orderOf(predecessors).order, predecessors, resources, types)) {
    for (const index of run) outcomes[index] = early(index);
    const due = run.filter((index) => outcomes[index] === undefined);
    if (due.length === 0) continue;
    const type = types[resources[due[0]!]!.type]!;
    const members = due.map((index) => resources[index]!);
    const results = await workOn(members, { ...request, type, apply, host });
    for (const [at, index] of due.entries()) outcomes[index] = results[at]!;
  }
  return outcomes as readonly Outcome[];
};

/** Unchanged for every resource that makes sense. */
const nameOf = ({ id, type }: Pick<Resource, 'id' | 'type'>) => ({
  id: plainText(id, reportLimits.id),
  type: plainText(type, reportLimits.type),
});

/** Never rejects for what a host or a resource does. Two rounds must not run at once. */
export const reconcile = async (request: ReconcileRequest): Promise<Findings> => {
  const { desired, reason, now } = request;
  const outcomes = await outcomesOf(request);
  const resources: readonly ResourceReport[] = desired.resources.map((resource, index) => ({
    ...nameOf(resource),
    ...outcomes[index]!,
  }));
  return harden({ generation: desired.generation, reason, at: now(), resources });
};
harden(reconcile);
