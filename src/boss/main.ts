/** The boss's entry point: gathers the powers, runs until SIGTERM, ends with 0 after a flush. `gobs boss` calls it. */
import '../lockdown.ts';
import { Level } from 'level';
import { AsyncLocalStorage } from 'node:async_hooks';
import { spawn } from 'node:child_process';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import process from 'node:process';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { openStore } from '../persistence/open-store.ts';
import type { RestoredStore } from '../protocol/restored-store.ts';
import { stateDirectory, type StateDirectory } from '../protocol/state-directory.ts';
import { shippedProviders } from '../providers/shipped.ts';
import type { StoreUpgrade } from '../protocol/store-upgrade.ts';
import type { SealingSettings } from '../sealing/key-source.ts';
import type { Carried, MessageContext } from '../vats/messages.ts';
import { versionsOf } from '../vats/known-kinds.ts';
import { bossKinds } from './kinds.ts';
import type { RestoreBackupOptions } from './restore-backup.ts';
import { startBoss, type BossPowers, type Log } from './start-boss.ts';
import type { UpgradeStoreOptions, UpgradeStorePowers } from './upgrade-store.ts';

export interface RunBossOptions extends SealingSettings {
  /** Absolute. */
  readonly state: string;
  /** HOST:PORT. */
  readonly listen?: string;
  /** HOST:PORT of /metrics and /healthz. */
  readonly metrics?: string;
  /** Print one line of JSON on stdout when it serves. */
  readonly json: boolean;
  /** Seconds between two looks of a local machine's hob at its host. */
  readonly hobInterval?: number;
}

/** Whoever delivers a message has its id from here. */
const makeMessageContext = (): MessageContext => {
  const storage = new AsyncLocalStorage<Carried>();
  return harden({ run: (carried, body) => storage.run(carried, body), current: () => storage.getStore() });
};

const { version } = JSON.parse(fs.readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Resolves at SIGTERM or SIGINT. Listening begins at once, so that one that comes early is not lost. */
const endRequested = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });

/** The hob's entry point lies beside ours, as source or built. */
const hobCommand = (interval: number | undefined): readonly string[] => {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const entry = fileURLToPath(new URL(`../hob/main.${extension}`, import.meta.url));
  return [process.execPath, entry, ...(interval === undefined ? [] : ['--interval', String(interval)])];
};

/** For whoever opens a store. */
const storePowers: UpgradeStorePowers = {
  openStore,
  fs,
  Level,
  process,
  uid: process.getuid?.() ?? 0,
  randomId: () => randomUUID(),
  now: () => Date.now(),
  setImmediate: (callback) => void setImmediate(callback),
};

/** `gobs store upgrade`. */
export const upgradeStoreOf = async (options: UpgradeStoreOptions): Promise<StoreUpgrade> =>
  (await import('./upgrade-store.ts')).upgradeStore(options, storePowers);
harden(upgradeStoreOf);

/** What a boss's store may hold: the highest version of each kind, by label. */
export const knownKinds = (): Readonly<Record<string, number>> => harden(Object.fromEntries(versionsOf(bossKinds)));
harden(knownKinds);
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const stateAt = (root: string): StateDirectory =>
  stateDirectory(root, { env: process.env, homeDirectory: os.homedir(), uid: storePowers.uid, sha256 });

/** `gobs store restore`. */
export const restoreStoreOf = async ({
  state,
  ...options
}: Omit<RestoreBackupOptions, 'state'> & { readonly state: string }): Promise<RestoredStore> => {
  const { restoreBackup } = await import('./restore-backup.ts');
  return restoreBackup(
    { ...options, state: stateAt(state) },
    { ...storePowers, randomBytes, environment: process.env },
  );
};
harden(restoreStoreOf);

const usage: BossPowers['usage'] = () => {
  const { user, system } = process.cpuUsage();
  return {
    residentBytes: process.memoryUsage.rss(),
    cpuSeconds: (user + system) / 1e6,
    startTime: Math.round(Date.now() / 1000 - process.uptime()),
  };
};

const gatherPowers = (hobInterval: number | undefined, log: Log): BossPowers => ({
  ...storePowers,
  providerTypes: shippedProviders,
  net,
  tls,
  umask: (mask) => process.umask(mask),
  spawn,
  loadSsh: async () => (await import('ssh2')).default,
  random: () => Math.random(),
  kill: (pid, signal) => process.kill(pid, signal),
  setTimer: (callback, milliseconds) => {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
  randomBytes,
  messageContext: makeMessageContext(),
  hostname: () => os.hostname(),
  environment: process.env,
  hobCommand: hobCommand(hobInterval),
  hobFile: fileURLToPath(new URL('../../dist/hob/gobs-hob.mjs', import.meta.url)),
  log,
  version,
  http,
  usage,
});

/**
 * Runs to its end; the result is the exit code. Rejects as `startBoss` does. `adjust` is for tests that stand between a boss and one of its
 * powers.
 */
export const runBoss = async (
  { state, listen, metrics: asked, json, hobInterval, ...sealing }: RunBossOptions,
  adjust: (powers: BossPowers) => BossPowers = (powers) => powers,
): Promise<number> => {
  const destination = pino.destination({ dest: 2, sync: true });
  // A line that cannot be written (the disk is full) must not end the work that it is about.
  destination.on('error', () => {});
  const log = pino({ base: { pid: process.pid } }, destination);
  const end = endRequested();
  const powers = adjust(gatherPowers(hobInterval, log));
  const boss = await startBoss({ state: stateAt(state), listen, metrics: asked, ...sealing }, powers);
  const { peer, listen: listening, socket, metrics } = boss;
  log.info({ peer, listen: listening, socket, ...(metrics !== undefined && { metrics }), version }, 'the boss serves');
  if (json) process.stdout.write(`${JSON.stringify({ ready: true, peer, listen: listening, socket, metrics })}\n`);
  await end;
  await boss.stop();
  log.info({}, 'the boss ends');
  return 0;
};
harden(runBoss);
