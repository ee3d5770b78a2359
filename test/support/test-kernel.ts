/**
 * A kernel for tests: real turns, groups and rows over a store that the test gives, with a clock that ticks once per turn.
 * `openTestKernel(store)` a second time on the same store is a restart.
 */
import { makeKernel, type Kernel, type KernelOptions } from '../../src/vats/kernel.ts';
import type { Store, StoreEntry } from '../../src/vats/store.ts';
import type { TurnError } from '../../src/vats/vat.ts';

export interface TestKernel extends Kernel {
  readonly turnErrors: TurnError[];
  readonly hostErrors: unknown[];
  readonly failedCommits: Error[];
}

export const openTestKernel = (store: Store, options: Partial<KernelOptions> = {}): TestKernel => {
  let ticks = 0;
  const turnErrors: TurnError[] = [];
  const hostErrors: unknown[] = [];
  const failedCommits: Error[] = [];
  const kernel = makeKernel({
    store,
    now: () => (ticks += 1),
    schedule: setImmediate,
    onTurnError: (event) => turnErrors.push(event),
    onHostError: (error) => hostErrors.push(error),
    onCommitFailed: (reason) => failedCommits.push(reason),
    ...options,
  });
  return { ...kernel, turnErrors, hostErrors, failedCommits };
};

/** Every row of a store: what "leaves no trace" is compared by. */
export const allRows = async (store: Store): Promise<readonly StoreEntry[]> =>
  store.page({ gt: '', lt: '\u{10ffff}', limit: 1_000_000 });
