/**
 * Carries passable values between a vat and the host world. References and promises are exchanged for those of the other
 * side; data is frozen, so what holds none of these is the same value on both sides.
 */
import { passStyleOf, makeTagged, getTag, toPassableError } from '@endo/pass-style';
import { makeError } from '../errors/gobs-error.ts';

export interface Exchange {
  reference(ref: object): object;
  promise(promise: Promise<unknown>): Promise<unknown>;
}

type Tagged = { readonly payload: unknown };

const styleOf = (value: object): string => {
  try {
    return passStyleOf(value as never);
  } catch (error) {
    throw makeError('NOT_PASSABLE', (error as Error).message);
  }
};

const translateItems = (items: readonly unknown[], exchange: Exchange): readonly unknown[] => {
  let changed = false;
  const next = items.map((item) => {
    const translated = translate(item, exchange);
    if (!Object.is(translated, item)) changed = true;
    return translated;
  });
  return changed ? harden(next) : items;
};

/** `value` must be hardened. Throws NOT_PASSABLE. */
export const translate = (value: unknown, exchange: Exchange): unknown => {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return value;
  switch (styleOf(value)) {
    case 'remotable':
      return exchange.reference(value);
    case 'promise':
      return exchange.promise(value as Promise<unknown>);
    case 'copyArray':
      return translateItems(value as unknown[], exchange);
    case 'copyRecord': {
      const names = Object.keys(value);
      const values = Object.values(value);
      const next = translateItems(values, exchange);
      return next === values ? value : harden(Object.fromEntries(names.map((name, i) => [name, next[i]])));
    }
    case 'tagged': {
      const { payload } = value as Tagged;
      const next = translate(payload, exchange);
      return Object.is(next, payload) ? value : makeTagged(getTag(value as never) as string, next as never);
    }
    default:
      return value;
  }
};

/** Why something failed, in a form that may cross: an error, without its stack. Anything else that was thrown is put into one. */
export const translateReason = (reason: unknown): Error => {
  if (reason instanceof Error) return toPassableError(harden(reason));
  return harden(new Error(`UNEXPECTED: ${String(reason)}`));
};

/** Hardens, and throws NOT_PASSABLE if the value could not cross. */
export const assertPassable = <T>(value: T): T => {
  harden(value);
  if (value !== null && (typeof value === 'object' || typeof value === 'function')) styleOf(value);
  return value;
};
