/** A small `deepEqual`, since the model runs in child processes too, where no test runner is. */
import { isDeepStrictEqual, inspect } from 'node:util';

export const expectSame = (what: string, real: unknown, plain: unknown): void => {
  if (isDeepStrictEqual(real, plain)) return;
  throw Error(`${what}: ${inspect(real, { depth: 6 })}, but it must be ${inspect(plain, { depth: 6 })}`);
};
