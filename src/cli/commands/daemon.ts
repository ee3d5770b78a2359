/** `gobs up`, `down`, `boss`, `hob`, `repl` and `provider …`: processes, and who talks to them. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Ask } from '../request.ts';
import {
  bossPlace,
  examples,
  intervalOf,
  jsonOption,
  listenOption,
  metricsOption,
  sealingPlace,
  stateOption,
  timeoutOption,
  withBoss,
  withSealing,
  type BossOptions,
  type SealingOptions,
} from './shared-options.ts';

/** Of whoever starts a boss. */
interface StartOptions extends SealingOptions {
  state?: string;
  listen?: string;
  metrics?: string;
  /** Seconds. */
  hobInterval?: number;
}

const given = ({ state, listen, metrics, hobInterval, ...sealing }: StartOptions): StartOptions => ({
  ...(metrics === undefined ? {} : { metrics }),
  ...sealingPlace(sealing),
  ...(state === undefined ? {} : { state }),
  ...(listen === undefined ? {} : { listen }),
  ...(hobInterval === undefined ? {} : { hobInterval }),
});

const intervalOption = (flags: string, words: string): Option =>
  new Option(flags, words).argParser((text) => {
    const interval = intervalOf(text);
    if (interval === undefined) throw new InvalidArgumentError('It must be such as 90s, 5m or 1h.');
    return interval;
  });

const hobIntervalOption = (): Option =>
  intervalOption(
    '--hob-interval <duration>',
    'how often hobs of local machines look at their host (GOBS_HOB_INTERVAL; else 5m)',
  );

const addUpAndDown = (program: Command, ask: Ask): void => {
  const up = withSealing(
    program.command('up').description('start a boss in the background if none runs, and open the REPL on it'),
  )
    .addOption(stateOption())
    .addOption(listenOption())
    .addOption(metricsOption())
    .addOption(hobIntervalOption())
    .action((options: StartOptions) => ask({ do: 'up', ...given(options) }));
  examples(up, ['gobs up', 'gobs up --state ./lab']);
  const down = program
    .command('down')
    .description('end the boss; hobs go on without it')
    .addOption(stateOption())
    .option('--all', 'stop the machines of local providers first', false)
    .addOption(timeoutOption())
    .action(({ state, all, timeout }: { state?: string; all: boolean; timeout: number }) =>
      ask({ do: 'down', ...given(state === undefined ? {} : { state }), all, timeout }),
    );
  examples(down, ['gobs down', 'gobs down --all']);
};

const addBossAndHob = (program: Command, ask: Ask): void => {
  const boss = withSealing(
    program.command('boss').description('run a boss in the foreground until SIGTERM; it logs to standard error'),
  )
    .addOption(stateOption())
    .addOption(listenOption())
    .addOption(metricsOption())
    .addOption(hobIntervalOption())
    .addOption(jsonOption('print one line of JSON when it serves'))
    .action((options: StartOptions & { json: boolean }) => ask({ do: 'boss', ...given(options), json: options.json }));
  examples(boss, ['gobs boss --state /var/lib/gobs --listen 0.0.0.0:4000']);
  const hob = withSealing(
    program.command('hob').description('run the agent of one host in the foreground; providers start it'),
  )
    .requiredOption(
      '--directory <dir>',
      "the machine's directory: its root, the hob's key and store, and at first its enrolment locator",
    )
    .addOption(intervalOption('--interval <duration>', 'how often it looks at its host (else 5m)'))
    .action(({ directory, interval, ...sealing }: SealingOptions & { directory: string; interval?: number }) =>
      ask({ do: 'hob', directory, ...(interval === undefined ? {} : { interval }), ...sealingPlace(sealing) }),
    );
  examples(hob, ['gobs hob --directory /srv/machines/m1']);
};

const addRepl = (program: Command, ask: Ask): void => {
  const repl = withBoss(
    program
      .command('repl')
      .description('talk to a boss in JavaScript; without a terminal, run statements from standard input'),
  ).action((options: BossOptions) => ask({ do: 'repl', at: bossPlace(options) }));
  examples(repl, ['gobs repl', "echo 'E(boss).machines()' | gobs repl"]);
};

export const addDaemonCommands = (program: Command, ask: Ask): void => {
  addUpAndDown(program, ask);
  addBossAndHob(program, ask);
  addRepl(program, ask);
};
harden(addDaemonCommands);
