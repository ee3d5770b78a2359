/**
 * Several packages in one run of apt-get. First apt only says what it would do: what it would take away and nobody wants to be absent is a reason not
 * to begin. If it cannot do all of them, each is tried alone, so that one that cannot be had does not keep the others from theirs.
 *
 *     Inst nginx [1.18.0-6] (1.22.1-9 Debian:12 [amd64])      the lines of `apt-get -s` (apt-get(8), --simulate)
 *     Remv nginx-light [1.18.0-6]
 *     Conf nginx (1.22.1-9 Debian:12 [amd64])
 */
import { makeError } from '../../../errors/gobs-error.ts';
import type { CommandOutcome } from '../../commands.ts';
import type { Host } from '../contract.ts';
import { aptSaying, finishInterrupted, runAptGet, updateLists, wantsFreshLists, wasInterrupted } from './apt-get.ts';
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

const wordsFor = (steps: readonly Step[]): readonly string[] => [
  // Only a step that names a version can be one.
  '--allow-downgrades',
  'install',
  '--',
  ...steps.map(({ word }) => word),
];

const failed = (name: string, outcome: CommandOutcome): Error =>
  makeError('CANNOT_CHANGE', `${name}: ${aptSaying(outcome)}`);

/** Why it is not to be begun, or undefined. Changes nothing. */
const objection = async (host: Host, steps: readonly Step[]): Promise<Error | undefined> => {
  const [{ name }] = steps as [Step];
  const outcome = await runAptGet(host, name, wordsFor(steps), ['-s', ...noCaches]);
  if (outcome.code !== 0) return wasInterrupted(outcome) ? undefined : failed(name, outcome);
  const others = unwantedRemovals(outcome.stdout, steps);
  if (others.length === 0) return undefined;
  const named = others.slice(0, MOST_NAMED).join(', ');
  const more = others.length > MOST_NAMED ? ` and ${others.length - MOST_NAMED} more` : '';
  return makeError('CANNOT_CHANGE', `${name}: apt would take away ${named}${more} for it`, {
    hint: 'if that is meant, say in the document that they are absent',
  });
};

/** Undefined if all went well. */
const runSteps = async (host: Host, steps: readonly Step[]): Promise<Error | undefined> => {
  const [{ name }] = steps as [Step];
  let outcome = await runAptGet(host, name, wordsFor(steps));
  if (outcome.code !== 0 && wasInterrupted(outcome)) {
    await finishInterrupted(host, name);
    outcome = await runAptGet(host, name, wordsFor(steps));
  }
  if (outcome.code !== 0 && wantsFreshLists(outcome)) {
    await updateLists(host, name);
    outcome = await runAptGet(host, name, wordsFor(steps));
  }
  return outcome.code === 0 ? undefined : failed(name, outcome);
};

/** By name, why it could not be done. Those that are not in it may still be other than wanted: that shows only by looking. */
export const performSteps = async (host: Host, steps: readonly Step[]): Promise<ReadonlyMap<string, Error>> => {
  const errors = new Map<string, Error>();
  if (steps.length === 0) return errors;
  let possible = steps;
  let reason = await objection(host, steps);
  if (reason !== undefined && steps.length > 1) {
    for (const step of steps) {
      const alone = await objection(host, [step]);
      if (alone !== undefined) errors.set(step.name, alone);
    }
    possible = steps.filter(({ name }) => !errors.has(name));
    reason = possible.length === 0 ? undefined : await objection(host, possible);
  }
  if (reason === undefined && possible.length > 0) reason = await runSteps(host, possible);
  if (reason !== undefined) for (const { name } of possible) errors.set(name, reason);
  return errors;
};
harden(performSteps);
