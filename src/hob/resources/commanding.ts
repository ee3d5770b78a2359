/** How resources use commands: to look with one that changes nothing, or to do something; and what is told of one that failed. */
import { makeError, type ErrorCode } from '../../errors/gobs-error.ts';
import { plainText } from '../../protocol/plain-text.ts';
import type { CommandOptions, CommandOutcome, Commands } from '../commands.ts';
import type { Host } from './contract.ts';

/** Characters of what a tool said. */
const LONGEST_SAYING = 400;

/** `thing` begins the message: `nginx`. Throws CANNOT_LOOK where the hob has none. */
export const commandsOf = ({ commands }: Host, thing: string): Commands => {
  if (commands !== undefined) return commands;
  throw makeError('CANNOT_LOOK', `${thing}: it needs a hob that runs as root and keeps the whole host`, {
    hint: 'put the hob on the host itself, as root',
  });
};
harden(commandsOf);

const linesOf = (text: string): readonly string[] =>
  text
    .split('\n')
    .map((line) => plainText(line, LONGEST_SAYING))
    .filter((line) => line !== '');

/**
 * What went wrong, on one line: that it did not end by itself, or the last lines that it wrote to stderr, or to stdout. `matters` picks the lines
 * that say it, if there are any.
 */
export const sayingOf = (
  { code, why, stdout, stderr }: CommandOutcome,
  program: string,
  matters: RegExp = /(?:)/,
): string => {
  const said = [stderr, stdout].map(linesOf).find((lines) => lines.length > 0) ?? [];
  const telling = said.filter((line) => matters.test(line));
  const lines = (telling.length > 0 ? telling : said).slice(-3).join('; ');
  const end = why ?? `it ended with ${String(code)}`;
  return plainText(
    lines === '' ? `${program}: ${end}` : `${program}: ${why === undefined ? '' : `${end}; `}${lines}`,
    LONGEST_SAYING,
  );
};
harden(sayingOf);

export interface Commanding extends CommandOptions {
  /** Codes that are no failure; left out, 0 only. */
  readonly codes?: readonly number[];
  /** Which lines say what went wrong; see sayingOf. */
  readonly matters?: RegExp;
  /** Does somebody read what it says? Then all of it must be there. Left out: for `ask` yes, for `act` no. */
  readonly parsed?: boolean;
}

const runFor =
  (refusal: ErrorCode, isRead: boolean) =>
  async (
    host: Host,
    thing: string,
    command: readonly string[],
    { codes = [0], matters, parsed = isRead, ...options }: Commanding = {},
  ): Promise<CommandOutcome & { readonly code: number }> => {
    const outcome = await commandsOf(host, thing).run(command, options);
    const { code } = outcome;
    const ended = code !== null && codes.includes(code);
    if (ended && !(parsed && outcome.cut)) return { ...outcome, code };
    const said = ended ? `${command[0]}: it said more than can be read` : sayingOf(outcome, command[0]!, matters);
    throw makeError(refusal, `${thing}: ${said}`);
  };

/** Runs what changes nothing. Throws CANNOT_LOOK, beginning with `thing`. */
export const ask = runFor('CANNOT_LOOK', true);
harden(ask);

/** Runs what changes something. Throws CANNOT_CHANGE, beginning with `thing`. */
export const act = runFor('CANNOT_CHANGE', false);
harden(act);
