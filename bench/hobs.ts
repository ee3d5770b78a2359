/** How much memory a boss needs for each hob that is connected. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BossFile } from '../src/protocol/state-directory.ts';
import type { Memory } from './boss-child.ts';
import type { FleetOrder } from './fleet-child.ts';
import type { HobOrder } from './hobs-child.ts';
import type { Finding, Section } from './report.ts';
import { startChild, type Child } from './start-child.ts';

const SETTLED = 2_000;

/** The second collection finds what the first has finalized. */
const memoryOf = async (boss: Child): Promise<Memory> => {
  await delay(SETTLED);
  await boss.ask('memory');
  await delay(SETTLED / 4);
  return boss.ask<Memory>('memory');
};

const servingBoss = async (directory: string): Promise<{ readonly boss: Child; readonly file: BossFile }> => {
  const boss = startChild('boss-child.ts', { words: [directory], nodeOptions: ['--expose-gc'], quiet: true });
  const path = join(directory, 'boss.json');
  while (!existsSync(path)) {
    await boss.ask('memory');
    await delay(50);
  }
  return { boss, file: JSON.parse(readFileSync(path, 'utf8')) as BossFile };
};

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
const kilobytes = (bytes: number): string => `${(bytes / 1e3).toFixed(0)} kB`;

const difference = (hobs: number, before: Memory, after: Memory): readonly Finding[] => {
  const finding = (what: string, of: (memory: Memory) => number): Finding => ({
    what,
    gobs: kilobytes((of(after) - of(before)) / hobs),
    against: `none: ${megabytes(of(before))}, ${hobs} hobs: ${megabytes(of(after))}`,
    ratio: undefined,
    target: '',
    cpu: '',
  });
  return [
    finding('resident memory for each connected hob', ({ resident }) => resident),
    finding('of it in the heap', ({ heap }) => heap),
  ];
};

export const measureHobs: Section = async ({ quick, directory, progress }) => {
  const hobs = quick ? 100 : 400;
  progress(`connecting ${hobs} hobs`);
  const order: FleetOrder = { directory: join(directory, 'fleet-hobs'), machines: hobs, realHobs: hobs };
  const seeder = startChild('fleet-child.ts');
  await seeder.ask('seed', order);
  await seeder.end();
  const { boss, file } = await servingBoss(order.directory);
  const before = await memoryOf(boss);
  const crowd = startChild('hobs-child.ts');
  const [host, port] = [
    file.listen.slice(0, file.listen.lastIndexOf(':')),
    file.listen.slice(file.listen.lastIndexOf(':') + 1),
  ];
  await crowd.ask('connect', { first: 1, last: hobs, peerId: file.peer, host, port } satisfies HobOrder);
  const after = await memoryOf(boss);
  await crowd.end();
  await boss.end();
  return difference(hobs, before, after);
};
