/** `gobs up`, `down`, `boss`, `hob`, `repl` and `provider …`: processes, and who talks to them. */
import { Option, type Command } from 'commander';
import type { Ask } from '../request.ts';
import {
  bossPlace,
  examples,
  jsonOption,
  listenOption,
  parseDuration,
  stateOption,
  timeoutOption,
  withBoss,
  type BossOptions,
} from './shared-options.ts';

interface PlaceOptions {
  state?: string;
  listen?: string;
}

const place = ({ state, listen }: PlaceOptions): PlaceOptions => ({
  ...(state === undefined ? {} : { state }),
  ...(listen === undefined ? {} : { listen }),
});

const addUpAndDown = (program: Command, ask: Ask): void => {
  const up = program
    .command('up')
    .description('start a boss in the background if none runs, and open the REPL on it')
    .addOption(stateOption())
    .addOption(listenOption())
    .action((options: PlaceOptions) => ask({ do: 'up', ...place(options) }));
  examples(up, ['gobs up', 'gobs up --state ./lab']);
  const down = program
    .command('down')
    .description('end the boss; hobs go on without it')
    .addOption(stateOption())
    .option('--all', 'stop the machines of local providers first', false)
    .addOption(timeoutOption())
    .action(({ state, all, timeout }: { state?: string; all: boolean; timeout: number }) =>
      ask({ do: 'down', ...place(state === undefined ? {} : { state }), all, timeout }),
    );
  examples(down, ['gobs down', 'gobs down --all']);
};

interface BossOptionsGiven extends PlaceOptions {
  hobInterval?: number;
  json: boolean;
}

const intervalOption = (flags: string, words: string): Option =>
  new Option(flags, `${words}; not given: 5m`).argParser((text) => parseDuration(text) / 1000);

const addBossAndHob = (program: Command, ask: Ask): void => {
  const boss = program
    .command('boss')
    .description('run a boss in the foreground until SIGTERM; it logs to standard error')
    .addOption(stateOption())
    .addOption(listenOption())
    .addOption(intervalOption('--hob-interval <duration>', 'how often hobs of local machines look at their host'))
    .addOption(jsonOption('print one line of JSON when it serves'))
    .action((options: BossOptionsGiven) => {
      const { hobInterval, json } = options;
      ask({ do: 'boss', ...place(options), ...(hobInterval === undefined ? {} : { hobInterval }), json });
    });
  examples(boss, ['gobs boss --state /var/lib/gobs --listen 0.0.0.0:4000']);
  const hob = program
    .command('hob')
    .description('run the agent of one host in the foreground; providers start it')
    .requiredOption(
      '--directory <dir>',
      "the machine's directory: its root, the hob's key and store, and at first its enrolment locator",
    )
    .addOption(intervalOption('--interval <duration>', 'how often it looks at its host'))
    .action(({ directory, interval }: { directory: string; interval?: number }) =>
      ask({ do: 'hob', directory, ...(interval === undefined ? {} : { interval }) }),
    );
  examples(hob, ['gobs hob --directory /srv/machines/m1']);
};

const addReplAndProviders = (program: Command, ask: Ask): void => {
  const repl = withBoss(
    program
      .command('repl')
      .description('talk to a boss in JavaScript; without a terminal, run statements from standard input'),
  ).action((options: BossOptions) => ask({ do: 'repl', at: bossPlace(options) }));
  examples(repl, ['gobs repl', "echo 'E(boss).machines()' | gobs repl"]);
  const group = program.command('provider').description('look at providers');
  const list = withBoss(group.command('list').description('all providers'))
    .addOption(jsonOption('print a JSON array'))
    .action((options: BossOptions & { json: boolean }) =>
      ask({ do: 'provider list', at: bossPlace(options), json: options.json }),
    );
  examples(list, ['gobs provider list']);
};

export const addDaemonCommands = (program: Command, ask: Ask): void => {
  addUpAndDown(program, ask);
  addBossAndHob(program, ask);
  addReplAndProviders(program, ask);
};
harden(addDaemonCommands);
