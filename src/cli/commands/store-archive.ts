/** `gobs store backup`, `verify` and `export`: of a running boss, of the store that one left, or of a backup. */
import { Argument, Option, type Command } from 'commander';
import type { Ask } from '../request.ts';
import {
  bossPlace,
  examples,
  jsonOption,
  sealingPlace,
  withBoss,
  withSealing,
  type BossOptions,
  type SealingOptions,
} from './shared-options.ts';

const addBackup = (group: Command, ask: Ask): void => {
  const described = group
    .command('backup')
    .description('write all rows of a store, as they are at one moment, to a file; a boss goes on meanwhile');
  const backup = withSealing(withBoss(described))
    .addArgument(new Argument('<file>', 'a new file'))
    .option('--force', 'put the backup in the place of a file that is there', false)
    .action((file: string, options: BossOptions & SealingOptions & { force: boolean }) =>
      ask({ do: 'store backup', at: bossPlace(options), file, force: options.force, ...sealingPlace(options) }),
    );
  examples(backup, ['gobs store backup "gobs-$(date +%F).backup"', 'gobs store backup latest.backup --force']);
};

const fileArgument = (): Argument => new Argument('[file]', 'a backup file; else the store of the boss');
const given = (file: string | undefined): { file?: string } => (file === undefined ? {} : { file });

const addVerify = (group: Command, ask: Ask): void => {
  const described = group
    .command('verify')
    .description('read every row of a store or a backup, and say what is wrong: exit 0 nothing, 1 something');
  const verify = withSealing(withBoss(described))
    .addArgument(fileArgument())
    .addOption(jsonOption('print one JSON object'))
    .action((file: string | undefined, options: BossOptions & SealingOptions & { json: boolean }) =>
      ask({ do: 'store verify', at: bossPlace(options), ...given(file), json: options.json, ...sealingPlace(options) }),
    );
  examples(verify, ['gobs store verify', 'gobs store verify latest.backup']);
};

const addExport = (group: Command, ask: Ask): void => {
  const exporting = withBoss(
    group
      .command('export')
      .description('show what is in a store or a backup: actors, maps, references; secrets are left out'),
  )
    .addArgument(fileArgument())
    .addOption(new Option('--json', 'print one JSON object a line for each row').makeOptionMandatory())
    .action((file: string | undefined, options: BossOptions) =>
      ask({ do: 'store export', at: bossPlace(options), ...given(file) }),
    );
  examples(exporting, ['gobs store export --json | jq \'select(.type == "actor")\'']);
};

export const addArchiveCommands = (group: Command, ask: Ask): void => {
  addBackup(group, ask);
  addVerify(group, ask);
  addExport(group, ask);
};
harden(addArchiveCommands);
