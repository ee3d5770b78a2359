/**
 * One round of a hob's work: each resource of the desired state is looked at, one at a time, each after those that it names in `after` and
 * otherwise in the order of the document, and made so if that is asked for. The report has the order of the document.
 * Looking and doing are one path with a flag (resources/contract.ts). One resource that fails does not stop the others,
 * and nothing that happens here is lost: every resource gets its line in the report.
 *
 *     nothing differs                ok
 *     differs, mode check            drifted     what, from, to
 *     differs, mode converge         corrected   what, from, to, at
 *     cannot be looked at            unknown     why
 *     anything else                  failed      why
 *     comes after one that is        unknown     why: which one; it was neither looked at nor touched.
 *     failed or unknown, converge                In a check it is looked at as always
 */
import { codeOf, describeError, makeError } from '../errors/gobs-error.ts';
import { plainText } from '../protocol/plain-text.ts';
import { orderOf, predecessorsOf } from '../protocol/resources/order.ts';
import { findResourceProblems, type ResourceProblem } from '../protocol/resources/resource-problems.ts';
import { reportLimits } from '../protocol/shapes.ts';
import type { Change, DesiredState, Findings, ReportReason, Resource, ResourceReport } from '../protocol/shapes.ts';
import type { Host, ResourceTypes } from './resources/contract.ts';

export interface ReconcileRequest {
  readonly desired: DesiredState;
  /** `check` touches nothing. */
  readonly mode: 'check' | 'converge';
  readonly reason: ReportReason;
  readonly types: ResourceTypes;
  readonly host: Host;
  /** The hob's clock, in milliseconds since 1970. */
  now(): number;
}

const definitionsOf = (types: ResourceTypes) =>
  Object.fromEntries(Object.entries(types).map(([name, { definition }]) => [name, definition]));

const problemError = ({ path, message, hint }: ResourceProblem): Error =>
  makeError('BAD_DESIRED_STATE', `${path}: ${message}`, hint === undefined ? {} : { hint });

/** One line for people: code, message, hint. */
const whyOf = (thrown: unknown): string => {
  const { code, message, hint } = describeError(thrown);
  return plainText(`${code}: ${message}${hint === undefined ? '' : ` (${hint})`}`, reportLimits.text);
};

const printableChange = ({ what, from, to }: Change): Change => ({
  what: plainText(what, reportLimits.what),
  from: plainText(from, reportLimits.text),
  to: plainText(to, reportLimits.text),
});

type Outcome = Omit<ResourceReport, 'id' | 'type'>;

/** The boss refuses such a document; this is for one that a newer boss takes. */
const problemOutcome = (problem: ResourceProblem): Outcome => ({
  state: 'failed',
  why: whyOf(problemError(problem)),
});

const convergeOne = async (resource: Resource, { types, host, mode, now }: ReconcileRequest): Promise<Outcome> => {
  const type = types[resource.type]!;
  const apply = mode === 'converge';
  try {
    const path = type.definition.owns?.(resource) ?? type.definition.edits?.(resource);
    if (apply && path !== undefined) await host.files.sweep(path);
    const changes = (await type.converge(resource, host, apply)).slice(0, reportLimits.changes).map(printableChange);
    if (changes.length === 0) return { state: 'ok' };
    return apply ? { state: 'corrected', changes, at: now() } : { state: 'drifted', changes };
  } catch (error) {
    return { state: codeOf(error) === 'CANNOT_LOOK' ? 'unknown' : 'failed', why: whyOf(error) };
  }
};

/** Of the first that it comes after and that is not as it is to be; undefined if there is none. */
const waitingOutcome = (
  predecessors: readonly number[],
  resources: readonly Resource[],
  outcomes: readonly (Outcome | undefined)[],
): Outcome | undefined => {
  const blocking = predecessors.find((index) => ['failed', 'unknown'].includes(outcomes[index]?.state ?? 'unknown'));
  if (blocking === undefined) return undefined;
  const state = outcomes[blocking]?.state === 'failed' ? 'failed' : 'is unknown';
  const message = `not touched: it comes after "${resources[blocking]!.id}", which ${state}`;
  return { state: 'unknown', why: whyOf(makeError('PREDECESSOR_FAILED', message)) };
};

/** In document order, whatever the order of the work. */
const outcomesOf = async (
  request: ReconcileRequest,
  problems: ReadonlyMap<number, ResourceProblem>,
): Promise<readonly Outcome[]> => {
  const { desired, mode } = request;
  const { resources } = desired;
  const problemOf = (index: number) => problems.get(index) ?? problems.get(-1);
  const predecessors = predecessorsOf(
    resources.map((resource, index) => (problemOf(index) === undefined ? resource : { id: resource.id })),
  );
  const outcomes: (Outcome | undefined)[] = resources.map(() => undefined);
  for (const index of orderOf(predecessors).order) {
    const problem = problemOf(index);
    if (problem !== undefined) outcomes[index] = problemOutcome(problem);
    else {
      const waiting = mode === 'converge' ? waitingOutcome(predecessors[index]!, resources, outcomes) : undefined;
      outcomes[index] = waiting ?? (await convergeOne(resources[index]!, request));
    }
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
  const { desired, reason, types, now } = request;
  const problems = new Map<number, ResourceProblem>();
  for (const problem of findResourceProblems(desired.resources, definitionsOf(types))) {
    if (!problems.has(problem.index)) problems.set(problem.index, problem);
  }
  const outcomes = await outcomesOf(request, problems);
  const resources: readonly ResourceReport[] = desired.resources.map((resource, index) => ({
    ...nameOf(resource),
    ...outcomes[index]!,
  }));
  return harden({ generation: desired.generation, reason, at: now(), resources });
};
harden(reconcile);
