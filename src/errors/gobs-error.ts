/**
 * The one way to make an error that a person or another peer will see.
 *
 * Only an error's message crosses CapTP and survives SES, so the message carries everything: `CODE: what happened`,
 * and on a second line `hint: what to do`. `describeError` takes that apart again, wherever the error came from.
 * Codes are listed in docs/reference/errors.md; a test compares that list with `errorCodes`.
 */
import type { errorCodes } from './codes.ts';

export type ErrorCode = keyof typeof errorCodes;

export interface ErrorDescription {
  /** A code from the list, or `UNEXPECTED` for an error that nobody gave one. */
  readonly code: string;
  /** One line that names the thing and its value. */
  readonly message: string;
  /** What the reader can do about it. */
  readonly hint?: string;
}

const HINT = '\nhint: ';
const SHAPE = /^([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+): ([^\n]*)(?:\nhint: ([^\n]*))?$/;

const oneLine = (text: string): string => text.replace(/[\r\n]+\s*/g, ' ');

export interface ErrorOptionsWithHint {
  hint?: string;
  cause?: unknown;
}

/** A hardened error with a stable code. `message` names the thing and its value; line breaks in it are folded. */
export const makeError = (code: ErrorCode, message: string, { hint, cause }: ErrorOptionsWithHint = {}): Error =>
  harden(
    new Error(
      `${code}: ${oneLine(message)}${hint === undefined ? '' : `${HINT}${oneLine(hint)}`}`,
      cause === undefined ? undefined : { cause },
    ),
  );
harden(makeError);

/** What was thrown may be anything, even an object that refuses to be text. */
const textOf = (thrown: unknown): string => {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return 'something was thrown that cannot be shown';
  }
};

/** Takes any thrown value apart; never throws. An error without a code is `UNEXPECTED`. */
export const describeError = (thrown: unknown): ErrorDescription => {
  const text = textOf(thrown);
  const match = SHAPE.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) {
    return harden({ code: 'UNEXPECTED', message: oneLine(text) });
  }
  return harden({
    code: match[1],
    message: match[2],
    ...(match[3] === undefined ? {} : { hint: match[3] }),
  });
};
harden(describeError);

/** The code of any thrown value. */
export const codeOf = (thrown: unknown): string => describeError(thrown).code;
harden(codeOf);
