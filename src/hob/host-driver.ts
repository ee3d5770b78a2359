/** The host's hands, as the hob's actor calls them: one job after the other, in the order in which they were asked for. */
import { Far } from '@endo/pass-style';
import type { Facts, Findings } from '../protocol/shapes.ts';
import type { HostDriver } from './hob-kind.ts';
import { reconcile } from './reconcile.ts';
import type { Host, ResourceTypes } from './resources/contract.ts';

export interface HostDriverOptions {
  readonly types: ResourceTypes;
  readonly host: Host;
  readonly facts: () => Promise<Facts>;
  /** Milliseconds since 1970, by this host's clock. */
  readonly now: () => number;
}

export interface HostDriverKit {
  readonly driver: HostDriver;
  /** Resolves when the job that is under way, if any, has ended. */
  readonly idle: () => Promise<void>;
}

export const makeHostDriver = ({ types, host, facts, now }: HostDriverOptions): HostDriverKit => {
  let last: Promise<unknown> = Promise.resolve();

  const driver = Far('HostDriver', {
    reconcile: ({ desired, apply, reason }: Parameters<HostDriver['reconcile']>[0]): Promise<Findings> => {
      const job = last.then(() =>
        reconcile({ desired, mode: apply ? 'converge' : 'check', reason, types, host, now }),
      );
      last = job.catch(() => {});
      return job;
    },
    facts,
  });
  return harden({ driver: driver as unknown as HostDriver, idle: async () => void (await last) });
};
harden(makeHostDriver);
