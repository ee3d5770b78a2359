/** The drivers of configured providers, made of the process's powers. */
import { describeError } from '../errors/gobs-error.ts';
import type { StateDirectory } from '../protocol/state-directory.ts';
import type { ProviderPowers, ProviderType } from '../providers/contract.ts';
import type { ConfiguredProvider } from './boss-process.ts';
import { unknownProviderType } from './open-boss.ts';
import { makePatientDriver } from './patient-driver.ts';
import { makeWithSecrets } from './secrets-in-settings.ts';
import type { BossPowers } from './start-boss.ts';

/** There from the start. */
export const localProvider: ConfiguredProvider = harden({ name: 'local', type: 'local', settings: {} });
harden(localProvider);

/** Of those types. Throws BAD_SPEC. */
const typeNamed = (types: BossPowers['providerTypes'], configured: ConfiguredProvider): ProviderType => {
  const { type } = configured;
  const known = Object.hasOwn(types, type) ? types[type] : undefined;
  if (known === undefined) throw unknownProviderType(configured, Object.keys(types));
  return known;
};

/** What it makes throws BAD_SPEC for a type that there is none of, and for settings that it does not take. */
export const providerChecker =
  ({ providerTypes }: Pick<BossPowers, 'providerTypes'>) =>
  (configured: ConfiguredProvider): void =>
    typeNamed(providerTypes, configured).validate(configured.settings);
harden(providerChecker);

/** Each provider instance has a directory of its own. What it makes throws BAD_SPEC for a type that there is none of. */
export const driverMaker =
  (
    { machines, root }: StateDirectory,
    powers: BossPowers & Pick<ProviderPowers, 'boss' | 'tell'>,
    readSecret: (name: string) => Promise<string>,
  ) =>
  (configured: ConfiguredProvider) => {
    const { name, settings } = configured;
    const provider = typeNamed(powers.providerTypes, configured);
    const directory = name === localProvider.name ? machines : `${root}/providers/${name}`;
    // Nothing but what the contract says: a provider is handed its own authority, not the boss's.
    const { spawn, kill, now, setTimer, uid, environment, random, net, loadSsh, boss, tell } = powers;
    const { hobCommand, hobFile } = powers;
    const host = { fs: powers.fs.promises, spawn, kill, now, setTimer, uid, environment, random, net, loadSsh };
    const given: ProviderPowers = { ...host, hobCommand, hobFile, boss, tell, directory };
    const driver = makeWithSecrets(settings, (texts) => provider.make(given, texts), readSecret);
    return makePatientDriver(driver, setTimer, (reason) =>
      tell({ provider: name, ...describeError(reason) }, 'what a provider keeps up was not taken up'),
    );
  };
harden(driverMaker);
