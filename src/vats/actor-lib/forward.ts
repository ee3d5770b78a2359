/** Passes a message on; → a promise for what the target answers. Called in a turn. */
import { E } from '../eventual-send.ts';

export const forward = (target: object, method: string, args: readonly unknown[]): Promise<unknown> =>
  (E(target) as Record<string, (...all: unknown[]) => Promise<unknown>>)[method]!(...args);
harden(forward);
