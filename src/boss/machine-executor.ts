/** The facet for running commands on a machine. */
import { makeError } from '../errors/gobs-error.ts';
import { plainText } from '../protocol/plain-text.ts';
import { isCommandEnd } from '../protocol/running-commands.ts';
import { E } from '../vats/eventual-send.ts';
import type { Executor } from './machine-facets.ts';
import type { MachineTurn } from './machine-turn.ts';
import { passOn } from './passed-on.ts';

const PLAIN_WORD = /^[\w@%+=:,./-]+$/;
const LONGEST = 200;

/** As a shell would take it, about; for people. */
const wordsText = (argv: readonly string[]): string => {
  const words = argv.map((word) => (PLAIN_WORD.test(word) ? word : JSON.stringify(word.slice(0, LONGEST))));
  return plainText(words.join(' '), LONGEST);
};

/** For the log; undefined for what is no end. */
export const commandEndText = (end: unknown): string | undefined => {
  if (!isCommandEnd(end)) return undefined;
  const { code, signal } = end;
  return code === null ? `was ended by ${plainText(signal ?? 'nobody', 20)}` : `ended with ${code}`;
};
harden(commandEndText);

export const executorMethods = (turn: MachineTurn): Executor => ({
  exec: (argv, { by }, until) => {
    if (argv.length === 0) throw makeError('BAD_ARGUMENTS', `${turn.portrait.name}: which command?`);
    return passOn(turn, {
      what: `exec ${wordsText(argv)}`,
      by,
      ask: (hob) => E(hob).exec(argv, ...(until === undefined ? [] : [until])),
      endText: commandEndText,
    });
  },
  asExecutor: () => turn.self.executor,
});
harden(executorMethods);
