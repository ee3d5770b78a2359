/**
 * The facet for running commands on a machine. The boss passes a command on, and hands out what the hob gives for it: bytes go between client and
 * hob, through the boss's process and past its turns. What it keeps is two lines in the machine's log: before the command begins, and when it has ended.
 */
import { matches } from '@endo/patterns';
import { codeOf, makeError } from '../errors/gobs-error.ts';
import { plainText } from '../protocol/plain-text.ts';
import { isCommandEnd, StartedCommandShape } from '../protocol/running-commands.ts';
import type { CommandEnd, RunningCommand } from '../protocol/running-commands.ts';
import { E } from '../vats/eventual-send.ts';
import type { Executor } from './machine-facets.ts';
import { askHob, requireHob } from './machine-operator.ts';
import type { MachineTurn } from './machine-turn.ts';

const PLAIN_WORD = /^[\w@%+=:,./-]+$/;
const LONGEST = 200;

/** As a shell would take it, about; for people. */
const wordsText = (argv: readonly string[]): string => {
  const words = argv.map((word) => (PLAIN_WORD.test(word) ? word : JSON.stringify(word.slice(0, LONGEST))));
  return plainText(words.join(' '), LONGEST);
};

const endText = ({ code, signal }: CommandEnd): string =>
  code === null ? `was ended by ${plainText(signal ?? 'nobody', 20)}` : `ended with ${code}`;

export const executorMethods = (turn: MachineTurn): Executor => {
  const { portrait, self, powers } = turn;
  const { name, log } = portrait;

  /** Whoever is told so hears it from the hob: it is the hob's word. */
  const noteEnd = (what: string, ended: Promise<CommandEnd>): void => {
    void powers.on(
      ended,
      (end) => {
        const said = isCommandEnd(end) ? endText(end) : 'ended, and its hob does not say how';
        log.noteOfOthers(`${what} ${said}`);
      },
      (reason) => log.noteOfOthers(`${what}: its end is not known (${codeOf(reason)})`),
    );
  };

  const exec: Executor['exec'] = (argv, { by = 'somebody' }, until) => {
    const hob = requireHob(turn);
    if (argv.length === 0) throw makeError('BAD_ARGUMENTS', `${name}: which command?`);
    const what = `exec ${wordsText(argv)}`;
    turn.note(`${what}, by ${plainText(by, 60) || 'somebody'}`);
    const started = E(hob).exec(argv, ...(until === undefined ? [] : [until]));
    const taken = askHob(turn, started, (answer): RunningCommand => {
      if (!matches(answer as never, StartedCommandShape)) {
        throw makeError('PROTOCOL_ERROR', `${name}: its hob answered with something that is no command`);
      }
      noteEnd(what, answer.ended);
      return answer.command;
    });
    return powers.on<RunningCommand, RunningCommand | Promise<never>>(
      taken,
      (command) => command,
      (reason) => {
        // A turn that throws leaves no trace, so the promise is rejected.
        log.noteOfOthers(`${what} did not begin: ${codeOf(reason)}`);
        const { promise, reject } = powers.promiseKit<never>();
        reject(reason as Error);
        return promise;
      },
    );
  };

  return { exec, asExecutor: () => self.executor };
};
harden(executorMethods);
