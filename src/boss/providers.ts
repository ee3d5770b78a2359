/**
 * The providers of a boss: configured under a name, looked at, taken away when no machine has one. A setting that is a secret is the name of one
 * (secrets.ts), here and in every answer; whatever else somebody gives in its place is refused, and not quoted.
 */
import { makeError } from '../errors/gobs-error.ts';
import { isName } from '../protocol/shapes.ts';
import type { ProviderEntry } from '../protocol/remotes.ts';
import type { Confirmation, ProviderOptions, ProviderSettings } from '../providers/contract.ts';
import { E } from '../vats/eventual-send.ts';
import type { Fresh } from '../vats/kind.ts';
import type { BossPortrait, ProviderRecord } from './boss-portrait.ts';
import type { ConfiguredProvider } from './boss-process.ts';
import type { BossTurn } from './boss-turn.ts';
import { pageThrough, stillThere } from './page-through.ts';

const MOST_SETTINGS = 40;
const LONGEST = 10_000;

/** Throws NO_SUCH_PROVIDER. */
export const requireProvider = (
  { providers }: Pick<BossPortrait, 'providers'>,
  name: string,
  path = '',
): ProviderRecord => {
  const known = providers.get(name);
  if (known !== undefined) return known;
  throw makeError('NO_SUCH_PROVIDER', `${path}there is no provider ${JSON.stringify(name)}`, {
    hint: 'gobs provider list shows them',
  });
};
harden(requireProvider);

const isSetting = (value: unknown): value is ProviderSettings[string] => {
  if (typeof value === 'string') return value.length <= LONGEST && value.isWellFormed();
  if (typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { secret, ...others } = value as { readonly secret?: unknown };
  return isName(secret) && Object.keys(others).length === 0;
};

/** Throws BAD_SPEC, with the names of settings only. */
const requireSettings = (name: string, settings: Readonly<Record<string, unknown>>): ProviderSettings => {
  const entries = Object.entries(settings);
  if (entries.length > MOST_SETTINGS) {
    throw makeError('BAD_SPEC', `provider ${name}: more than ${MOST_SETTINGS} settings`);
  }
  for (const [key, value] of entries) {
    if (isSetting(value)) continue;
    throw makeError(
      'BAD_SPEC',
      `provider ${name}: setting ${key.slice(0, 60)} is no text, number or boolean, and names no secret`,
    );
  }
  return settings as ProviderSettings;
};

const canonical = ({ type, settings }: Pick<ProviderRecord, 'type' | 'settings'>): string =>
  JSON.stringify([type, Object.entries(settings).sort(([one], [other]) => (one < other ? -1 : 1))]);

/** Throws NO_SUCH_SECRET. */
const requireSecrets = ({ secrets }: BossPortrait, name: string, settings: ProviderSettings): void => {
  for (const [key, value] of Object.entries(settings)) {
    if (typeof value !== 'object' || secrets.has(value.secret)) continue;
    throw makeError('NO_SUCH_SECRET', `provider ${name}: setting ${key}: there is no secret ${value.secret}`, {
      hint: `set it: gobs secret set ${value.secret}`,
    });
  }
};

/** Makes it known under its name, in a vat of its own. */
export const configureProvider = ({ portrait, makeProvider }: BossTurn, configured: ConfiguredProvider): void => {
  const { name, type, settings } = configured;
  const provider = makeProvider(configured);
  portrait.providers.set(name, { type, settings, provider });
};
harden(configureProvider);

const addProvider = (turn: BossTurn, name: string, type: string, given: Readonly<Record<string, unknown>>): void => {
  const { portrait, checkProvider } = turn;
  if (!isName(name)) {
    throw makeError('BAD_NAME', `${JSON.stringify(name)}: a provider's name must match [a-z][a-z0-9-]{0,62}`);
  }
  const settings = requireSettings(name, given);
  checkProvider({ name, type, settings });
  const known = portrait.providers.get(name);
  if (known !== undefined && canonical(known) === canonical({ type, settings })) return;
  if (known !== undefined) {
    throw makeError(
      'PROVIDER_EXISTS',
      `${name}: there is a provider of that name, of type ${known.type} or with other settings`,
      {
        hint: 'choose another name, or remove that one first',
      },
    );
  }
  requireSecrets(portrait, name, settings);
  configureProvider(turn, { name, type, settings });
};

const inUse = (name: string, machine: string): Error =>
  makeError('PROVIDER_IN_USE', `${name}: the machine ${machine} has it`, {
    hint: 'destroy or forget its machines first',
  });

/** Machines that are made while it is looked at are found by looking again. */
const removeProvider = (turn: BossTurn, name: string): Promise<void> => {
  const { portrait, firstProviders, tools } = turn;
  const { machines, providers } = portrait;
  requireProvider(portrait, name);
  if (firstProviders.includes(name)) {
    throw makeError('PROVIDER_IN_USE', `${name}: it is there from the start, and stays`);
  }
  const look = (made: number): Promise<void> => {
    let user: string | undefined;
    const looked = pageThrough(machines, tools, (entries) => {
      for (const [machine, admin] of stillThere(machines, entries)) {
        if (admin.status().provider === name) user ??= machine;
      }
    });
    return tools.on<void, void | Promise<void>>(looked, (_nothing, { portrait: fresh }: Fresh<BossPortrait>) => {
      if (user !== undefined) throw inUse(name, user);
      if (fresh.nextMachine !== made) return look(fresh.nextMachine);
      providers.delete(name);
      return undefined;
    }) as Promise<void>;
  };
  return look(portrait.nextMachine);
};

export const providerMethods = (turn: BossTurn) => {
  const { portrait, tools } = turn;
  return {
    addProvider: (
      name: string,
      { type, settings = {} }: { readonly type: string; readonly settings?: ProviderSettings },
    ) => addProvider(turn, name, type, settings),
    removeProvider: (name: string) => removeProvider(turn, name),
    providers: (): Promise<readonly ProviderEntry[]> => {
      const found: ProviderEntry[] = [];
      const done = pageThrough(portrait.providers, tools, (entries) => {
        for (const [name, { type, settings }] of entries) found.push({ name, type, settings });
      });
      return tools.on(done, () => found);
    },
    confirmations: (name: string, options: ProviderOptions): Promise<readonly Confirmation[]> =>
      E(requireProvider(portrait, name).provider).confirmations(options),
  };
};
harden(providerMethods);
