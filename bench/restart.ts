/** How long a boss that was killed needs until it can tell of any machine, for fleets of different sizes. */
import { buildProgram } from './built-program.ts';
import { fleetOf, words } from './fleets.ts';
import { shown, type Finding, type Section } from './report.ts';
import type { Restart, RestartOrder } from './restart-child.ts';
import { spreadOf } from './rounds.ts';
import { startChild } from './start-child.ts';

const milliseconds = (restarts: readonly Restart[]): string =>
  `${shown(spreadOf(restarts.map(({ status }) => status)).median)} ms`;

const compareSizes = (
  small: readonly [number, readonly Restart[]],
  large: readonly [number, readonly Restart[]],
  target: string,
): Finding => ({
  what: `kill -9 to the status of any machine, ${words(large[0])}`,
  gobs: milliseconds(large[1]),
  against: `${words(small[0])}: ${milliseconds(small[1])}`,
  ratio: spreadOf(large[1].map(({ status }, round) => status / small[1][round]!.status)),
  target,
  cpu: '',
});

const compareBare = (machines: number, restarts: readonly Restart[], bare: readonly number[]): Finding => ({
  what: `kill -9 to the status of any machine, ${words(machines)}`,
  gobs: milliseconds(restarts),
  against: `a process that only locks down and opens the store: ${shown(spreadOf(bare).median)} ms`,
  ratio: spreadOf(restarts.map(({ status }, round) => status / bare[round]!)),
  target: machines === 1_000_000 ? '< 2' : '',
  cpu: '',
});

export const measureRestart: Section = async (plan) => {
  const { quick, progress } = plan;
  const sizes = quick ? [1_000, 10_000] : [1_000, 100_000, 1_000_000];
  const orders: RestartOrder[] = [];
  for (const machines of sizes) orders.push({ directory: await fleetOf(machines, plan), machines });

  const { gobs, bareStart } = await buildProgram(plan);
  progress('killing and restarting bosses');
  const starter = startChild('restart-child.ts', { words: [gobs, bareStart] });
  const restarts = orders.map((): Restart[] => []);
  const bare = orders.map((): number[] => []);
  for (const order of orders) await starter.ask('startAndKill', order);
  for (let round = 0; round < (quick ? 3 : 9); round += 1) {
    for (const [index, order] of orders.entries()) {
      restarts[index]!.push(await starter.ask<Restart>('startAndKill', order));
      bare[index]!.push(await starter.ask<number>('bareStart', order));
      // So that the next boss, too, finds what one left that was killed while it wrote.
      await starter.ask('startAndKill', order);
    }
  }
  await starter.end();
  const all = sizes.map((size, index) => [size, restarts[index]!] as const);
  const [first, ...others] = all;
  return [
    ...others.map((other) => compareSizes(first!, other, other[0] === 1_000_000 ? '≤ 1.3' : '')),
    ...all.map(([size, restart], index) => compareBare(size, restart, bare[index]!)),
  ];
};
