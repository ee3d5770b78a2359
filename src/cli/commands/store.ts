/** `gobs store …`: the store of a boss, looked after from outside. An action each in `actions/store/`. */
import { Argument, type Command } from 'commander';
import type { Ask } from '../request.ts';
import { addArchiveCommands } from './store-archive.ts';
import { examples, jsonOption, sealingPlace, stateOption, withSealing, type SealingOptions } from './shared-options.ts';

const inState = ({ state }: { state?: string }): { state?: string } => (state === undefined ? {} : { state });

const addUpgrade = (group: Command, ask: Ask): void => {
  const upgrade = group
    .command('upgrade')
    .description('bring every row of a store that no boss uses to the newest version of its kind')
    .option('--dry-run', 'run the upgrades, say what they would change, and write nothing', false)
    .addOption(stateOption())
    .addOption(jsonOption())
    .action((options: { state?: string; dryRun: boolean; json: boolean }) =>
      ask({ do: 'store upgrade', ...inState(options), dryRun: options.dryRun, json: options.json }),
    );
  examples(upgrade, ['gobs down', 'gobs store upgrade --dry-run', 'gobs store upgrade']);
};

const addRestore = (group: Command, ask: Ask): void => {
  const restore = withSealing(
    group
      .command('restore')
      .description('put the store of a boss back from a backup; its machines are held until they are confirmed'),
  )
    .addArgument(new Argument('<file>', 'a backup file'))
    .addOption(stateOption())
    .option('--replace', 'move a store that is there aside', false)
    .action((file: string, options: SealingOptions & { state?: string; replace: boolean }) =>
      ask({ do: 'store restore', file, ...inState(options), replace: options.replace, ...sealingPlace(options) }),
    );
  examples(restore, ['gobs store restore gobs-2026-11-19.backup', 'gobs store restore latest.backup --replace']);
};

export const addStoreCommands = (program: Command, ask: Ask): void => {
  const group = program.command('store').description('look after the store of a boss');
  addArchiveCommands(group, ask);
  addRestore(group, ask);
  addUpgrade(group, ask);
};
harden(addStoreCommands);
