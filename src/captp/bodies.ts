/**
 * Bodies of messages, looked at as texts: what is called, what came of it, and errors made without @endo/captp.
 */
import { makeError } from '../errors/gobs-error.ts';
import type { Body } from './message.ts';

/** A call of a method by name: no reading of properties, no calling of functions. */
const CALL = /^\["([a-zA-Z_$][\w$]{0,99})",\[/;
const REFERENCE = '{"@qclass":"slot"';
const REASON_LENGTH = 4_000;

/** What every object has is no business of another peer. */
const notFromAfar: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype));

/** Does the body of a call name a method that may be called from afar? */
export const isCallable = (body: string): boolean => {
  const method = CALL.exec(body)?.[1];
  return method !== undefined && !notFromAfar.has(method);
};
harden(isCallable);

/** Is what a body holds one reference or promise, and nothing around it? */
export const isReference = (body: string): boolean => body.startsWith(REFERENCE);
harden(isReference);

/** What @endo/captp would make of an error; but it would have it logged, too. */
export const errorBody = (error: Error): Body => ({
  body: JSON.stringify({ '@qclass': 'error', message: error.message.slice(0, REASON_LENGTH), name: 'Error' }),
  slots: [],
});
harden(errorBody);

/** For a call that is no call of a method, or of one that every object has. */
export const noSuchMethod = makeError(
  'NO_SUCH_METHOD',
  'references answer calls of methods by name, and not of those that every object has',
);
harden(noSuchMethod);

/** For a call of an answer that turned out to be data: the methods of strings and arrays are no business of another peer either. */
export const dataIsNotCalled = makeError('NO_SUCH_METHOD', 'what was called is data, and only references have methods');
harden(dataIsNotCalled);
