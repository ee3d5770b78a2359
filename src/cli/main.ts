#!/usr/bin/env node
/** The command line's entry point: gathers the powers, runs one command, ends with its exit code. */
import '../lockdown.ts';
import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import syncFs from 'node:fs';
import fs from 'node:fs/promises';
import net from 'node:net';
import { constants, homedir, hostname, userInfo } from 'node:os';
import process from 'node:process';
import { Writable } from 'node:stream';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { makeError } from '../errors/gobs-error.ts';
import { errorText } from './output.ts';
import type { BossOptions, CliPowers, StartedBoss } from './powers.ts';
import { runCli } from './run.ts';

const { version } = JSON.parse(syncFs.readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const sink = (stream: NodeJS.WriteStream) => ({
  write: (text: string) => void stream.write(text),
  isTTY: stream.isTTY === true,
});

const setTimer: CliPowers['setTimer'] = (callback, milliseconds) => {
  // A longer one would fire at once.
  const timer = setTimeout(callback, Math.min(milliseconds, 2 ** 31 - 1));
  return () => clearTimeout(timer);
};

const ask = async (question: string): Promise<string> => {
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question);
  } finally {
    lines.close();
  }
};

const askHidden = async (question: string): Promise<string> => {
  const { createInterface } = await import('node:readline/promises');
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true, historySize: 0 });
  process.stderr.write(question);
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve);
      lines.once('close', () => reject(makeError('BAD_USAGE', 'nothing was typed')));
    });
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
};

const onInterrupt = (callback: () => void) => {
  process.on('SIGINT', callback);
  return () => void process.off('SIGINT', callback);
};

/** In place of those of SES, which would end the process. */
const onUnhandled: CliPowers['repl']['onUnhandled'] = (callback) => {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const kept = events.map((event) => [event, process.rawListeners(event)] as const);
  events.forEach((event) => process.removeAllListeners(event).on(event as 'uncaughtException', callback));
  return () => {
    for (const [event, listeners] of kept) {
      process.off(event, callback);
      listeners.forEach((listener) => process.on(event as 'uncaughtException', listener as (error: Error) => void));
    }
  };
};

/** Undefined if it ended without one. */
const firstLineOf = async (stdout: AsyncIterable<Uint8Array>): Promise<string | undefined> => {
  let text = '';
  for await (const chunk of stdout) {
    text += Buffer.from(chunk).toString('utf8');
    const end = text.indexOf('\n');
    if (end >= 0) return text.slice(0, end);
  }
  return undefined;
};

/** Where the key is, in words of a command line; a passphrase itself is in none. */
const sealingWords = ({ sealingKey, passphraseFile, passphrase }: BossOptions): string[] => {
  if (passphrase !== undefined) return ['--passphrase-file', '-'];
  if (passphraseFile !== undefined) return ['--passphrase-file', passphraseFile];
  return sealingKey === undefined ? [] : ['--sealing-key', sealingKey];
};

const startBoss = async (options: BossOptions & { log: string }): Promise<StartedBoss> => {
  const { state, listen, metrics, hobInterval, passphrase, log } = options;
  const words = [
    ...['boss', '--state', state, '--json'],
    ...(listen === undefined ? [] : ['--listen', listen]),
    ...(metrics === undefined ? [] : ['--metrics', metrics]),
    ...(hobInterval === undefined ? [] : ['--hob-interval', `${hobInterval}s`]),
    ...sealingWords(options),
  ];
  const logFile = syncFs.openSync(log, 'a', 0o600);
  const child = spawn(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), ...words], {
    detached: true,
    cwd: '/',
    stdio: [passphrase === undefined ? 'ignore' : 'pipe', 'pipe', logFile],
  });
  syncFs.closeSync(logFile);
  await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  // One that ends before it has read says itself why.
  child.stdin?.on('error', () => {}).end(`${passphrase}\n`);
  const stdout = child.stdout!;
  return {
    pid: child.pid!,
    firstLine: firstLineOf(stdout),
    release: () => {
      stdout.destroy();
      child.unref();
    },
  };
};

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as { code?: unknown }).code === 'EPERM';
  }
};

const terminate = (pid: number): void => {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ESRCH') throw error;
  }
};

const writeBytes: CliPowers['writeBytes'] = (stream, bytes) =>
  new Promise((resolve) => process[stream].write(bytes, () => resolve()));

const userName = (): string => {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // A user without an entry has no name.
    return `${process.getuid?.() ?? '?'}@${hostname()}`;
  }
};

const powers: CliPowers = {
  version,
  env: process.env,
  homeDirectory: homedir(),
  workingDirectory: process.cwd(),
  uid: process.getuid?.() ?? 0,
  stdin: process.stdin,
  stdout: sink(process.stdout),
  stderr: sink(process.stderr),
  writeBytes,
  signals: constants.signals,
  userName: userName(),
  ask,
  askHidden,
  onInterrupt,
  fs,
  now: () => Date.now(),
  setTimer,
  randomId: () => randomUUID(),
  openClient: async () => {
    const { openClient } = await import('./open-client.ts');
    return openClient({
      net,
      tls,
      fs: syncFs,
      umask: (mask) => process.umask(mask),
      now: () => Date.now(),
      setTimer,
      soon: (callback) => void setImmediate(callback),
      randomBytes,
      version,
    });
  },
  startBoss,
  isAlive,
  terminate,
  runBoss: async (options) => (await import('../boss/main.ts')).runBoss(options),
  runHob: async (options) => (await import('../hob/main.ts')).runHob(options),
  rows: {
    openClosed: async (directory, { wholeTables }) => {
      const [{ Level }, { openClosedStore }] = await Promise.all([
        import('level'),
        import('../persistence/closed-store.ts'),
      ]);
      const uid = process.getuid?.() ?? 0;
      return openClosedStore({ Level, fs: syncFs, process, now: () => Date.now(), uid, directory, wholeTables });
    },
    openSeal: async (row, settings, byDefault) => {
      const [{ chooseKeySource }, { openSealOf }] = await Promise.all([
        import('../sealing/key-source.ts'),
        import('../sealing/open-sealing.ts'),
      ]);
      const powers = { fs: syncFs, uid: process.getuid?.() ?? 0, randomBytes };
      return openSealOf(await chooseKeySource(settings, byDefault, process.env, powers), row, powers);
    },
    knownKinds: async () => {
      const [boss, hob] = await Promise.all([import('../boss/main.ts'), import('../hob/main.ts')]);
      return { ...hob.knownKinds(), ...boss.knownKinds() };
    },
  },
  store: {
    upgrade: async (options) => (await import('../boss/main.ts')).upgradeStoreOf(options),
    restore: async (options) => (await import('../boss/main.ts')).restoreStoreOf(options),
  },
  repl: {
    output: process.stdout,
    notes: process.stderr,
    load: () => import('node:repl').then((module) => module.default),
    scope: globalThis,
    onUnhandled,
  },
};

// `gobs … | head` is no failure of ours.
process.stdout.on('error', ({ code }: { code?: unknown }) => {
  if (code === 'EPIPE') process.exit(0);
  process.stderr.write(
    `${errorText(makeError('OUTPUT_UNUSABLE', `standard output cannot be written (${String(code)})`))}\n`,
  );
  process.exit(1);
});

const exit = await runCli(process.argv.slice(2), powers);
// A keyboard or an unanswered question would keep the process.
process.exit(exit);
