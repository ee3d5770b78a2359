/** What a boss is started with: what the flags say, or else their variables. */
import { makeError } from '../errors/gobs-error.ts';
import { printable } from '../protocol/printable.ts';
import { intervalOf } from './commands/shared-options.ts';
import type { BossOptions, CliPowers } from './powers.ts';

export type StartSettings = Pick<BossOptions, 'listen' | 'hobInterval'>;

/** In seconds. Throws BAD_USAGE. */
const intervalIn = (text: string | undefined): number | undefined => {
  if (!text) return undefined;
  const interval = intervalOf(text);
  if (interval !== undefined) return interval;
  throw makeError('BAD_USAGE', `GOBS_HOB_INTERVAL: ${printable(text)} is no interval such as 90s, 5m or 1h`);
};

/** Throws BAD_USAGE for a variable that makes no sense; flags were looked at when they were parsed. */
export const startSettings = (given: StartSettings, { env }: Pick<CliPowers, 'env'>): StartSettings => {
  const listen = given.listen ?? env.GOBS_LISTEN;
  const hobInterval = given.hobInterval ?? intervalIn(env.GOBS_HOB_INTERVAL);
  return harden({ ...(listen ? { listen } : {}), ...(hobInterval === undefined ? {} : { hobInterval }) });
};
harden(startSettings);
