/** The host's hands, as the hob's actor calls them: one job after the other, in the order in which they were asked for. */
import { Far } from '@endo/pass-style';
import { makeError } from '../errors/gobs-error.ts';
import type { Findings } from '../protocol/shapes.ts';
import type { HostDriver } from './hob-kind.ts';
import { openSecrets } from './opened-secrets.ts';
import type { OwedNotes } from './owed.ts';
import { reconcile } from './reconcile.ts';
import type { Host, ResourceTypes } from './resources/contract.ts';

export interface HostDriverOptions {
  readonly types: ResourceTypes;
  readonly host: Omit<Host, 'secretOf'>;
  readonly owed: OwedNotes;
  /** Of src/sealing. */
  readonly unseal: (context: string, sealed: string) => string;
  /** Milliseconds since 1970, by this host's clock. */
  readonly now: () => number;
}

export interface HostDriverKit {
  readonly driver: HostDriver;
  /** Resolves when the job that is under way, if any, has ended. */
  readonly idle: () => Promise<void>;
}

/** Jobs: a host that hangs is not to pile them up. */
const MOST_WAITING = 16;

export const makeHostDriver = ({ types, host, owed, unseal, now }: HostDriverOptions): HostDriverKit => {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  const driver = Far('HostDriver', {
    reconcile: ({
      desired,
      secrets = {},
      apply,
      reason,
    }: Parameters<HostDriver['reconcile']>[0]): Promise<Findings> => {
      if (waiting >= MOST_WAITING) {
        throw makeError('MACHINE_BUSY', 'this host has not done yet what it was asked before');
      }
      waiting += 1;
      const job = last.then(async () => {
        const { secretOf, hide } = openSecrets(secrets, unseal);
        const mode = apply ? 'converge' : 'check';
        return hide(await reconcile({ desired, mode, reason, types, host: { ...host, secretOf }, owed, now }));
      });
      last = job.catch(() => {}).finally(() => (waiting -= 1));
      return job;
    },
    facts: () => host.facts(),
  });
  return harden({ driver: driver as unknown as HostDriver, idle: async () => void (await last) });
};
harden(makeHostDriver);
