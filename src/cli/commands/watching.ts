/** `gobs status`, `facts`, `logs`, `exec` and `cp`: how the fleet is, and looking for oneself. */
import { Argument, InvalidArgumentError, Option, type Command } from 'commander';
import { shells, type Shell } from '../completion/scripts.ts';
import type { Ask } from '../request.ts';
import {
  bossPlace,
  chosenBy,
  examples,
  jsonOption,
  onOption,
  parseDuration,
  refuseNamesAndOn,
  withBoss,
  type BossOptions,
  type OnOptions,
} from './shared-options.ts';

const parseLimit = (text: string): number => {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (number > 0) return number;
  throw new InvalidArgumentError('It must be a number from 1 to 999999.');
};

const addStatus = (program: Command, ask: Ask): void => {
  const status = withBoss(
    program
      .command('status')
      .description(
        'the fleet on one screen, the worst first: exit 0 as wanted, 2 drifted, 3 failed, offline or unknown',
      ),
  )
    .addOption(onOption())
    .addOption(new Option('--limit <n>', 'show at most so many machines').default(15).argParser(parseLimit))
    .addOption(jsonOption())
    .action((options: BossOptions & OnOptions & { limit: number; json: boolean }) => {
      const { limit, json } = options;
      ask({ do: 'status', at: bossPlace(options), ...chosenBy(options), limit, json });
    });
  examples(status, ['gobs status', 'gobs status --on role=web', "gobs status --json | jq -r '.attention[].name'"]);
};

const addFacts = (program: Command, ask: Ask): void => {
  const facts = withBoss(
    program.command('facts [names...]').description('what hosts say of themselves: of some machines, or of all'),
  )
    .addOption(onOption())
    .addOption(jsonOption('print a JSON array'))
    .action((names: string[], options: BossOptions & OnOptions & { json: boolean }, command: Command) => {
      refuseNamesAndOn(names, options, command);
      ask({ do: 'facts', at: bossPlace(options), ...chosenBy(options), names, json: options.json });
    });
  examples(facts, ['gobs facts web1', "gobs facts --json | jq '.[].facts.disk.free'"]);
};

const addExec = (program: Command, ask: Ask): void => {
  const exec = withBoss(
    program
      .command('exec <name> <command...>')
      .description("run a command on a machine, as its hob's user; exit with its exit code, or 255 if gobs failed"),
  ).action((name: string, argv: string[], options: BossOptions) =>
    ask({ do: 'exec', at: bossPlace(options), name, argv }),
  );
  examples(exec, ['gobs exec web1 -- uptime', "gobs exec web1 -- sh -c 'cd /srv && tar c .' > srv.tar"]);
};

const addCp = (program: Command, ask: Ask): void => {
  const cp = withBoss(
    program
      .command('cp <from> <to>')
      .description('copy a file to a machine or from one: NAME:/path there, a path here; whole or not at all'),
  ).action((from: string, to: string, options: BossOptions) => ask({ do: 'cp', at: bossPlace(options), from, to }));
  examples(cp, ['gobs cp web1:/var/log/syslog .', 'gobs cp site.tar web1:/srv/']);
};

const addDoctor = (program: Command, ask: Ask): void => {
  const doctor = withBoss(
    program
      .command('doctor')
      .description('what is wrong, and what to do: exit 0 nothing, 1 something here, 3 something with a machine'),
  )
    .addOption(jsonOption('print a JSON array'))
    .action((options: BossOptions & { json: boolean }) =>
      ask({ do: 'doctor', at: bossPlace(options), json: options.json }),
    );
  examples(doctor, ['gobs doctor', "gobs doctor --json | jq -r '.[].what'"]);
};

const addCompletion = (program: Command, ask: Ask): void => {
  const completion = withBoss(
    program
      .command('completion')
      .description('print a script by which a shell completes gobs, or the names of machines'),
  )
    .addArgument(new Argument('<of>', 'for which shell').choices([...shells, 'machines']))
    .action((of: Shell | 'machines', options: BossOptions) => ask({ do: 'completion', at: bossPlace(options), of }));
  examples(completion, [
    'gobs completion bash > ~/.local/share/bash-completion/completions/gobs',
    'gobs completion zsh > ~/.zfunc/_gobs',
    'gobs completion fish > ~/.config/fish/completions/gobs.fish',
  ]);
};

interface LogsOptions extends BossOptions {
  hob: boolean;
  unit?: string;
  follow: boolean;
  since?: number;
  json: boolean;
}

const addLogs = (program: Command, ask: Ask): void => {
  const logs = withBoss(
    program
      .command('logs <name>')
      .description("what happened to a machine; or its hob's own log, or a unit's journal there"),
  )
    .option('-f, --follow', 'go on as things happen, until Ctrl-C', false)
    .addOption(
      new Option('--since <duration>', 'no older lines: seconds, or such as 10m or 1h').argParser(parseDuration),
    )
    .addOption(new Option('--hob', "the last lines of the hob's own log").default(false, 'no').conflicts('unit'))
    .addOption(new Option('--unit <unit>', 'the journal of a systemd unit on the host'))
    .addOption(jsonOption('print one JSON object a line'))
    .action((name: string, options: LogsOptions) => {
      const { hob, unit, follow, since, json } = options;
      const of = unit === undefined ? (hob ? 'hob' : 'machine') : { unit };
      ask({ do: 'logs', at: bossPlace(options), name, of, follow, ...(since === undefined ? {} : { since }), json });
    });
  examples(logs, ['gobs logs web1', 'gobs logs web1 --unit nginx.service --since 1h', 'gobs logs web1 --hob -f']);
};

export const addWatchingCommands = (program: Command, ask: Ask): void => {
  addStatus(program, ask);
  addFacts(program, ask);
  addDoctor(program, ask);
  addCompletion(program, ask);
  addLogs(program, ask);
  addExec(program, ask);
  addCp(program, ask);
};
harden(addWatchingCommands);
