/**
 * What is kept of a turn, and how it is written: who called what, how it ended, what it changed and sent. Never what was passed or returned.
 * All of it is bounded.
 */
import { errorCodes } from '../errors/codes.ts';
import { formatActorName, type RefName } from './names.ts';

/** A message that a turn sent. */
export interface Effect {
  readonly id: string;
  /** A reference's name, or `promise`. */
  readonly target: string;
  readonly method: string;
}

/** See docs/explanation/trace.md. */
export interface TraceRecord {
  readonly number: number;
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly vat: string;
  readonly target: string;
  readonly method: string;
  readonly from: string;
  readonly cause: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly changed: readonly RefName[];
  readonly effects: readonly Effect[];
  /** Changed actors and effects for which there was no room. */
  readonly omitted: number;
}

/** As it is written: without its number, since those of a row follow each other. `changed`: `boss/machine/7`. */
export type Entry = readonly [
  id: string,
  at: number,
  vat: string,
  target: string,
  method: string,
  from: string,
  cause: string | 0,
  error: readonly [code: string, message: string] | 0,
  changed: readonly string[],
  effects: readonly (readonly [id: string, target: string, method: string])[],
  omitted: number,
];

export const entryLimits = harden({ method: 80, target: 200, message: 200, listed: 12 } as const);
harden(entryLimits);

const cut = (text: string, limit: number): string => (text.length <= limit ? text : `${text.slice(0, limit - 1)}…`);

export const cutMethod = (method: string): string => cut(method, entryLimits.method);
harden(cutMethod);
export const cutTarget = (target: string): string => cut(target, entryLimits.target);
harden(cutTarget);

/** Messages of these repeat what was passed or stored, and an error that nobody gave a code may say anything. */
const repeatsValues = (code: string): boolean =>
  /^BAD_|^LOCATOR_|^(?:NOT_PASSABLE|ROW_DAMAGED|UPGRADE_FAILED)$/.test(code) || !Object.hasOwn(errorCodes, code);

const LOCATOR_SECRET = /(\/s\/)[^\s?#'"`\\]+/g;

/** Of a turn that threw. */
export const errorOf = (code: string, message: string): Entry[7] =>
  repeatsValues(code)
    ? [cut(code, entryLimits.method), '']
    : [code, cut(message.replace(LOCATOR_SECRET, '$1…'), entryLimits.message)];
harden(errorOf);

/** `v/boss/a/machine/7` → `boss/machine/7`; `v/boss/m/12/…` → `boss/map/12`; undefined for rows of a vat itself. */
const changedBy = (key: string): string | undefined => {
  const afterVat = key.indexOf('/', 2);
  const folder = key.slice(afterVat, afterVat + 3);
  if (folder === '/a/') return key.slice(2, afterVat) + key.slice(afterVat + 2);
  if (folder !== '/m/') return undefined;
  return `${key.slice(2, afterVat)}/map/${key.slice(afterVat + 3, key.indexOf('/', afterVat + 3))}`;
};

/** The actors whose rows or entries these are. */
export const changedActors = (keys: Iterable<string>): ReadonlySet<string> => {
  const found = new Set<string>();
  for (const key of keys) {
    const actor = changedBy(key);
    if (actor !== undefined) found.add(actor);
  }
  return found;
};
harden(changedActors);

const actorName = (id: string): RefName => {
  const [vat = '', kind = '', instance] = id.split('/');
  return formatActorName({ durable: true, vat, kind, instance: Number(instance), facet: 'self' });
};

export const recordOf = (number: number, entry: Entry): TraceRecord => {
  const [id, at, vat, target, method, from, cause, error, changed, effects, omitted] = entry;
  return {
    number,
    id,
    at,
    vat,
    target,
    method,
    from,
    cause: cause === 0 ? null : cause,
    error: error === 0 ? null : { code: error[0], message: error[1] },
    changed: changed.map(actorName),
    effects: effects.map(([sent, to, called]) => ({ id: sent, target: to, method: called })),
    omitted,
  };
};
harden(recordOf);
