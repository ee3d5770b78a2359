/**
 * From words to a request, and nothing else: parsing talks to nobody and changes nothing. Help and version are text for
 * standard output; a mistake is BAD_USAGE with the nearest thing that there is.
 */
import { Command, CommanderError } from 'commander';
import { makeError } from '../errors/gobs-error.ts';
import { printable } from '../protocol/printable.ts';
import { addDaemonCommands } from './commands/daemon.ts';
import { addFleetCommands } from './commands/fleet.ts';
import { addLookingCommands } from './commands/looking.ts';
import { addMachineCommands, addShareCommand } from './commands/machine.ts';
import { addProviderCommands } from './commands/provider.ts';
import { addSecretCommands } from './commands/secret.ts';
import { addStoreCommands } from './commands/store.ts';
import { addWatchingCommands } from './commands/watching.ts';
import { commandModels, type CommandModel } from './completion/command-model.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import type { Ask, Request } from './request.ts';

export type Parsed =
  | { readonly request: Request }
  /** Help or version: `text` is what was asked for (exit 0), or shown for want of a command (exit 1). */
  | { readonly text: string; readonly exit: ExitCode };

const epilogue = `
Exit codes: 0 done; 1 failed; 2 drift or changes (plan, drift, status); 3 partly done, or a machine is offline or unknown.
Data goes to standard output, everything else to standard error. Without --state, --socket or --connect-file, commands talk to
the boss of gobs up.

First steps:
  $ gobs up                      # a boss in the background, and a REPL on it
  $ gobs init && gobs apply fleet.yaml
  $ gobs status
`;

/** commander's settings are inherited by commands that are made after them. */
const makeProgram = (version: string, ask: Ask, say: (text: string) => void): Command => {
  const program = new Command('gobs')
    .description('A fleet of machines, by references to them.')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .exitOverride()
    .configureOutput({ writeOut: say, writeErr: say, outputError: () => {} })
    .configureHelp({ helpWidth: 100, showGlobalOptions: false });
  addDaemonCommands(program, ask);
  addProviderCommands(program, ask);
  addMachineCommands(program, ask);
  addFleetCommands(program, ask);
  addWatchingCommands(program, ask);
  addLookingCommands(program, ask);
  addShareCommand(program, ask);
  addSecretCommands(program, ask);
  addStoreCommands(program, ask);
  return program.addHelpText('after', epilogue);
};

/** For completions. */
export const modelOfCommands = (version: string): readonly CommandModel[] =>
  commandModels(
    makeProgram(
      version,
      () => {},
      () => {},
    ),
  );
harden(modelOfCommands);

const isHelp = (code: string): boolean =>
  ['commander.helpDisplayed', 'commander.help', 'commander.version'].includes(code);

const usageError = ({ message }: CommanderError): Error => {
  const [first = '', ...rest] = message.replace(/^error: /, '').split('\n');
  // What is too much may be a secret that somebody thought an argument.
  const said = first.replace(/( but got \d+): .*$/, '$1.');
  const suggestion = /^\(Did you mean (.*)\?\)$/.exec(rest.join(' '))?.[1];
  const hint =
    suggestion === undefined
      ? 'gobs --help, or --help behind a command, says what there is'
      : `did you mean ${suggestion}?`;
  return makeError('BAD_USAGE', printable(said.replace(/\.$/, '')), { hint });
};

/** Throws BAD_USAGE. `words` are the arguments behind `gobs`. */
export const parseArguments = (words: readonly string[], version: string): Parsed => {
  let request: Request | undefined;
  let text = '';
  const program = makeProgram(
    version,
    (asked) => {
      request = asked;
    },
    (said) => {
      text += said;
    },
  );
  try {
    program.parse(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (!isHelp(error.code)) throw usageError(error);
    return { text: text.trimEnd(), exit: error.exitCode === 0 ? exitCodes.done : exitCodes.failed };
  }
  if (request === undefined) throw TypeError('a command was parsed that asks for nothing');
  return { request };
};
harden(parseArguments);
