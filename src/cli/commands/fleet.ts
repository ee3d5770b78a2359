/** `gobs init`, `validate`, `schema`, `plan`, `apply`, `drift` and `converge`: a fleet and its document. */
import { Option, type Command } from 'commander';
import type { Ask } from '../request.ts';
import {
  bossPlace,
  chosenBy,
  examples,
  jsonOption,
  onOption,
  refuseNamesAndOn,
  timeoutOption,
  waiting,
  withBoss,
  withWaiting,
  type BossOptions,
  type OnOptions,
  type WaitingOptions,
} from './shared-options.ts';

/** What `gobs init` writes. */
export const firstFleet = `# A fleet: its machines, and what is to be on each. Look with \`gobs plan\`, do it with \`gobs apply\`.
machines:
  web1:
    provider: local        # see gobs provider list
    policy: report         # correct: put back what drifts
    resources:
      - { id: logs, type: directory, path: /var/log/app, mode: "0750" }
      - { id: motd, type: file, path: /etc/motd, content: "hello\\n", mode: "0644" }
`;
harden(firstFleet);

const pruneOption = ['--prune', 'also destroy machines that the document does not name', false] as const;

const addInit = (program: Command, ask: Ask): void => {
  const init = program
    .command('init [file]')
    .description('write a small fleet document (fleet.yaml), never over one that is there')
    .action((file: string | undefined) => ask({ do: 'init', file: file ?? 'fleet.yaml' }));
  examples(init, ['gobs init', 'gobs init staging.yaml']);
};

const addChecking = (program: Command, ask: Ask): void => {
  const validate = program
    .command('validate <files...>')
    .description('say all that is wrong with fleet documents: exit 0 nothing, 1 something; needs no boss')
    .addOption(jsonOption('print a JSON array'))
    .action((files: string[], { json }: { json: boolean }) => ask({ do: 'validate', files, json }));
  examples(validate, ['gobs validate fleet.yaml', 'gobs validate *.yaml --json']);
  const schema = program
    .command('schema')
    .description('print the JSON Schema of fleet documents, for editors')
    .action(() => ask({ do: 'schema' }));
  examples(schema, ['gobs schema > fleet.schema.json']);
};

const addPlan = (program: Command, ask: Ask): void => {
  const plan = withBoss(
    program
      .command('plan <file>')
      .description('say what apply would do: exit 0 nothing, 2 something, 3 a machine is offline'),
  )
    .option(...pruneOption)
    .addOption(onOption())
    .addOption(jsonOption('print a JSON array'))
    .action((file: string, options: BossOptions & OnOptions & { prune: boolean; json: boolean }) => {
      const { prune, json } = options;
      ask({ do: 'plan', at: bossPlace(options), ...chosenBy(options), file, prune, json });
    });
  examples(plan, ['gobs plan fleet.yaml', 'gobs plan fleet.yaml --on role=web', 'gobs plan -   # from standard input']);
};

interface ApplyOptions extends BossOptions, OnOptions, WaitingOptions {
  prune: boolean;
  overwrite: boolean;
  yes: boolean;
  json: boolean;
}

const addApply = (program: Command, ask: Ask): void => {
  const apply = withWaiting(
    withBoss(program.command('apply <file>').description('make the fleet as a document says, and wait until it is')),
  )
    .option(...pruneOption)
    .addOption(onOption())
    .option('--overwrite', 'also undo what was changed by hand since a document was applied', false)
    .option('--yes', 'do not ask before destroying', false)
    .addOption(jsonOption('print one JSON object a line for each machine'))
    .action((file: string, options: ApplyOptions) => {
      const { prune, overwrite, yes, json } = options;
      const how = { ...chosenBy(options), ...waiting(options) };
      ask({ do: 'apply', at: bossPlace(options), file, prune, overwrite, yes, json, ...how });
    });
  examples(apply, [
    'gobs apply fleet.yaml',
    "gobs apply fleet.yaml --on 'role=web,!canary'",
    'gobs apply fleet.yaml --prune --yes --timeout 10m',
  ]);
};

interface DriftOptions extends BossOptions, OnOptions {
  cached: boolean;
  follow: boolean;
  json: boolean;
  timeout: number;
}

const addDrift = (program: Command, ask: Ask): void => {
  const drift = withBoss(
    program
      .command('drift [names...]')
      .description('check machines now: exit 0 as wanted, 2 drifted, 3 a machine is offline or unknown'),
  )
    .addOption(onOption())
    .option('--cached', 'show the last report and its age instead', false)
    .addOption(
      new Option('--follow', 'show the last reports, and go on as there are others, until Ctrl-C')
        .default(false, 'no')
        .conflicts('cached'),
    )
    .addOption(timeoutOption())
    .addOption(jsonOption('print a JSON array; with --follow one object a line'))
    .action((names: string[], options: DriftOptions, command: Command) => {
      const { cached, follow, json, timeout } = options;
      refuseNamesAndOn(names, options, command);
      ask({ do: 'drift', at: bossPlace(options), ...chosenBy(options), names, cached, follow, json, timeout });
    });
  examples(drift, ['gobs drift', 'gobs drift --on role=web', 'gobs drift web1 --cached', 'gobs drift --follow --json']);
};

const addConverge = (program: Command, ask: Ask): void => {
  const converge = withBoss(
    program
      .command('converge <names...>')
      .description('make machines as wanted now, whatever their policy, and show what was mended'),
  )
    .addOption(timeoutOption())
    .addOption(jsonOption('print a JSON array'))
    .action((names: string[], options: Omit<DriftOptions, 'cached' | 'follow' | 'on'>) => {
      const { json, timeout } = options;
      ask({ do: 'converge', at: bossPlace(options), names, json, timeout });
    });
  examples(converge, ['gobs converge web1', 'gobs converge web1 web2 --timeout 30s']);
};

export const addFleetCommands = (program: Command, ask: Ask): void => {
  addInit(program, ask);
  addChecking(program, ask);
  addPlan(program, ask);
  addApply(program, ask);
  addDrift(program, ask);
  addConverge(program, ask);
};
harden(addFleetCommands);
