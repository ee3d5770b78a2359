/** How long a boss that was killed needs until it can tell of any machine, for fleets of different sizes. */
import { join } from 'node:path';
import type { FleetOrder } from './fleet-child.ts';
import { shown, type Finding, type Section } from './report.ts';
import type { Restart, RestartOrder } from './restart-child.ts';
import { spreadOf } from './rounds.ts';
import { startChild } from './start-child.ts';

const milliseconds = (restarts: readonly Restart[]): string =>
  `${shown(spreadOf(restarts.map(({ status }) => status)).median)} ms`;

const words = (machines: number): string => `${machines.toLocaleString('en')} machines`;

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

export const measureRestart: Section = async ({ quick, directory, progress }) => {
  const sizes = quick ? [1_000, 10_000] : [1_000, 10_000, 100_000];
  const orders = sizes.map((machines): RestartOrder => ({ directory: join(directory, `fleet-${machines}`), machines }));
  const seeder = startChild('fleet-child.ts');
  for (const order of orders) {
    progress(`making a fleet of ${words(order.machines)}`);
    await seeder.ask('seed', { ...order, realHobs: 0 } satisfies FleetOrder);
  }
  await seeder.end();

  progress('killing and restarting bosses');
  const starter = startChild('restart-child.ts');
  const restarts = orders.map((): Restart[] => []);
  for (const order of orders) await starter.ask('startAndKill', order);
  for (let round = 0; round < (quick ? 3 : 9); round += 1) {
    for (const [index, order] of orders.entries()) {
      restarts[index]!.push(await starter.ask<Restart>('startAndKill', order));
    }
  }
  await starter.end();
  const all = sizes.map((size, index) => [size, restarts[index]!] as const);
  const [first, ...others] = all;
  return others.map((other) => compareSizes(first!, other, other[0] === 100_000 ? '≤ 1.5' : ''));
};
