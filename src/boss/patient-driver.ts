/** A provider's driver that is not waited for without end where somebody waits for the answer. */
import { Far } from '@endo/far';
import { makeError } from '../errors/gobs-error.ts';
import type { ProviderDriver } from '../providers/contract.ts';
import { E } from '../vats/eventual-send.ts';

/** Milliseconds in which a provider has to say what remains of a machine. */
export const REMAINS_DEADLINE = 15_000;
harden(REMAINS_DEADLINE);

export type SetTimer = (callback: () => void, milliseconds: number) => () => void;

/** `remains` rejects PROVIDER_FAILED when its time is over; what `resume` rejects is told. All else is as the driver does it. */
export const makePatientDriver = (
  driver: ProviderDriver,
  setTimer: SetTimer,
  tell: (reason: unknown) => void,
): ProviderDriver => {
  const remains: ProviderDriver['remains'] = (machine) =>
    new Promise((resolve, reject) => {
      const seconds = REMAINS_DEADLINE / 1_000;
      const tooLate = makeError(
        'PROVIDER_FAILED',
        `it did not say in ${seconds} s what remains of ${machine.machineId}`,
      );
      const cancel = setTimer(() => reject(tooLate), REMAINS_DEADLINE);
      E(driver).remains(machine).then(resolve, reject).finally(cancel);
    });
  return Far('PatientDriver', {
    validate: (options) => E(driver).validate(options),
    confirmations: (options) => E(driver).confirmations(options),
    create: (request) => E(driver).create(request),
    find: (machine) => E(driver).find(machine),
    start: (machine) => E(driver).start(machine),
    stop: (machine) => E(driver).stop(machine),
    destroy: (machine) => E(driver).destroy(machine),
    list: () => E(driver).list(),
    remains,
    forget: (machine) => E(driver).forget(machine),
    resume: () =>
      E(driver)
        .resume()
        .catch((reason: unknown) => {
          tell(reason);
          throw reason;
        }),
  } satisfies ProviderDriver);
};
harden(makePatientDriver);
