/** The command line and the boss as processes of a sandbox, and clients of that boss in the test's own process. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import process from 'node:process';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { openClient } from '../../../src/cli/open-client.ts';
import type { Client } from '../../../src/cli/powers.ts';
import type { Boss } from '../../../src/protocol/remotes.ts';
import type { Environment, Ran, Running, Sandbox } from './sandbox.ts';

export const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

export interface GobsOptions {
  readonly stdin?: string;
  readonly env?: Environment;
}

/** `gobs WORD…`, to its end. */
export const gobs = (sandbox: Sandbox, words: readonly string[], options: GobsOptions = {}): Promise<Ran> =>
  sandbox.run(process.execPath, [main, ...words], options);

const newClient = (sandbox: Sandbox): Client => {
  const client = openClient({
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
    version: 'test',
  });
  sandbox.atEnd(() => client.close());
  return client;
};

/** What a locator names, for a client of its own. */
export const enliven = async <T extends object>(sandbox: Sandbox, locator: string): Promise<T> =>
  (await newClient(sandbox).enliven(locator.trim())) as T;

export interface ServingBoss {
  readonly process: Running;
  readonly state: string;
  /** HOST:PORT for hobs. */
  readonly listen: string;
  readonly socket: string;
  /** The admin facet, for a new client. */
  admin(): Promise<Boss>;
  /** `gobs WORD… --state …`. */
  gobs(...words: readonly string[]): Promise<Ran>;
  /** `kill -9`. Resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM. Resolves with the exit code when it is gone. */
  stop(): Promise<number | null>;
}

export interface BossUnderTestOptions {
  readonly state?: string;
  /** Such as `1s`: between two looks of the hobs that it starts. Default: they hardly ever look by themselves. */
  readonly hobInterval?: string;
  readonly words?: readonly string[];
  readonly env?: Environment;
}

/** As a process: it may end at once. */
export const launchBoss = (sandbox: Sandbox, options: BossUnderTestOptions = {}): Running => {
  const { state = sandbox.at('state'), hobInterval = '1h', words = [], env = {} } = options;
  const all = ['boss', '--state', state, '--json', '--hob-interval', hobInterval, ...words];
  return sandbox.start(process.execPath, [main, ...all], { env });
};

/** Resolves when it serves; rejects with what it said if it ended instead. */
export const startBoss = async (sandbox: Sandbox, options: BossUnderTestOptions = {}): Promise<ServingBoss> => {
  const { state = sandbox.at('state'), env = {} } = options;
  const boss = launchBoss(sandbox, options);
  await boss.stdout.said('\n').catch((error: unknown) => {
    throw Error(`the boss did not serve: ${boss.stderr.text}`, { cause: error });
  });
  const { listen, socket } = JSON.parse(boss.stdout.text) as { listen: string; socket: string };
  return {
    process: boss,
    state,
    listen,
    socket,
    admin: () => enliven<Boss>(sandbox, fs.readFileSync(`${state}/admin.locator`, 'utf8')),
    gobs: (...words) => gobs(sandbox, [...words, '--state', state], { env }),
    kill: async () => void (await boss.kill('SIGKILL')),
    stop: async () => (await boss.kill('SIGTERM')).code,
  };
};
