/** `gobs secret …`: texts that providers need, kept by the boss. There is no option that takes one. */
import type { Command } from 'commander';
import type { Ask } from '../request.ts';
import { bossPlace, examples, jsonOption, withBoss, type BossOptions } from './shared-options.ts';

export const addSecretCommands = (program: Command, ask: Ask): void => {
  const group = program.command('secret').description('texts that providers need; nobody gets one back');
  const set = withBoss(
    group
      .command('set <name>')
      .description('keep what is typed (unseen) or piped in; a line end at its end is left off'),
  ).action((name: string, options: BossOptions) => ask({ do: 'secret set', at: bossPlace(options), name }));
  examples(set, ['gobs secret set cloud-token', 'gobs secret set cloud-token < token-file']);
  const list = withBoss(group.command('list').description('names, and when each was set'))
    .addOption(jsonOption('print a JSON array'))
    .action((options: BossOptions & { json: boolean }) =>
      ask({ do: 'secret list', at: bossPlace(options), json: options.json }),
    );
  examples(list, ['gobs secret list']);
  const remove = withBoss(group.command('remove <name>').description('forget one'))
    .addOption(jsonOption('print one JSON object'))
    .action((name: string, options: BossOptions & { json: boolean }) =>
      ask({ do: 'secret remove', at: bossPlace(options), name, json: options.json }),
    );
  examples(remove, ['gobs secret remove cloud-token']);
};
harden(addSecretCommands);
