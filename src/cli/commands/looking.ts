/** `gobs trace` and `gobs graph`: what happened, and who refers to whom. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Ask } from '../request.ts';
import { graphFormats, type GraphFormat } from '../views/graph.ts';
import { bossPlace, examples, jsonOption, withBoss, type BossOptions } from './shared-options.ts';

const count =
  (least: number, most: number) =>
  (text: string): number => {
    const number = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It must be a number from ${least} to ${most}.`);
  };

const addTrace = (program: Command, ask: Ask): void => {
  const trace = withBoss(
    program
      .command('trace [name]')
      .description("the last turns: of the boss, or all that has to do with one machine, its hob's turns too"),
  )
    .addOption(
      new Option('--limit <n>', 'at most so many of each side, the newest').default(50).argParser(count(1, 300)),
    )
    .option('--follow', 'go on as things happen, until Ctrl-C', false)
    .addOption(jsonOption('print a JSON array; with --follow one object a line'))
    .action((name: string | undefined, options: BossOptions & { limit: number; follow: boolean; json: boolean }) => {
      const { limit, follow, json } = options;
      ask({ do: 'trace', at: bossPlace(options), ...(name === undefined ? {} : { name }), limit, follow, json });
    });
  examples(trace, ['gobs trace', 'gobs trace web1', 'gobs trace web1 --follow --json | jq .method']);
};

const addGraph = (program: Command, ask: Ask): void => {
  const graph = withBoss(
    program.command('graph [name]').description('which actor refers to which, as text that a program draws'),
  )
    .addOption(new Option('--format <format>', 'for whom').choices(graphFormats).default('mermaid'))
    .addOption(
      new Option('--depth <n>', 'references away from where it begins (default: 3, with NAME 1)').argParser(
        count(0, 50),
      ),
    )
    .addOption(new Option('--limit <n>', 'at most so many actors').default(200).argParser(count(1, 2_000)))
    .addOption(jsonOption())
    .action(
      (
        name: string | undefined,
        options: BossOptions & { format: GraphFormat; depth?: number; limit: number; json: boolean },
      ) => {
        const { format, depth, limit, json } = options;
        const about = { ...(name !== undefined && { name }), ...(depth !== undefined && { depth }) };
        ask({ do: 'graph', at: bossPlace(options), ...about, format, limit, json });
      },
    );
  examples(graph, ['gobs graph web1', 'gobs graph --format dot --depth 5 | dot -Tsvg > boss.svg']);
};

export const addLookingCommands = (program: Command, ask: Ask): void => {
  addTrace(program, ask);
  addGraph(program, ask);
};
harden(addLookingCommands);
