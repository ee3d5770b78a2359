/**
 * The end of a session, in words: what the side that ends it says last (`bye`), and what those hear who waited for answers.
 */
import { describeError, makeError, type ErrorCode } from '../errors/gobs-error.ts';
import type { Message } from './message.ts';

/** Reasons for an end that one side may give the other. What is not among them is nobody else's business, or made up. */
const reasons: ReadonlySet<string> = new Set<ErrorCode>([
  'LIMIT_EXCEEDED',
  'PEER_ALREADY_CONNECTED',
  'PEER_MISMATCH',
  'PROTOCOL_ERROR',
  'PROTOCOL_MISMATCH',
  'SESSION_CLOSED',
]);

const TEXT_LENGTH = 1_000;

export const byeText = (reason: Error): string => {
  const { code, message, hint } = describeError(reason);
  const known = reasons.has(code);
  return JSON.stringify({
    type: 'bye',
    code: known ? code : 'SESSION_CLOSED',
    message: (known ? message : 'it had to end the session').slice(0, TEXT_LENGTH),
    ...(known && hint !== undefined ? { hint: hint.slice(0, TEXT_LENGTH) } : {}),
  });
};
harden(byeText);

/** Why the other side ended the session. Never throws: it is gone, whatever it said. */
export const readBye = ({ code, message, hint }: Message): Error => {
  const known = typeof code === 'string' && reasons.has(code) && typeof message === 'string';
  if (!known) return makeError('SESSION_CLOSED', 'the other side ended it');
  return makeError(code as ErrorCode, message.slice(0, TEXT_LENGTH), {
    ...(typeof hint === 'string' ? { hint: hint.slice(0, TEXT_LENGTH) } : {}),
  });
};
harden(readBye);

/** What a caller hears whose answer will not come. `whom` names peer and address. */
export const sessionClosed = (whom: string, reason: Error): Error => {
  const { code, message, hint } = describeError(reason);
  const why = code === 'SESSION_CLOSED' || code === 'UNEXPECTED' ? message : `${code}, ${message}`;
  return makeError('SESSION_CLOSED', `the session with ${whom} ended: ${why}`, {
    cause: reason,
    ...(hint === undefined ? {} : { hint }),
  });
};
harden(sessionClosed);
