/**
 * One round of a hob's work: each resource of the desired state is looked at, in the order of the document, and made so if that is asked for.
 * Looking and doing are one path with a flag (resources/contract.ts). One resource that fails does not stop the others,
 * and nothing that happens here is lost: every resource gets its line in the report.
 *
 *     nothing differs                ok
 *     differs, mode check            drifted     what, from, to
 *     differs, mode converge         corrected   what, from, to, at
 *     cannot be looked at            unknown     why
 *     anything else                  failed      why
 */
import { codeOf, describeError, makeError } from '../errors/gobs-error.ts';
import { plainText } from '../protocol/plain-text.ts';
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
    const path = type.definition.owns?.(resource);
    if (apply && path !== undefined) await host.files.sweep(path);
    const changes = (await type.converge(resource, host, apply)).slice(0, reportLimits.changes).map(printableChange);
    if (changes.length === 0) return { state: 'ok' };
    return apply ? { state: 'corrected', changes, at: now() } : { state: 'drifted', changes };
  } catch (error) {
    return { state: codeOf(error) === 'CANNOT_LOOK' ? 'unknown' : 'failed', why: whyOf(error) };
  }
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
  const resources: ResourceReport[] = [];
  for (const [index, resource] of desired.resources.entries()) {
    const problem = problems.get(index) ?? problems.get(-1);
    const outcome = problem === undefined ? await convergeOne(resource, request) : problemOutcome(problem);
    resources.push({ ...nameOf(resource), ...outcome });
  }
  return harden({ generation: desired.generation, reason, at: now(), resources });
};
harden(reconcile);
