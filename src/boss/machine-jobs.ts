/**
 * Asks the provider to do a machine's open job. Called in the turn that opens the job, and again, for every machine with an open job, when
 * the boss starts: providers do each job once, however often they are asked.
 *
 * The outcome comes back as a turn of its own, and says which job it is of. If the process ends before, nothing is lost but time.
 */
import { describeError } from '../errors/gobs-error.ts';
import { plainText } from '../protocol/plain-text.ts';
import { redactLocators } from '../protocol/printable.ts';
import { E } from '../vats/eventual-send.ts';
import type { TurnTools } from '../vats/kind.ts';
import type { Failure } from './lifecycle.ts';
import type { MachineFacets } from './machine-facets.ts';
import type { MachinePortrait } from './machine-portrait.ts';
import type { MachinePowers } from './machine-turn.ts';

/** This process is ending, or could not write: that says nothing about the provider. The job stays open, and is taken up again. */
const notAnOutcome: readonly string[] = harden(['VAT_STOPPED', 'COMMIT_FAILED']);

/** Undefined if it says nothing about the job. */
export const failureFrom = (reason: unknown): Omit<Failure, 'in'> | undefined => {
  const { code, message, hint } = describeError(reason);
  if (notAnOutcome.includes(code)) return undefined;
  const tidy = (text: string) => plainText(redactLocators(text), 1_000);
  return harden({
    code: code === 'UNEXPECTED' ? 'PROVIDER_FAILED' : code,
    message: tidy(message),
    ...(hint === undefined ? {} : { hint: tidy(hint) }),
  });
};
harden(failureFrom);

type Jobs = Pick<MachineFacets, 'lifecycle'>;
type Powers = Pick<MachinePowers & TurnTools<MachinePortrait>, 'on' | 'mint'>;

/** What is done with the outcome of a request to the provider. */
const follow = <T>(
  request: Promise<T>,
  number: number,
  { lifecycle }: Jobs,
  { on }: Powers,
  then?: (answer: T) => void,
): void => {
  void on(request, then ?? (() => lifecycle.provided(number)), (reason) => {
    const failure = failureFrom(reason);
    if (failure !== undefined) lifecycle.refused(number, failure);
  });
};

/** For a machine with an open job. */
export const pursue = (portrait: MachinePortrait, self: Jobs, powers: Powers): void => {
  const { id, provider, options, progress } = portrait;
  const { task, number } = progress.job!;
  switch (task) {
    case 'create':
      // Making it is asked for in the turn that hears this answer, so never after something that was decided meanwhile.
      return follow(E(provider).validate(options), number, self, powers, () => self.lifecycle.accepted(number));
    case 'start':
      return follow(E(provider).start({ machineId: id, options }), number, self, powers);
    case 'stop':
      return follow(E(provider).stop({ machineId: id, options }), number, self, powers);
    case 'destroy':
      return follow(E(provider).destroy({ machineId: id, options }), number, self, powers, (leaves) =>
        self.lifecycle.provided(
          number,
          leaves.map((words) => plainText(words, 300)),
        ),
      );
  }
};
harden(pursue);

/** The second half of `create`. */
export const make = (portrait: MachinePortrait, self: Jobs, powers: Powers): void => {
  const { id, name, provider, options, enrolment, progress } = portrait;
  const { locator } = powers.mint(id, enrolment!.nonce);
  follow(E(provider).create({ machineId: id, name, options, locator }), progress.job!.number, self, powers);
};
harden(make);
