/** What a boss is started with: what the flags say, or else their variables. */
import { resolve } from 'node:path';
import { makeError } from '../errors/gobs-error.ts';
import { printable } from '../protocol/printable.ts';
import { intervalOf, metricsAddressOf } from './commands/shared-options.ts';
import type { BossOptions, CliPowers } from './powers.ts';

type Paths = Pick<BossOptions, 'sealingKey' | 'passphraseFile'>;

/** A passphrase file may be `-`: whoever starts reads it (sealing-input.ts). */
export type StartSettings = Pick<BossOptions, 'listen' | 'metrics' | 'hobInterval'> & Paths;

type SettingsPowers = Pick<CliPowers, 'env' | 'workingDirectory'>;

/** In seconds. Throws BAD_USAGE. */
const intervalIn = (text: string | undefined): number | undefined => {
  if (!text) return undefined;
  const interval = intervalOf(text);
  if (interval !== undefined) return interval;
  throw makeError('BAD_USAGE', `GOBS_HOB_INTERVAL: ${printable(text)} is no interval such as 90s, 5m or 1h`);
};

/** Throws BAD_USAGE. */
const metricsIn = (text: string | undefined): string | undefined => {
  if (!text) return undefined;
  const address = metricsAddressOf(text);
  if (address !== undefined) return address;
  throw makeError('BAD_USAGE', `GOBS_METRICS: ${printable(text)} is no HOST:PORT, and no port`);
};

/** Absolute paths. A flag beats both variables. Throws BAD_USAGE if both are set. */
export const sealingPaths = (given: Paths, { env, workingDirectory }: SettingsPowers): Paths => {
  const { GOBS_SEALING_KEY: keyVariable, GOBS_PASSPHRASE_FILE: passphraseVariable } = env;
  const flagged = given.sealingKey !== undefined || given.passphraseFile !== undefined;
  if (!flagged && keyVariable && passphraseVariable) {
    throw makeError('BAD_USAGE', 'GOBS_SEALING_KEY and GOBS_PASSPHRASE_FILE are both set, and only one can count');
  }
  const { sealingKey, passphraseFile } = flagged
    ? given
    : { sealingKey: keyVariable, passphraseFile: passphraseVariable };
  const absolute = (path: string): string => (path === '-' ? path : resolve(workingDirectory, path));
  if (sealingKey) return { sealingKey: resolve(workingDirectory, sealingKey) };
  return passphraseFile ? { passphraseFile: absolute(passphraseFile) } : {};
};
harden(sealingPaths);

/** Throws BAD_USAGE for a variable that makes no sense; flags were looked at when they were parsed. */
export const startSettings = (given: StartSettings, powers: SettingsPowers): StartSettings => {
  const { env } = powers;
  const listen = given.listen ?? env.GOBS_LISTEN;
  const hobInterval = given.hobInterval ?? intervalIn(env.GOBS_HOB_INTERVAL);
  const metrics = given.metrics ?? metricsIn(env.GOBS_METRICS);
  return harden({
    ...(listen ? { listen } : {}),
    ...(metrics === undefined ? {} : { metrics }),
    ...(hobInterval === undefined ? {} : { hobInterval }),
    ...sealingPaths(given, powers),
  });
};
harden(startSettings);
