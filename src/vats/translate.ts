/**
 * Carries passable values between a vat and the host world. References and promises are exchanged for those of the other
 * side; errors are copied, without stack and cause; other data is frozen, so what holds none of these is the same value on both sides.
 */
import { annotateError, X } from '@endo/errors';
import { getErrorConstructor, getTag, makeTagged, passStyleOf } from '@endo/pass-style';
import { describeError, makeError } from '../errors/gobs-error.ts';

export interface Exchange {
  reference(ref: object): object;
  promise(promise: Promise<unknown>): Promise<unknown>;
}

type Tagged = { readonly payload: unknown };

const isPrimitive = (value: unknown): boolean =>
  typeof value !== 'function' && (typeof value !== 'object' || value === null);

/** Of any error: its class, if it is one of the language's own, and its message. */
const copyError = (error: Error): Error => {
  const { name, message } = error;
  const Constructor = getErrorConstructor(String(name)) ?? Error;
  const copy = harden(new (Constructor as ErrorConstructor)(String(message)));
  // Seen by the console of the process only: code cannot reach what is noted.
  annotateError(copy, X`copied from ${error}`);
  return copy;
};

const translateItems = (items: readonly unknown[], exchange: Exchange): readonly unknown[] => {
  let changed = false;
  const next = items.map((item) => {
    const translated = exchangeIn(item, exchange);
    if (!Object.is(translated, item)) changed = true;
    return translated;
  });
  return changed ? harden(next) : items;
};

/** What is passable is so in all its parts. */
const exchangeIn = (value: unknown, exchange: Exchange): unknown => {
  if (isPrimitive(value)) return value;
  switch (passStyleOf(value as never) as string) {
    case 'remotable':
      return exchange.reference(value as object);
    case 'promise':
      return exchange.promise(value as Promise<unknown>);
    case 'error':
      return copyError(value as Error);
    case 'copyArray':
      return translateItems(value as unknown[], exchange);
    case 'copyRecord': {
      const values = Object.values(value as object);
      const next = translateItems(values, exchange);
      if (next === values) return value;
      return harden(Object.fromEntries(Object.keys(value as object).map((name, i) => [name, next[i]])));
    }
    case 'tagged': {
      const { payload } = value as Tagged;
      const next = exchangeIn(payload, exchange);
      return Object.is(next, payload) ? value : makeTagged(getTag(value as never) as string, next as never);
    }
    default:
      return value;
  }
};

/** Hardens, and throws NOT_PASSABLE if the value could not cross any border. */
export const assertPassable = <T>(value: T): T => {
  try {
    passStyleOf((isPrimitive(value) ? value : harden(value)) as never);
    return value;
  } catch (error) {
    throw makeError('NOT_PASSABLE', describeError(error).message);
  }
};
harden(assertPassable);

/** Hardens `value`. Throws NOT_PASSABLE, or what the exchange throws. */
export const translate = (value: unknown, exchange: Exchange): unknown => exchangeIn(assertPassable(value), exchange);
harden(translate);

/** Why something failed, in a form that may cross: an error, without its stack. Anything else that was thrown is put into one. */
export const translateReason = (reason: unknown): Error => {
  try {
    if (reason instanceof Error) return copyError(reason);
  } catch {
    // An error that does not let itself be looked at is described like anything else.
  }
  return harden(new Error(`UNEXPECTED: ${describeError(reason).message}`));
};
harden(translateReason);
