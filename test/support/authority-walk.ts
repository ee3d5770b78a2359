/**
 * Finds out what somebody can reach who holds some references: calls every method of a list, with arguments that are valid, on each, and follows
 * every result, promise and error that comes back, until nothing new turns up.
 *
 * It knows references only by what `nameOf` says, so it walks in one process and over a wire alike. What cannot be called is tried
 * too: properties, and references as functions.
 */
import { E } from '@endo/eventual-send';
import { getInterfaceOf, getTag, isPassable, passStyleOf } from '@endo/pass-style';
import { getInterfaceGuardPayload, type InterfaceGuard } from '@endo/patterns';
import { codeOf } from '../../src/errors/gobs-error.ts';

/** Argument lists to try, by method. */
export type Tries = Readonly<Record<string, readonly (readonly unknown[])[]>>;

export interface Walk {
  /** Names of all that was reached, the roots too. */
  readonly reached: readonly string[];
  /** `name.method` of all that was answered with anything but an error. */
  readonly answered: readonly string[];
  /** `name.method: CODE` of all that was refused. */
  readonly refused: readonly string[];
  /** Calls that were not answered. */
  readonly pending: readonly string[];
  /** Locators and the like in texts that came back. */
  readonly secrets: readonly string[];
}

export interface WalkOptions {
  readonly roots: readonly object[];
  readonly tries: Tries;
  /** Undefined for what is the walker's own. */
  readonly nameOf: (reference: object) => string | undefined;
  /** Resolves when whatever is answered at all has been. */
  readonly quiet: () => Promise<void>;
}

export const methodsOf = (...guards: readonly InterfaceGuard[]): readonly string[] =>
  [...new Set(guards.flatMap((guard) => Object.keys(getInterfaceGuardPayload(guard).methodGuards as object)))].sort();

const SECRET = /gobs:\/\/[^\s/]+\/s\/[A-Za-z0-9_-]+/g;

export const walkAuthority = async ({ roots, tries, nameOf, quiet }: WalkOptions): Promise<Walk> => {
  const reached = new Map<string, object>();
  const outcomes = new Map<string, string>();
  const secrets = new Set<string>();
  const seen = new Set<unknown>();

  const found = (reference: object): void => {
    const name = nameOf(reference);
    if (name === undefined || reached.has(name)) return;
    reached.set(name, reference);
    tryAll(name, reference);
  };

  const look = (value: unknown): void => {
    if (typeof value === 'string') for (const [secret] of value.matchAll(SECRET)) secrets.add(secret);
    if (value === null || (typeof value !== 'object' && typeof value !== 'function') || seen.has(value)) return;
    seen.add(value);
    if (value instanceof Promise) {
      value.then(look, look);
    } else if (getInterfaceOf(value as never) !== undefined) {
      found(value);
    } else if (value instanceof Error) {
      // Also what does not show when it is listed: cause, errors, stack.
      for (const property of Object.getOwnPropertyNames(value)) {
        look((value as unknown as Record<string, unknown>)[property]);
      }
    } else if (!isPassable(value)) {
      // Of this process, where a walk begins at one of its own objects: nothing that could have crossed.
    } else if (passStyleOf(value as never) === ('tagged' as string)) {
      look(getTag(value as never));
      look((value as { payload: unknown }).payload);
    } else {
      for (const [key, item] of Object.entries(value)) {
        look(key);
        look(item);
      }
    }
  };

  const attempt = (what: string, call: () => unknown): void => {
    if (!outcomes.has(what)) outcomes.set(what, 'pending');
    Promise.resolve()
      .then(call)
      .then(
        (result) => {
          outcomes.set(what, 'answered');
          look(result);
        },
        (reason: unknown) => {
          // Of several attempts, what says most.
          if (['pending', 'BAD_ARGUMENTS'].includes(outcomes.get(what)!)) outcomes.set(what, codeOf(reason));
          look(reason);
        },
      );
  };

  const tryAll = (name: string, reference: object): void => {
    const target = E(reference as never) as Record<string, (...args: unknown[]) => Promise<unknown>>;
    for (const [method, lists] of Object.entries(tries)) {
      for (const args of lists) attempt(`${name}.${method}`, () => target[method]!(...args));
    }
    const get = E.get(reference as never) as Record<string, Promise<unknown>>;
    for (const property of ['portrait', 'target', 'constructor', 'admin', '__proto__']) {
      attempt(`${name}[${property}]`, () => get[property]);
    }
    attempt(`${name}()`, () => (E(reference as never) as unknown as () => Promise<unknown>)());
  };

  for (const root of roots) found(root);
  for (let before = -1; before !== outcomes.size + reached.size + seen.size;) {
    before = outcomes.size + reached.size + seen.size;
    await quiet();
  }
  const those = (accept: (outcome: string) => boolean): readonly (readonly [string, string])[] =>
    [...outcomes].filter(([, outcome]) => accept(outcome)).sort();
  return {
    reached: [...reached.keys()].sort(),
    answered: those((outcome) => outcome === 'answered').map(([what]) => what),
    refused: those((outcome) => outcome !== 'answered' && outcome !== 'pending').map((pair) => pair.join(': ')),
    pending: those((outcome) => outcome === 'pending').map(([what]) => what),
    secrets: [...secrets].sort(),
  };
};
