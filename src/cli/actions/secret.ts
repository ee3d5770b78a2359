/** `gobs secret set`, `list` and `remove`. */
import { E } from '@endo/far';
import type { Readable } from 'node:stream';
import { makeError } from '../../errors/gobs-error.ts';
import { printable } from '../../protocol/printable.ts';
import { withBoss } from '../connect.ts';
import { exitCodes } from '../exit-codes.ts';
import type { CliPowers } from '../powers.ts';
import { moment, renderTable } from '../tables.ts';
import type { Action } from './action.ts';

/** Bytes: more than the boss takes. */
const LONGEST = 1_048_576;

const everythingOf = async (stdin: Readable): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stdin) {
    chunks.push(Buffer.from(chunk as string));
    length += chunks.at(-1)!.length;
    if (length > LONGEST) throw makeError('BAD_USAGE', `standard input has more than ${LONGEST} bytes`);
  }
  return Buffer.concat(chunks);
};

/** What is piped in is taken as it is, but for one line end at its end. */
const readText = async (name: string, { stdin, stderr, askHidden }: CliPowers): Promise<string> => {
  if (stdin.isTTY === true && stderr.isTTY) return askHidden(`Text of ${printable(name)} (not shown): `);
  const bytes = await everythingOf(stdin);
  const text = bytes.toString('utf8');
  if (Buffer.from(text).equals(bytes)) return text.replace(/\r?\n$/, '');
  throw makeError('BAD_USAGE', 'standard input is not UTF-8');
};

export const setSecret: Action<'secret set'> = async ({ at, name }, { powers, output }) => {
  if (at.connectFile === '-') {
    throw makeError('BAD_USAGE', 'standard input cannot be both the locator and the secret', {
      hint: 'put the locator in a file with mode 0600',
    });
  }
  return withBoss(at, powers, output, async (boss) => {
    const text = await readText(name, powers);
    if (text === '') throw makeError('BAD_USAGE', 'nothing was typed or piped in, so nothing was set');
    await E(boss).setSecret(name, text);
    output.note(`gobs: ${name} is set; providers that use it have it from the boss's next start on`);
    return exitCodes.done;
  });
};
harden(setSecret);

export const listSecrets: Action<'secret list'> = async ({ at, json }, { powers, output }) =>
  withBoss(at, powers, output, async (boss) => {
    const entries = (await E(boss).secrets()).map(({ name, at: time }) => ({ name, at: time }));
    if (json) output.json(entries);
    else if (entries.length === 0) output.note('there are no secrets; gobs secret set NAME keeps one');
    else {
      output.data(
        renderTable(
          ['NAME', 'SET'],
          entries.map((entry) => [entry.name, moment(entry.at)]),
        ),
      );
    }
    return exitCodes.done;
  });
harden(listSecrets);

export const removeSecret: Action<'secret remove'> = async ({ at, name, json }, { powers, output }) =>
  withBoss(at, powers, output, async (boss) => {
    await E(boss).removeSecret(name);
    if (json) output.json({ name });
    else output.note(`gobs: ${name} is forgotten`);
    return exitCodes.done;
  });
harden(removeSecret);
