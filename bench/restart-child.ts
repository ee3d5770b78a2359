/**
 * `restart-child.ts <gobs> <bare start>`: starts bosses, asks them for the status of a machine, and kills them while they write. It has loaded and
 * warmed up all that it needs, so that what is timed is the boss.
 */
import '../src/lockdown.ts';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import process from 'node:process';
import tls from 'node:tls';
import { openClient } from '../src/cli/open-client.ts';
import type { Boss } from '../src/protocol/remotes.ts';
import { E } from '../src/vats/eventual-send.ts';
import { answerParent } from './answer-parent.ts';
import { machineName } from './fleet-template.ts';

export interface RestartOrder {
  readonly directory: string;
  readonly machines: number;
}

/** Milliseconds since the process was started. */
export interface Restart {
  /** It says that it serves. */
  readonly serves: number;
  /** The status of a machine that nobody asked for before has come. */
  readonly status: number;
}

const CHANGES = 64;
const [gobs, bareStartFile] = process.argv.slice(2) as [string, string];
const clientPowers: Parameters<typeof openClient>[0] = {
  net,
  tls,
  fs,
  umask: (mask) => process.umask(mask),
  now: () => Date.now(),
  setTimer: (callback, milliseconds) => {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
  soon: (callback) => void setImmediate(callback),
  randomBytes,
  version: 'bench',
};

let boss: ChildProcess | undefined;
process.on('exit', () => boss?.kill('SIGKILL'));

const firstLine = async (child: ChildProcess): Promise<void> => {
  const ended = once(child, 'exit').then(() => Promise.reject(Error('the boss has ended')));
  await Promise.race([once(child.stdout!, 'data'), ended]);
};

const anyMachine = (machines: number): string => machineName(1 + Math.floor(Math.random() * machines));

const connect = async (directory: string) => {
  const client = openClient(clientPowers);
  const remote = (await client.enliven(fs.readFileSync(`${directory}/admin.locator`, 'utf8'))) as Boss;
  return { client, remote };
};

const kill = async (): Promise<void> => {
  const gone = once(boss!, 'exit');
  boss!.kill('SIGKILL');
  await gone;
  boss = undefined;
};

/** Kills it as soon as the first of many changes is durable. */
const killWhileItWrites = async ({ directory, machines }: RestartOrder): Promise<void> => {
  const { client, remote } = await connect(directory);
  const policy = Math.random() < 0.5 ? 'report' : 'correct';
  const changes = Array.from({ length: CHANGES }, () =>
    E(E(remote).machine(anyMachine(machines)) as unknown as ReturnType<Boss['machine']>).setDesired({ policy }),
  );
  await Promise.any(changes);
  await kill();
  await Promise.allSettled(changes);
  await client.close();
};

/** Each start but the first follows a `kill -9`. */
const start = async ({ directory, machines }: RestartOrder): Promise<Restart> => {
  const begun = performance.now();
  boss = spawn(process.execPath, [gobs, 'boss', '--state', directory, '--json'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await firstLine(boss);
  const serves = performance.now() - begun;
  const { client, remote } = await connect(directory);
  const status = await E(E(remote).machine(anyMachine(machines)) as unknown as ReturnType<Boss['machine']>).status();
  if (status.state !== 'ready') throw Error(`${status.name} is ${status.state}`);
  const result = { serves, status: performance.now() - begun };
  await client.close();
  return result;
};

/** Milliseconds until the least of a boss is there, after a boss was killed. */
const bareStart = async ({ directory }: RestartOrder): Promise<number> => {
  const begun = performance.now();
  boss = spawn(process.execPath, [bareStartFile, directory], { stdio: ['ignore', 'pipe', 'ignore'] });
  await firstLine(boss);
  const time = performance.now() - begun;
  await kill();
  return time;
};

const startAndKill = async (order: RestartOrder): Promise<Restart> => {
  const restart = await start(order);
  await killWhileItWrites(order);
  return restart;
};

answerParent({ startAndKill, bareStart });
