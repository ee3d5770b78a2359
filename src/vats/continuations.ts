/**
 * What a turn leaves for later: `on` and promise kits. Both settle only after a turn that is durable, and a handler is a turn of its own.
 * Continuations live in memory: a failed commit, which drops everything that is in memory, drops them too, and says so to who waits.
 */
import { makeError } from '../errors/gobs-error.ts';
import type { ERef } from './eventual-send.ts';
import type { Fresh, PromiseKit } from './kind.ts';
import { makeQuietKit, type Kit } from './promise-bridge.ts';
import { assertPassable } from './translate.ts';
import type { TurnMessage } from './messages.ts';
import type { Turn } from './turn.ts';

export interface Continuations {
  /** `actor`: whose it is. `fresh` is asked for in the handler's turn. */
  on(
    actor: string,
    fresh: () => Fresh<never>,
    promise: ERef<unknown>,
    fulfilled: (value: never, fresh: Fresh<never>) => unknown,
    rejected?: (reason: unknown, fresh: Fresh<never>) => unknown,
  ): Promise<unknown>;
  promiseKit<T>(): PromiseKit<T>;
  /** Those that wait are lost. */
  reset(): void;
}

export interface ContinuationsOptions {
  /** The running turn; throws OUTSIDE_TURN. */
  readonly turnFor: (what: string) => Turn;
  readonly enqueue: (step: () => void) => void;
  /** Runs a turn at once; the kit hears of its result when that is durable. */
  readonly runTurn: (asked: Asked, body: () => unknown, kit: Kit) => void;
}

/** Who asked for a continuation, and in which turn. */
export interface Asked {
  readonly actor: string;
  readonly message: TurnMessage | undefined;
}

export const makeContinuations = ({ turnFor, enqueue, runTurn }: ContinuationsOptions): Continuations => {
  let incarnation = 0;

  const dropped = (): Error =>
    makeError('COMMIT_FAILED', 'what should have gone on here was dropped with a batch that could not be written');

  const proceedIn = (since: number, asked: Asked, kit: Kit, handle: () => unknown): void =>
    enqueue(() => {
      if (since !== incarnation) kit.reject(dropped());
      else runTurn(asked, handle, kit);
    });

  return harden({
    on: (actor, fresh, promise, fulfilled, rejected) => {
      const { outputs, message } = turnFor('on');
      const asked = { actor, message };
      const kit = makeQuietKit();
      const release = (): void => {
        const since = incarnation;
        Promise.resolve(promise).then(
          (value) => proceedIn(since, asked, kit, () => fulfilled(value as never, fresh())),
          (reason: unknown) =>
            rejected === undefined ? kit.reject(reason) : proceedIn(since, asked, kit, () => rejected(reason, fresh())),
        );
      };
      outputs.push({ release, fail: kit.reject });
      return kit.promise;
    },
    promiseKit: <T>() => {
      turnFor('promiseKit');
      const kit = makeQuietKit();
      const whenDurable = (settle: () => void): void => {
        turnFor('settling a promise').outputs.push({ release: settle, fail: () => {} });
      };
      return harden({
        promise: kit.promise as Promise<T>,
        resolve: (value: T) => {
          assertPassable(value);
          whenDurable(() => kit.resolve(value));
        },
        reject: (reason: unknown) => whenDurable(() => kit.reject(reason)),
      });
    },
    reset: () => {
      incarnation += 1;
    },
  });
};
harden(makeContinuations);
