/** What can stand on a command line, from the definitions of the commands: all that the completions of shells are made of. Pure. */
import type { Command, Option } from 'commander';

export interface OptionModel {
  /** `--json`, `-f`. */
  readonly flags: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  /** The values that there are, if they are a few. */
  readonly choices: readonly string[];
}

export interface CommandModel {
  /** `machine show`; empty: gobs itself. */
  readonly path: string;
  readonly description: string;
  /** The words that can follow: commands of this group. */
  readonly below: readonly { readonly word: string; readonly description: string }[];
  readonly options: readonly OptionModel[];
  /** What its arguments are. */
  readonly takes: 'machines' | 'files' | 'nothing' | readonly string[];
}

/** Commands whose `<name>` is no machine's, or not one that there is. */
const otherNames = /^(machine create|secret|provider)\b/;

const takesOf = (path: string, { registeredArguments: [first] }: Command): CommandModel['takes'] => {
  if (first === undefined) return 'nothing';
  if (first.argChoices !== undefined) return first.argChoices;
  if (/^names?$/.test(first.name())) return otherNames.test(path) ? 'nothing' : 'machines';
  return 'files';
};

const optionOf = ({ short, long, description, required, optional, argChoices }: Option): OptionModel => ({
  flags: [short, long].filter((flag) => flag !== undefined && flag !== null),
  description,
  takesValue: required || optional,
  choices: argChoices ?? [],
});

const helpOption: OptionModel = { flags: ['-h', '--help'], description: 'show help', takesValue: false, choices: [] };

export const commandModels = (command: Command, path = ''): readonly CommandModel[] => {
  const below = command.commands;
  const own: CommandModel = {
    path,
    description: command.description(),
    below: below.map((each) => ({ word: each.name(), description: each.description() })),
    options: [...command.options.filter(({ hidden }) => !hidden).map(optionOf), helpOption],
    takes: takesOf(path, command),
  };
  return harden([own, ...below.flatMap((each) => commandModels(each, `${path} ${each.name()}`.trim()))]);
};
harden(commandModels);
