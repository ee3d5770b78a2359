/**
 * A driver around another that tells of each call, before it is made and after it succeeded or failed. For killing a boss at every one of
 * its steps: a recorded run says how many there are, then one run for each is ended there.
 */
import { Far } from '@endo/far';
import type { MachineRef, ProviderDriver } from '../../src/providers/contract.ts';

export interface DriverStep {
  /** Counts from 1, the two moments of a call apart. */
  readonly number: number;
  readonly method: keyof ProviderDriver;
  readonly moment: 'before' | 'after';
  readonly machineId: string | undefined;
}

export interface CountingDriver {
  /** A `Far`, like the one that it wraps. */
  readonly driver: ProviderDriver;
  /** All so far, in order. */
  readonly steps: readonly DriverStep[];
}

/**
 * `hook` may kill the process, throw (the call is then not made, or its outcome not told: it rejects with what was
 * thrown), or return a promise, which is waited for.
 */
export const countingDriver = (
  wrapped: ProviderDriver,
  hook: (step: DriverStep) => unknown = () => undefined,
): CountingDriver => {
  const steps: DriverStep[] = [];

  const counted =
    <A extends readonly unknown[], R>(method: keyof ProviderDriver, machineIdOf: (args: A) => string | undefined) =>
    async (...args: A): Promise<R> => {
      const tell = async (moment: DriverStep['moment']) => {
        const step = harden({ number: steps.length + 1, method, moment, machineId: machineIdOf(args) });
        steps.push(step);
        await hook(step);
      };
      const call = wrapped[method] as unknown as (...args: A) => Promise<R>;
      await tell('before');
      const outcome = await call(...args).then(
        (value) => () => value,
        (error: unknown) => () => {
          throw error;
        },
      );
      await tell('after');
      return outcome();
    };

  const [first, ofRequest, none] = [
    ([machine]: readonly [MachineRef]) => machine.machineId,
    ([request]: Parameters<ProviderDriver['create']>) => request.machineId,
    () => undefined,
  ];
  const driver: ProviderDriver = Far('CountingDriver', {
    validate: counted('validate', none),
    confirmations: counted('confirmations', none),
    create: counted('create', ofRequest),
    find: counted('find', first),
    start: counted('start', first),
    stop: counted('stop', first),
    destroy: counted('destroy', first),
    list: counted('list', none),
    remains: counted('remains', first),
    forget: counted('forget', first),
    resume: counted('resume', none),
  });
  return { driver, steps };
};
