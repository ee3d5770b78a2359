/**
 * `E(target).method(…args)`: sends a message, in vats and in the host world alike.
 *
 * In a turn the call is written into the turn's journal at once, so that a near call that throws takes its sends back
 * with everything else. (The `E` of @endo/far hands a call over in a later microtask, when nobody can tell any more which
 * turn and which near call it came from; see docs/decisions/.) Outside a turn it does what the `E` of @endo/far does, without hardening
 * what it makes for the call, which there takes longer than all the rest.
 */
import { HandledPromise } from '@endo/eventual-send';
import { currentTurn } from './current-turn.ts';

/** A reference, or a promise for one. */
export type ERef<T> = T | PromiseLike<T>;

/** What `E(x)` offers for an `x: T`: each method, answering with a promise. */
export type Sends<T> = {
  readonly [M in keyof T]: T[M] extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : never;
};

const sendFromHost = (target: unknown, method: string, args: unknown[]): Promise<unknown> =>
  HandledPromise.applyMethod(target as never, method, args as never) as Promise<unknown>;

export const E = <T extends object>(target: ERef<T>): Sends<T> => {
  const proxy = new Proxy(Object.freeze({}), {
    get: (_target, method) => {
      if (typeof method !== 'string') throw TypeError('E() calls methods by name');
      return (...args: unknown[]) => (currentTurn()?.vat.send ?? sendFromHost)(target, method, args);
    },
    has: () => true,
  });
  return proxy as Sends<T>;
};
harden(E);
