/**
 * Opens the boss's vat and those of its providers over a kernel, with the powers that the entry point has. Host code: called once, by an
 * entry point (or a test), before anybody can connect.
 */
import { makeError } from '../errors/gobs-error.ts';
import type { Boss } from '../protocol/remotes.ts';
import type { ProviderDriver } from '../providers/contract.ts';
import { cellKind } from '../vats/actor-lib/cell.ts';
import { E } from '../vats/eventual-send.ts';
import type { Kernel } from '../vats/kernel.ts';
import { parsePeerName } from '../vats/names.ts';
import { bossKind } from './boss.ts';
import { newBossPortrait } from './boss-portrait.ts';
import type { BossProcess, ConfiguredProvider } from './boss-process.ts';
import type { House } from './boss-turn.ts';
import { makeGreeted } from './greeted.ts';
import { machineLogKind } from './machine-log.ts';
import type { MachinePowers } from './machine-turn.ts';
import { machineKind } from './machine.ts';
import { providerKind, type Provider } from './provider.ts';
import { makeStatusWaiters } from './status-waiters.ts';

export interface BossOptions extends Pick<MachinePowers, 'newNonce' | 'mint' | 'enrolmentLife' | 'connected'> {
  readonly kernel: Pick<Kernel, 'openVat'>;
  /** A `Far`. */
  readonly house: House;
  /** The driver of a configured provider: a `Far`. Throws BAD_SPEC for a type that there is none of. */
  readonly makeDriver: (configured: ConfiguredProvider) => ProviderDriver;
  /** Actors of the boss that are kept in memory. */
  readonly cacheLimit?: number;
  /** Providers that are there from the start. */
  readonly firstProviders: readonly ConfiguredProvider[];
}

export interface OpenedBoss {
  readonly boss: Boss;
  readonly process: BossProcess;
}

/** The vat `provider-<name>`, with the one actor in it. */
const openProvider = async ({ kernel, makeDriver }: BossOptions, configured: ConfiguredProvider): Promise<Provider> => {
  const { name } = configured;
  const vat = kernel.openVat(`provider-${name}`);
  vat.register(providerKind, { driver: makeDriver(configured) });
  return (await vat.makeOnce('provider', ({ spawn }) => spawn(providerKind, { name }))) as Provider;
};

/**
 * When it resolves, all that was there before answers; nothing that was open goes on yet: for that, call `process.resume()` as soon as
 * hobs can connect. Rejects BAD_SPEC for a provider that cannot be had.
 */
export const openBoss = async (options: BossOptions): Promise<OpenedBoss> => {
  const { kernel, house, newNonce, mint, enrolmentLife, connected, firstProviders, cacheLimit } = options;
  const { waitBeyond, leave } = makeStatusWaiters();
  const vat = kernel.openVat('boss', cacheLimit === undefined ? {} : { cacheLimit });
  const peerOf = (reference: object): string | undefined => {
    const name = vat.nameOf(reference);
    return name === undefined ? undefined : parsePeerName(name)?.peer;
  };
  vat.register(cellKind, {});
  vat.register(machineLogKind, {});
  vat.register(machineKind, { newNonce, mint, enrolmentLife, connected, peerOf, ...makeGreeted(), waitBeyond, leave });
  vat.register(bossKind, { house });
  const root = await vat.makeOnce('boss', ({ spawn, makeMap }) => spawn(bossKind, newBossPortrait(makeMap)).process);
  const process = root as unknown as BossProcess;

  const known = await E(process).configured();
  const missing = firstProviders.filter(({ name }) => !known.some((other) => other.name === name));
  for (const configured of [...known, ...missing]) {
    await E(process).configure(configured, await openProvider(options, configured));
  }
  return harden({ process, boss: await E(process).admin() });
};
harden(openBoss);

/** The one way to complain of a type that nobody ships. */
export const unknownProviderType = ({ name, type }: ConfiguredProvider, types: readonly string[]): Error =>
  makeError('BAD_SPEC', `provider ${name}: there is no provider type ${JSON.stringify(type)}`, {
    hint: `there are: ${types.join(', ')}`,
  });
harden(unknownProviderType);
