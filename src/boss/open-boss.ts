/**
 * Opens the boss's vat over a kernel, and says what those of its providers are, with the powers that the entry point has. Host code: called once, by an
 * entry point (or a test), before anybody can connect.
 */
import { codeOf, makeError } from '../errors/gobs-error.ts';
import type { Boss } from '../protocol/remotes.ts';
import type { ProviderDriver } from '../providers/contract.ts';
import type { Seal } from '../sealing/seal.ts';
import { cellKind } from '../vats/actor-lib/cell.ts';
import { E } from '../vats/eventual-send.ts';
import type { Kernel } from '../vats/kernel.ts';
import { parsePeerName } from '../vats/names.ts';
import { bossKind } from './boss.ts';
import { newBossPortrait } from './boss-portrait.ts';
import type { BossProcess, ConfiguredProvider } from './boss-process.ts';
import { remembrance as usual, type Remembrance } from './clear-gone.ts';
import { neverRestored, type BossKindPowers, type House, type MakeProvider, type Restoration } from './boss-turn.ts';
import { makeGreeted } from './greeted.ts';
import { noHobDoor, type HobDoor } from './hob-door.ts';
import { machineLogKind, makeLogWaiters } from './machine-log.ts';
import type { MachinePowers } from './machine-turn.ts';
import { machineKind } from './machine.ts';
import { providerKind } from './provider.ts';
import { makeStatusWaiters } from './status-waiters.ts';

export interface BossOptions
  extends
    Pick<MachinePowers, 'newNonce' | 'mint' | 'openSecret' | 'enrolmentLife' | 'connected'>,
    Partial<Pick<MachinePowers, 'epoch' | 'tellEpoch' | 'touched'>> {
  readonly kernel: Pick<Kernel, 'openVat' | 'defineVatType'>;
  /** A `Far`. */
  readonly house: House;
  /** Of src/sealing: what secrets are sealed with. */
  readonly seal: Seal['seal'];
  /** The driver of a configured provider: a `Far`. Throws BAD_SPEC for a type that there is none of. */
  readonly makeDriver: (configured: ConfiguredProvider) => ProviderDriver;
  /** As in BossKindPowers. Default: whatever somebody configures is taken. */
  readonly checkProvider?: BossKindPowers['checkProvider'];
  /** Actors of the boss that are kept in memory. */
  readonly cacheLimit?: number;
  /** Default: there is none. */
  readonly door?: HobDoor;
  /** Of the boss's store. Default: it never was restored. */
  readonly restoration?: Restoration;
  /** Of machines that are gone. */
  readonly remembrance?: Remembrance;
  /** Providers that are there from the start. */
  readonly firstProviders: readonly ConfiguredProvider[];
}

export interface OpenedBoss {
  readonly boss: Boss;
  readonly process: BossProcess;
}

/** Makes the vat of a configured provider, `provider-<name>`. Its driver is made when the provider is first called. */
const providerMaker = ({ kernel, makeDriver }: BossOptions): MakeProvider => {
  const makeVat = kernel.defineVatType({
    type: 'provider',
    root: providerKind,
    open: (vat, configured: ConfiguredProvider) => vat.register(providerKind, { driver: makeDriver(configured) }),
  });
  return (configured) => {
    const { name } = configured;
    const vat = { about: configured, portrait: { name } };
    try {
      return makeVat({ name: `provider-${name}`, ...vat });
    } catch (error) {
      // One of that name was removed, and machines that it had are remembered still.
      if (codeOf(error) !== 'VAT_EXISTS') throw error;
      return makeVat(vat);
    }
  };
};

/**
 * When it resolves, all that was there before answers; nothing that was open goes on yet: for that, call `process.resume()` as soon as
 * hobs can connect. A provider that cannot be had keeps no boss from starting: calls of it say what is wrong.
 */
export const openBoss = async (options: BossOptions): Promise<OpenedBoss> => {
  const { kernel, house, seal, newNonce, mint, openSecret, enrolmentLife, connected, firstProviders, cacheLimit } =
    options;
  const { restoration = neverRestored, remembrance = usual, door = noHobDoor } = options;
  const { epoch = 0, tellEpoch = () => {}, touched = () => {} } = options;
  const { waitBeyond, leave } = makeStatusWaiters();
  const { hobComes, hobConfirmed, hobEnds } = door;
  const vat = kernel.openVat('boss', cacheLimit === undefined ? {} : { cacheLimit });
  const peerOf = (reference: object): string | undefined => {
    const name = vat.nameOf(reference);
    return name === undefined ? undefined : parsePeerName(name)?.peer;
  };
  vat.register(cellKind, {});
  vat.register(machineLogKind, makeLogWaiters());
  const { restores } = restoration;
  vat.register(machineKind, {
    ...{ newNonce, mint, openSecret, enrolmentLife, connected, peerOf, restores, epoch, tellEpoch },
    ...makeGreeted(),
    ...{ hobComes, hobConfirmed, hobEnds },
    ...{ waitBeyond, leave, touched },
  });
  vat.register(bossKind, {
    ...{ house, seal, remembrance, restoration },
    makeProvider: providerMaker(options),
    checkProvider: options.checkProvider ?? (() => {}),
    firstProviders: firstProviders.map(({ name }) => name),
  });
  const root = await vat.makeOnce('boss', ({ spawn, makeMap }) => spawn(bossKind, newBossPortrait(makeMap)).process);
  const process = root as unknown as BossProcess;

  for (const configured of firstProviders) await E(process).configure(configured);
  return harden({ process, boss: await E(process).admin() });
};
harden(openBoss);

/** The one way to complain of a type that nobody ships. */
export const unknownProviderType = ({ name, type }: ConfiguredProvider, types: readonly string[]): Error =>
  makeError('BAD_SPEC', `provider ${name}: there is no provider type ${JSON.stringify(type)}`, {
    hint: `there are: ${types.join(', ')}`,
  });
harden(unknownProviderType);
