/** `gobs provider …`: what machines are made by. */
import { Option, type Command } from 'commander';
import type { ProviderSpec } from '../../protocol/remotes.ts';
import type { Ask } from '../request.ts';
import { bossPlace, examples, jsonOption, withBoss, type BossOptions } from './shared-options.ts';

type Value = string | number | boolean;

const SHAPE = /^([A-Za-z][\w-]{0,59})=(.*)$/s;

/** What a word says: true, false, a number that is written as numbers are, or else text. */
const valueOf = (text: string): Value => {
  if (text === 'true' || text === 'false') return text === 'true';
  return text !== '' && Number.isFinite(Number(text)) && String(Number(text)) === text ? Number(text) : text;
};

/** An option that is given again and again, each time with `key=value`. */
export const pairsOption = (flags: string, words: string): Option =>
  new Option(flags, words)
    .default([], 'none')
    .argParser((word: string, before: readonly string[]) => [...before, word]);
harden(pairsOption);

/** Ends in BAD_USAGE. What is wrong is not quoted: it may hold what nobody should read. */
const pairsIn = <V>(
  command: Command,
  flag: string,
  words: readonly string[],
  toValue: (text: string) => V,
): Readonly<Record<string, V>> => {
  const pairs: Record<string, V> = {};
  for (const word of words) {
    const [, key, text] = SHAPE.exec(word) ?? [];
    if (key === undefined || text === undefined) command.error(`error: option ${flag}: it must be such as key=value`);
    if (Object.hasOwn(pairs, key!)) command.error(`error: option ${flag}: ${key} is given twice`);
    pairs[key!] = toValue(text!);
  }
  return pairs;
};

/** What `--option` or `--set` said. Ends in BAD_USAGE. */
export const valuesIn = (command: Command, flag: string, words: readonly string[]): Readonly<Record<string, Value>> =>
  pairsIn(command, flag, words, valueOf);
harden(valuesIn);

interface AddOptions extends BossOptions {
  type: string;
  set: readonly string[];
  secret: readonly string[];
}

const addAdding = (group: Command, ask: Ask): void => {
  const add = withBoss(group.command('add <name>').description('configure a provider under a name of its own'))
    .requiredOption('--type <type>', 'what it is: local, ssh')
    .addOption(pairsOption('--set <key=value>', 'a setting; can be given several times'))
    .addOption(
      pairsOption(
        '--secret <key=name>',
        'a setting that is a secret, by its name: see gobs secret; can be given several times',
      ),
    )
    .action((name: string, options: AddOptions, command: Command) => {
      const set = valuesIn(command, '--set', options.set);
      const secrets = pairsIn(command, '--secret', options.secret, (text) => ({ secret: text }));
      const twice = Object.keys(set).find((key) => Object.hasOwn(secrets, key));
      if (twice !== undefined) command.error(`error: ${twice} is both a setting and a secret`);
      const provider: ProviderSpec = { type: options.type, settings: { ...set, ...secrets } };
      ask({ do: 'provider add', at: bossPlace(options), name, provider });
    });
  examples(add, [
    'gobs provider add dc1 --type ssh --set user=root --set identity=~/.ssh/id_ed25519',
    'gobs provider add dc2 --type ssh --set user=ada --set sudo=true --secret passphrase=ssh-passphrase',
  ]);
};

export const addProviderCommands = (program: Command, ask: Ask): void => {
  const group = program.command('provider').description('what machines are made by');
  addAdding(group, ask);
  const list = withBoss(group.command('list').description('all providers'))
    .addOption(jsonOption('print a JSON array'))
    .action((options: BossOptions & { json: boolean }) =>
      ask({ do: 'provider list', at: bossPlace(options), json: options.json }),
    );
  examples(list, ['gobs provider list']);
  const remove = withBoss(group.command('remove <name>').description('forget a provider that has no machines')).action(
    (name: string, options: BossOptions) => ask({ do: 'provider remove', at: bossPlace(options), name }),
  );
  examples(remove, ['gobs provider remove dc1']);
};
harden(addProviderCommands);
