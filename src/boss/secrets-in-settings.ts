/**
 * Settings of a provider with secrets in them. What is configured, and stored, is `{ token: { secret: 'cloud-token' } }`; the
 * secret's text is only given to the driver, when that is made: at the first call of it in each run of the boss. One that is set later counts
 * from the boss's next start; one that was not there is looked for again at each call.
 */
import { Far } from '@endo/far';
import type { ProviderDriver, ProviderOptions, ProviderSettings } from '../providers/contract.ts';
import { E } from '../vats/eventual-send.ts';

const nameIn = (value: ProviderSettings[string]): string | undefined =>
  typeof value === 'object' ? value.secret : undefined;

const withTexts = async (
  settings: ProviderSettings,
  readSecret: (name: string) => Promise<string>,
): Promise<ProviderOptions> => {
  const texts = Object.entries(settings).map(async ([key, value]) => {
    const name = nameIn(value);
    return [key, name === undefined ? (value as ProviderOptions[string]) : await readSecret(name)] as const;
  });
  return harden(Object.fromEntries(await Promise.all(texts)));
};

/** A driver that is made when it is first called, and passes calls on in their order. */
const makeLateDriver = (make: () => Promise<ProviderDriver>): ProviderDriver => {
  let made: Promise<ProviderDriver> | undefined;
  const driver = (): Promise<ProviderDriver> => {
    if (made !== undefined) return made;
    const making = make();
    made = making;
    making.catch(() => {
      made = undefined;
    });
    return making;
  };
  return Far('LateDriver', {
    validate: (options) => E(driver()).validate(options),
    confirmations: (options) => E(driver()).confirmations(options),
    create: (request) => E(driver()).create(request),
    find: (machine) => E(driver()).find(machine),
    start: (machine) => E(driver()).start(machine),
    stop: (machine) => E(driver()).stop(machine),
    destroy: (machine) => E(driver()).destroy(machine),
    list: () => E(driver()).list(),
    remains: (machine) => E(driver()).remains(machine),
    forget: (machine) => E(driver()).forget(machine),
    resume: () => E(driver()).resume(),
  } satisfies ProviderDriver);
};

/** The driver for settings, at once if there is no secret in them. `make` gets them with the texts of secrets. */
export const makeWithSecrets = (
  settings: ProviderSettings,
  make: (settings: ProviderOptions) => ProviderDriver,
  readSecret: (name: string) => Promise<string>,
): ProviderDriver =>
  Object.values(settings).some((value) => nameIn(value) !== undefined)
    ? makeLateDriver(async () => make(await withTexts(settings, readSecret)))
    : make(settings as ProviderOptions);
harden(makeWithSecrets);
