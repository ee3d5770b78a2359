/** `gobs machine …` and `gobs share`: one machine, or a table of them. */
import { Argument, Option, type Command } from 'commander';
import type { Policy } from '../../protocol/shapes.ts';
import { facets, type Ask, type Facet } from '../request.ts';
import { pairsOption, valuesIn } from './provider.ts';
import {
  bossPlace,
  chosenBy,
  examples,
  jsonOption,
  onOption,
  waiting,
  withBoss,
  withWaiting,
  type BossOptions,
  type OnOptions,
  type WaitingOptions,
} from './shared-options.ts';

interface CreateOptions extends BossOptions, WaitingOptions {
  provider: string;
  policy?: Policy;
  option: readonly string[];
  json: boolean;
}

const addCreate = (group: Command, ask: Ask): void => {
  const command = withWaiting(
    withBoss(group.command('create <name>').description('make a machine, and wait until it is ready')),
  )
    .requiredOption('--provider <name>', 'the provider that makes it; see gobs provider list')
    .addOption(
      pairsOption(
        '--option <key=value>',
        'what its provider is to know, such as host=10.0.0.1; can be given several times',
      ),
    )
    .addOption(new Option('--policy <policy>', 'what its hob does about drift').choices(['report', 'correct']))
    .addOption(jsonOption())
    .action((name: string, options: CreateOptions, self: Command) => {
      const { provider, policy, json } = options;
      const given = valuesIn(self, '--option', options.option);
      const hasOptions = Object.keys(given).length > 0;
      const spec = {
        provider,
        ...(policy === undefined ? {} : { policy }),
        ...(hasOptions ? { options: given } : {}),
      };
      ask({ do: 'machine create', at: bossPlace(options), name, spec, json, ...waiting(options) });
    });
  examples(command, [
    'gobs machine create web1 --provider local',
    'gobs machine create web3 --provider dc1 --option host=10.0.0.1 --option hostKey=SHA256:…',
    'gobs machine create web2 --provider local --no-wait --json',
  ]);
};

const addReading = (group: Command, ask: Ask): void => {
  const list = withBoss(group.command('list').description('all machines'))
    .addOption(onOption())
    .addOption(jsonOption('print a JSON array'))
    .action((options: BossOptions & OnOptions & { json: boolean }) =>
      ask({ do: 'machine list', at: bossPlace(options), ...chosenBy(options), json: options.json }),
    );
  examples(list, ['gobs machine list', "gobs machine list --json | jq -r '.[] | select(.online | not) | .name'"]);
  const show = withBoss(group.command('show [name]').description('status, facts and log of one machine'))
    .addOption(jsonOption())
    .action((name: string | undefined, options: BossOptions & { json: boolean }) =>
      ask({ do: 'machine show', at: bossPlace(options), ...(name === undefined ? {} : { name }), json: options.json }),
    );
  examples(show, [
    'gobs machine show web1',
    'gobs machine show --connect-file web1.locator   # the machine that was shared',
  ]);
};

const addRunning = (group: Command, ask: Ask): void => {
  for (const verb of ['start', 'stop'] as const) {
    const command = withWaiting(
      withBoss(group.command(`${verb} <names...>`).description(`${verb} machines, and wait until they have`)),
    );
    command.action((names: string[], options: BossOptions & WaitingOptions) =>
      ask({ do: `machine ${verb}`, at: bossPlace(options), names, ...waiting(options) }),
    );
    examples(command, [`gobs machine ${verb} web1`, `gobs machine ${verb} web1 web2 --timeout 30s`]);
  }
};

const addEnding = (group: Command, ask: Ask): void => {
  const destroy = withWaiting(
    withBoss(group.command('destroy <name>').description('destroy a machine and all that is on it')),
  )
    .option('--yes', 'do not ask for the name again', false)
    .action((name: string, options: BossOptions & WaitingOptions & { yes: boolean }) =>
      ask({ do: 'machine destroy', at: bossPlace(options), name, yes: options.yes, ...waiting(options) }),
    );
  examples(destroy, ['gobs machine destroy web1', 'gobs machine destroy web1 --yes']);
  const forget = withBoss(
    group
      .command('forget <name>')
      .description('drop a machine that cannot be reached any more, and say what remains of it'),
  )
    .addOption(jsonOption())
    .action((name: string, options: BossOptions & { json: boolean }) =>
      ask({ do: 'machine forget', at: bossPlace(options), name, json: options.json }),
    );
  examples(forget, ['gobs machine forget web1']);
};

const addConfirming = (group: Command, ask: Ask): void => {
  const confirm = withBoss(
    group
      .command('confirm [names...]')
      .description('after the boss was restored from a backup: let machines that are held go on'),
  )
    .option('--all', 'all that are held', false)
    .action((names: string[], options: BossOptions & { all: boolean }, command: Command) => {
      const { all } = options;
      if (all === names.length > 0) {
        command.error(all ? 'error: names, or --all, but not both' : 'error: which machines? Names, or --all');
      }
      ask({ do: 'machine confirm', at: bossPlace(options), names, all });
    });
  examples(confirm, ['gobs machine confirm web1 web2', 'gobs machine confirm --all']);
};

export const addMachineCommands = (program: Command, ask: Ask): void => {
  const group = program.command('machine').description('make, look at, start, stop and end machines');
  addCreate(group, ask);
  addReading(group, ask);
  addRunning(group, ask);
  addConfirming(group, ask);
  addEnding(group, ask);
};
harden(addMachineCommands);

export const addShareCommand = (program: Command, ask: Ask): void => {
  const share = withBoss(
    program.command('share').description('print a locator of one machine, once: whoever has it has the authority'),
  )
    .addArgument(new Argument('<name>', 'the machine'))
    .addOption(new Option('--as <facet>', 'how much authority').choices(facets).makeOptionMandatory())
    .action((name: string, options: BossOptions & { as: Facet }) =>
      ask({ do: 'share', at: bossPlace(options), name, as: options.as }),
    );
  examples(share, [
    '(umask 077; gobs share web1 --as observer > web1.locator)',
    'gobs machine show --connect-file web1.locator',
  ]);
};
harden(addShareCommand);
