/** `gobs store …`: the store of a boss, looked after from outside. An action each in `actions/store/`. */
import type { Command } from 'commander';
import type { Ask } from '../request.ts';
import { addArchiveCommands } from './store-archive.ts';
import { examples, jsonOption, stateOption } from './shared-options.ts';

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

export const addStoreCommands = (program: Command, ask: Ask): void => {
  const group = program.command('store').description('look after the store of a boss');
  addUpgrade(group, ask);
  addArchiveCommands(group, ask);
};
harden(addStoreCommands);
