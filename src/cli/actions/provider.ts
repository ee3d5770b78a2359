/** `gobs provider add`, `list` and `remove`. */
import { E } from '@endo/far';
import { printable } from '../../protocol/printable.ts';
import type { ProviderEntry } from '../../protocol/remotes.ts';
import { withBoss } from '../connect.ts';
import { exitCodes } from '../exit-codes.ts';
import { renderTable } from '../tables.ts';
import type { Action } from './action.ts';

export const addProvider: Action<'provider add'> = async ({ at, name, provider }, { powers, output }) =>
  withBoss(at, powers, output, async (boss) => {
    await E(boss).addProvider(name, provider);
    output.note(`gobs: ${printable(name)} is there; gobs machine create NAME --provider ${printable(name)} uses it`);
    return exitCodes.done;
  });
harden(addProvider);

export const removeProvider: Action<'provider remove'> = async ({ at, name }, { powers, output }) =>
  withBoss(at, powers, output, async (boss) => {
    await E(boss).removeProvider(name);
    output.note(`gobs: ${printable(name)} is forgotten`);
    return exitCodes.done;
  });
harden(removeProvider);

/** `user=root, passphrase=<secret ssh-passphrase>` */
const settingWords = ({ settings }: ProviderEntry): string =>
  Object.entries(settings)
    .map(([key, value]) => `${key}=${typeof value === 'object' ? `<secret ${value.secret}>` : String(value)}`)
    .join(', ');

export const listProviders: Action<'provider list'> = async ({ at, json }, { powers, output }) =>
  withBoss(at, powers, output, async (boss) => {
    const providers = await E(boss).providers();
    if (json) output.json(providers.map(({ name, type, settings }) => ({ name, type, settings })));
    else {
      output.data(
        renderTable(
          ['NAME', 'TYPE', 'SETTINGS'],
          providers.map((provider) => [provider.name, provider.type, settingWords(provider)]),
        ),
      );
    }
    return exitCodes.done;
  });
harden(listProviders);
