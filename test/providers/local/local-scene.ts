/** For the tests of the local provider: a fresh directory for each, and processes that are ended after it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach } from 'vitest';
import { describeError } from '../../../src/errors/gobs-error.ts';
import { machinePaths } from '../../../src/protocol/machine-directory.ts';
import { makeLocalProvider, type LocalProviderPowers } from '../../../src/providers/local/local-provider.ts';
import { requestFor } from '../../contracts/provider.ts';
import { makeLife } from '../../support/life.ts';
import { localPowers, makeLocalWorld, type LocalWorld } from '../../support/local-world.ts';
import { mortalPowers } from '../../support/mortal-powers.ts';

let world: LocalWorld;
let started: ChildProcess[] = [];

/** Called once by a test file, at its top. */
export const useLocalScene = (): void => {
  beforeEach(async () => {
    world = await makeLocalWorld();
    started = [];
  });
  afterEach(async () => {
    for (const child of started) child.kill('SIGKILL');
    await world.close();
  });
};

export const base = (): string => world.base;
export const hobsOf = (machineId: string): Promise<readonly string[]> => world.hobs(machineId);
export const tracesOf = (machineId: string): Promise<readonly string[]> => world.traces(machineId);
export const pathsOf = (machineId: string) => machinePaths(join(world.base, machineId));
export const pidOf = async (machineId: string): Promise<number> => Number((await hobsOf(machineId))[0]!.split(' ')[1]);
export const statOf = (pid: number): Promise<string> => fs.readFile(`/proc/${pid}/stat`, 'utf8');

export const makeDriver = (powers: Partial<LocalProviderPowers> = {}, life = makeLife()) =>
  makeLocalProvider(mortalPowers({ ...localPowers(world.base), ...powers }, life));

export const create = (driver = makeDriver(), machineId = 'm1'): Promise<void> =>
  driver.create(requestFor(world, machineId));

/** It is ended after the test. */
export const ended = <C extends ChildProcess>(child: C): C => {
  started.push(child);
  return child;
};

export const start = async (words: readonly string[]): Promise<ChildProcess> => {
  const child = ended(spawn(words[0]!, words.slice(1), { stdio: 'ignore' }));
  await once(child, 'spawn');
  return child;
};

/** A process that does nothing, with any words on its command line, not detached. */
export const startIdle = (...words: string[]): Promise<ChildProcess> =>
  start([process.execPath, '-e', 'setTimeout(() => {}, 300_000)', '--', ...words]);

/** A named pipe, beside the base directory. */
export const makePipe = async (name: string): Promise<string> => {
  const path = join(world.base, '..', name);
  await once(await start(['mkfifo', path]), 'exit');
  return path;
};

export const isAlive = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

export const failureOf = async (promise: Promise<unknown>) =>
  describeError(
    await promise.then(
      () => 'it did not fail',
      (error: unknown) => error,
    ),
  );
