/** Options that several commands have, with the same words everywhere. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { parseSelector, selectorProblemText, type Selector } from '../../protocol/selectors.ts';
import type { BossPlace, Waiting } from '../request.ts';

/** What commander gives for `withBoss` and `withWaiting`. */
export interface BossOptions {
  state?: string;
  socket?: string;
  connectFile?: string;
}
export interface WaitingOptions {
  wait: boolean;
  timeout: number;
}

const FIVE_MINUTES = 5 * 60_000;
const UNITS: Readonly<Record<string, number>> = harden({ ms: 1, s: 1000, m: 60_000, h: 3_600_000 });

/** In milliseconds; undefined for what is no duration. */
const durationOf = (text: string): number | undefined => {
  const match = /^(\d{1,6}(?:\.\d{1,3})?)(ms|s|m|h)?$/.exec(text);
  return match === null ? undefined : Math.round(Number(match[1]) * UNITS[match[2] ?? 's']!);
};

/** A duration above zero, in seconds; undefined for what is none. */
export const intervalOf = (text: string): number | undefined => {
  const milliseconds = durationOf(text) ?? 0;
  return milliseconds > 0 ? milliseconds / 1000 : undefined;
};
harden(intervalOf);

/** `90`, `90s`, `5m`, `1h` in milliseconds. */
export const parseDuration = (text: string): number => {
  const milliseconds = durationOf(text);
  if (milliseconds !== undefined) return milliseconds;
  throw new InvalidArgumentError('It must be a number of seconds, or such as 90s, 5m or 1h.');
};
harden(parseDuration);

/** `127.0.0.1:0`, `[::1]:4000`, `boss.example:4000`. */
export const parseListen = (text: string): string => {
  const match = /^(?:\[[0-9a-fA-F:.]+\]|[^\s:[\]/@]+):(\d{1,5})$/.exec(text);
  if (match === null || Number(match[1]) > 65_535) {
    throw new InvalidArgumentError('It must be such as 127.0.0.1:0 or [::1]:4000; port 0 lets the system choose.');
  }
  return text;
};
harden(parseListen);

/** `role=web,!canary` */
const parseOn = (text: string): Selector => {
  const { selector, problem } = parseSelector(text);
  if (problem === undefined) return selector;
  throw new InvalidArgumentError(`It must be such as role=web,!canary; ${selectorProblemText(problem)}.`);
};

/** Which machines, by their labels. */
export const onOption = (words = 'only machines with such labels, as role=web,!canary'): Option =>
  new Option('--on <selector>', words).argParser(parseOn);
harden(onOption);

export interface OnOptions {
  on?: Selector;
}

export const chosenBy = ({ on }: OnOptions): OnOptions => (on === undefined ? {} : { on });
harden(chosenBy);

/** Throws a CommanderError. */
export const refuseNamesAndOn = (names: readonly string[], { on }: OnOptions, command: Command): void => {
  if (names.length > 0 && on !== undefined) command.error('error: names, or --on, but not both');
};
harden(refuseNamesAndOn);

/** HOST:PORT, of a port alone on the loopback interface; undefined for what is neither. */
export const metricsAddressOf = (text: string): string | undefined => {
  if (/^\d{1,5}$/.test(text)) return Number(text) > 65_535 ? undefined : `127.0.0.1:${Number(text)}`;
  const [, port] = /^(?:\[[0-9a-fA-F:.]+\]|[^\s:[\]/@]+):(\d{1,5})$/.exec(text) ?? [];
  return port === undefined || Number(port) > 65_535 ? undefined : text;
};
harden(metricsAddressOf);

export const metricsOption = (): Option =>
  new Option(
    '--metrics <address>',
    'serve /metrics and /healthz at HOST:PORT, or at a port of the loopback interface (GOBS_METRICS; else not at all)',
  ).argParser((text) => {
    const address = metricsAddressOf(text);
    if (address !== undefined) return address;
    throw new InvalidArgumentError('It must be such as 9464 or 192.0.2.1:9464.');
  });
harden(metricsOption);

const stateWords = "the boss's state directory (GOBS_STATE)";

export const stateOption = (): Option => new Option('--state <dir>', stateWords);
harden(stateOption);
export const listenOption = (): Option =>
  new Option(
    '--listen <host:port>',
    'where hobs dial (GOBS_LISTEN; at first 127.0.0.1 and a free port, then the same again)',
  ).argParser(parseListen);
harden(listenOption);
/** From where the sealing key of a boss or hob is. */
export const withSealing = (command: Command): Command =>
  command
    .addOption(
      new Option(
        '--sealing-key <file>',
        "the key of the store's secrets (GOBS_SEALING_KEY; else one in its directory)",
      ).conflicts('passphraseFile'),
    )
    .addOption(
      new Option(
        '--passphrase-file <file>',
        'a file with a passphrase that the key is made of, - for standard input (GOBS_PASSPHRASE_FILE)',
      ),
    );
harden(withSealing);

export interface SealingOptions {
  sealingKey?: string;
  passphraseFile?: string;
}

export const sealingPlace = ({ sealingKey, passphraseFile }: SealingOptions): SealingOptions => ({
  ...(sealingKey === undefined ? {} : { sealingKey }),
  ...(passphraseFile === undefined ? {} : { passphraseFile }),
});
harden(sealingPlace);

export const jsonOption = (words = 'print JSON'): Option => new Option('--json', words).default(false, 'no');
harden(jsonOption);

/** How a client says which boss. */
export const withBoss = (command: Command): Command =>
  command
    .addOption(stateOption().conflicts(['socket', 'connectFile']))
    .addOption(
      new Option('--socket <path>', "the boss's socket, with its locator beside it (GOBS_SOCKET)").conflicts(
        'connectFile',
      ),
    )
    .addOption(new Option('--connect-file <file>', 'a file with a locator, - for standard input (GOBS_CONNECT_FILE)'));
harden(withBoss);

export const timeoutOption = (): Option =>
  new Option('--timeout <duration>', 'how long to wait: seconds, or such as 90s or 10m')
    .default(FIVE_MINUTES, '5m')
    .argParser(parseDuration);
harden(timeoutOption);

export const withWaiting = (command: Command): Command =>
  command.option('--no-wait', 'return when the boss has taken it').addOption(timeoutOption());
harden(withWaiting);

export const bossPlace = ({ state, socket, connectFile }: BossOptions): BossPlace => ({
  ...(state === undefined ? {} : { state }),
  ...(socket === undefined ? {} : { socket }),
  ...(connectFile === undefined ? {} : { connectFile }),
});
harden(bossPlace);

export const waiting = ({ wait, timeout }: WaitingOptions): Waiting => ({ wait, timeout });
harden(waiting);

/** Examples under a command's help. */
export const examples = (command: Command, lines: readonly string[]): Command =>
  command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`);
harden(examples);
