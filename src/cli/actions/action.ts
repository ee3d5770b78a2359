/** What an action gets and gives. Actions talk: to the boss, to the user, to processes. What they say is made in `views/`. */
import { describeError, makeError, type ErrorCode, type ErrorDescription } from '../../errors/gobs-error.ts';
import { errorCodes } from '../../errors/codes.ts';
import type { ExecExit, ExitCode } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import type { CliPowers } from '../powers.ts';
import type { Request, RequestOf } from '../request.ts';

export interface Surroundings {
  readonly powers: CliPowers;
  readonly output: Output;
}

/** A rejection is shown by whoever calls, with exit 1. */
export type Action<Kind extends Request['do']> = (
  request: RequestOf<Kind>,
  surroundings: Surroundings,
) => Promise<ExitCode | ExecExit>;

/** The error that a description came from, to be shown as any other. */
export const errorFrom = ({ code, message, hint }: ErrorDescription): Error =>
  Object.hasOwn(errorCodes, code)
    ? makeError(code as ErrorCode, message, hint === undefined ? {} : { hint })
    : new Error(message);
harden(errorFrom);

/** For a machine of several: its name stands in front, if the message does not say it. */
export const aboutMachine = (name: string, error: unknown): ErrorDescription => {
  const described = describeError(error);
  return described.message.includes(name) ? described : { ...described, message: `${name}: ${described.message}` };
};
harden(aboutMachine);
