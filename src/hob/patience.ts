/** Doing something again and again, whatever becomes of it. */
import { describeError } from '../errors/gobs-error.ts';
import type { Log } from './log.ts';

export interface TimePowers {
  /** Calls back after so many milliseconds, unless the result was called. */
  readonly setTimer: (callback: () => void, milliseconds: number) => () => void;
  readonly log: Log;
}

/** Either way, `result` is of no more use to anybody. */
export type Outcome = 'done' | 'failed';

/**
 * Calls `step`, and then `next`, exactly once: with `done` or `failed` when the promise settles, or with `failed` when it has not by the
 * deadline (milliseconds). What fails is logged as `what`. The result cancels it: `next` is not called any more.
 */
export const attempt = (
  what: string,
  step: () => PromiseLike<unknown>,
  next: (outcome: Outcome) => void,
  deadline: number,
  { setTimer, log }: TimePowers,
): (() => void) => {
  let isOver = false;
  const end = (): boolean => {
    if (isOver) return false;
    isOver = true;
    cancel();
    return true;
  };
  const cancel = setTimer(() => {
    if (!end()) return;
    log.warn({ deadline }, `${what}: not done in time; going on without it`);
    next('failed');
  }, deadline);
  const failed = (error: unknown): void => {
    if (!end()) return;
    log.warn(describeError(error), what);
    next('failed');
  };
  const run = async (): Promise<unknown> => step();
  run().then(() => {
    if (end()) next('done');
  }, failed);
  return () => void end();
};
harden(attempt);
