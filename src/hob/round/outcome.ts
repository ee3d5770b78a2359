/** What is reported of one resource, and how each state comes about. Pure. */
import { codeOf, describeError, makeError } from '../../errors/gobs-error.ts';
import { plainText } from '../../protocol/plain-text.ts';
import type { ResourceProblem } from '../../protocol/resources/resource-problems.ts';
import { reportLimits, type Change, type Resource, type ResourceReport } from '../../protocol/shapes.ts';

export type Outcome = Omit<ResourceReport, 'id' | 'type'>;

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

/** Of what was thrown while it was looked at or mended. */
export const failure = (error: unknown): Outcome => ({
  state: codeOf(error) === 'CANNOT_LOOK' ? 'unknown' : 'failed',
  why: whyOf(error),
});
harden(failure);

/** The boss refuses such a document; this is for one that a newer boss takes. */
export const problemOutcome = ({ path, message, hint }: ResourceProblem): Outcome =>
  failure(makeError('BAD_DESIRED_STATE', `${path}: ${message}`, hint === undefined ? {} : { hint }));
harden(problemOutcome);

/** `effect`: what it did, or is owed, because others were changed; always listed. `now`: if it was mended. */
export const changed = (changes: readonly Change[], effect: readonly Change[], now?: () => number): Outcome => {
  const listed = [...changes.slice(0, reportLimits.changes - effect.length), ...effect].map(printableChange);
  if (listed.length === 0) return { state: 'ok' };
  return now === undefined ? { state: 'drifted', changes: listed } : { state: 'corrected', changes: listed, at: now() };
};
harden(changed);

/** Of the first that it comes after and that is not as it is to be; undefined if there is none. */
export const waitingOutcome = (
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
harden(waitingOutcome);
