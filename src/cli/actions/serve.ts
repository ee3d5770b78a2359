/** `gobs boss` and `gobs hob`: what serves, in this process and to its end. Whatever is imported here makes each start of one longer. */
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { findStateDirectory } from '../find-boss.ts';
import { withPassphrase } from '../sealing-input.ts';
import { sealingPaths, startSettings } from '../start-settings.ts';
import type { Action } from './action.ts';

const exitOf = (code: number): ExitCode => (code === 0 ? exitCodes.done : exitCodes.failed);

export const boss: Action<'boss'> = async (request, { powers }) => {
  const { root } = findStateDirectory(request.state, powers);
  const settings = await withPassphrase(startSettings(request, powers), powers);
  return exitOf(await powers.runBoss({ state: root, json: request.json, ...settings }));
};
harden(boss);

export const hob: Action<'hob'> = async ({ directory, interval, ...given }, { powers }) => {
  const sealing = await withPassphrase(sealingPaths(given, powers), powers);
  return exitOf(await powers.runHob({ directory, ...(interval === undefined ? {} : { interval }), ...sealing }));
};
harden(hob);
