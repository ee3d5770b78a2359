/**
 * Several packages in one run of apt-get. First apt only says what it would do: what it would take away and nobody wants to be absent is a reason not
 * to begin. If it cannot do all of them, each is tried alone, so that one that cannot be had does not keep the others from theirs. A run that failed and
 * was helped is a new one: with other lists, or after what dpkg finished, apt may do something else, so it is asked again.
 *
 *     Inst nginx [1.18.0-6] (1.22.1-9 Debian:12 [amd64])      the lines of `apt-get -s` (apt-get(8), --simulate)
 *     Remv nginx-light [1.18.0-6]
 *     Conf nginx (1.22.1-9 Debian:12 [amd64])
 */
import { makeError } from '../../../errors/gobs-error.ts';
import type { CommandOutcome } from '../../commands.ts';
import type { Host } from '../contract.ts';
import { aptSaying, fetchLists, finishInterrupted, runAptGet, wantsFreshLists, wasInterrupted } from './apt-get.ts';
import { noCaches } from './candidates.ts';

/** One package, as apt-get is told about it. */
export interface Step {
  /** `nginx` */
  readonly name: string;
  /** `nginx`, `nginx=1.22.1-9`, or `nginx-` to take it away. */
  readonly word: string;
  readonly removes: boolean;
}

/** What a simulation would take away. */
export const parseRemoved = (output: string): readonly string[] =>
  [...output.matchAll(/^(?:Remv|Purg) (\S+)/gm)].map(([, name]) => name!);
harden(parseRemoved);

/** Names that the steps do not want to be absent. */
export const unwantedRemovals = (output: string, steps: readonly Step[]): readonly string[] => {
  const meant = new Set(steps.flatMap(({ name, removes }) => (removes ? [name, name.replace(/:.*$/, '')] : [])));
  return parseRemoved(output).filter((name) => !meant.has(name) && !meant.has(name.replace(/:.*$/, '')));
};
harden(unwantedRemovals);

const MOST_NAMED = 5;

/** One that has nothing to take away takes nothing away, whatever happened on the host since apt was asked. */
const careFor = (steps: readonly Step[]): readonly string[] =>
  steps.some(({ removes }) => removes) ? [] : ['--no-remove'];

const wordsFor = (steps: readonly Step[]): readonly string[] => [
  // Only a step that names a version can be one.
  '--allow-downgrades',
  'install',
  '--',
  ...steps.map(({ word }) => word),
];

/** Why something cannot be done; whoever has it puts its own name before it. */
interface Reason {
  readonly why: string;
  readonly hint?: string;
}

const reasonOf = (outcome: CommandOutcome): Reason => ({ why: aptSaying(outcome) });

const errorOf = (name: string, { why, hint }: Reason): Error =>
  makeError('CANNOT_CHANGE', `${name}: ${why}`, hint === undefined ? {} : { hint });

/** Why it is not to be begun, or undefined. Changes nothing. */
const objection = async (host: Host, steps: readonly Step[]): Promise<Reason | undefined> => {
  const [{ name }] = steps as [Step];
  const outcome = await runAptGet(host, name, wordsFor(steps), ['-s', ...noCaches]);
  if (outcome.code !== 0) return wasInterrupted(outcome) ? undefined : reasonOf(outcome);
  const others = unwantedRemovals(outcome.stdout, steps);
  if (others.length === 0) return undefined;
  const named = others.slice(0, MOST_NAMED).join(', ');
  const more = others.length > MOST_NAMED ? ` and ${others.length - MOST_NAMED} more` : '';
  return {
    why: `apt would take away ${named}${more} for it`,
    hint: 'if that is meant, say in the document that they are absent',
  };
};

type Refuse = (steps: readonly Step[], reason: Reason) => void;

/** Those that can be done together; the others are refused. Changes nothing. */
const sift = async (host: Host, steps: readonly Step[], refuse: Refuse): Promise<readonly Step[]> => {
  if (steps.length === 0) return [];
  const reason = await objection(host, steps);
  if (reason === undefined) return steps;
  if (steps.length === 1) {
    refuse(steps, reason);
    return [];
  }
  const possible: Step[] = [];
  for (const step of steps) {
    const alone = await objection(host, [step]);
    if (alone === undefined) possible.push(step);
    else refuse([step], alone);
  }
  const together = possible.length === 0 ? undefined : await objection(host, possible);
  if (together === undefined) return possible;
  refuse(possible, together);
  return [];
};

/** What may help a run that failed; each is tried once, in this order, and resolves to why it could not. */
const remedies = harden([
  { helps: wasInterrupted, apply: finishInterrupted },
  { helps: wantsFreshLists, apply: (host: Host, thing: string) => fetchLists(host, thing) },
]);

const runSteps = (host: Host, steps: readonly Step[]): Promise<CommandOutcome> =>
  runAptGet(host, steps[0]!.name, wordsFor(steps), careFor(steps));

/** By name, why it could not be done. Those that are not in it may still be other than wanted: that shows only by looking. */
export const performSteps = async (host: Host, steps: readonly Step[]): Promise<ReadonlyMap<string, Error>> => {
  const errors = new Map<string, Error>();
  const refuse: Refuse = (refused, reason) => {
    for (const { name } of refused) errors.set(name, errorOf(name, reason));
  };
  let possible = await sift(host, steps, refuse);
  if (possible.length === 0) return errors;
  let outcome = await runSteps(host, possible);
  for (const { helps, apply } of remedies) {
    if (outcome.code === 0 || !helps(outcome)) continue;
    const why = await apply(host, possible[0]!.name);
    if (why !== undefined) {
      refuse(possible, { why });
      return errors;
    }
    possible = await sift(host, possible, refuse);
    if (possible.length === 0) return errors;
    outcome = await runSteps(host, possible);
  }
  if (outcome.code !== 0) refuse(possible, reasonOf(outcome));
  return errors;
};
harden(performSteps);
