/** A provider's driver that is not waited for without end where somebody waits for the answer. */
import { Far } from '@endo/far';
import { makeError } from '../errors/gobs-error.ts';
import type { ProviderDriver } from '../providers/contract.ts';
import { E } from '../vats/eventual-send.ts';

/** Milliseconds in which a provider has to say what remains of a machine. */
export const REMAINS_DEADLINE = 15_000;
harden(REMAINS_DEADLINE);

export type SetTimer = (callback: () => void, milliseconds: number) => () => void;

/** `remains` rejects PROVIDER_FAILED when its time is over; all else is as the driver does it. */
export const makePatientDriver = (driver: ProviderDriver, setTimer: SetTimer): ProviderDriver => {
  const remains: ProviderDriver['remains'] = (machineId) =>
    new Promise((resolve, reject) => {
      const seconds = REMAINS_DEADLINE / 1_000;
      const tooLate = makeError('PROVIDER_FAILED', `it did not say in ${seconds} s what remains of ${machineId}`);
      const cancel = setTimer(() => reject(tooLate), REMAINS_DEADLINE);
      E(driver).remains(machineId).then(resolve, reject).finally(cancel);
    });
  return Far('PatientDriver', {
    validate: (options) => E(driver).validate(options),
    create: (request) => E(driver).create(request),
    find: (machineId) => E(driver).find(machineId),
    start: (machineId) => E(driver).start(machineId),
    stop: (machineId) => E(driver).stop(machineId),
    destroy: (machineId) => E(driver).destroy(machineId),
    list: () => E(driver).list(),
    remains,
  } satisfies ProviderDriver);
};
harden(makePatientDriver);
