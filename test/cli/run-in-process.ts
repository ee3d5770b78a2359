/** Runs a command in this process against the near boss: real files in a directory of its own, a clock that a test moves. */
import { mkdtempSync, rmSync } from 'node:fs';
import fs from 'node:fs/promises';
import nodeRepl from 'node:repl';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { makeError } from '../../src/errors/gobs-error.ts';
import type { CliPowers } from '../../src/cli/powers.ts';
import { runCli } from '../../src/cli/run.ts';
import { makeNearBoss, type NearBossOptions } from './near-boss.ts';

/** Timers that fire when a test says so. */
export const makeManualClock = () => {
  let time = 100_000;
  let nextKey = 0;
  const timers = new Map<number, { readonly at: number; readonly callback: () => void }>();
  const watchers: (() => void)[] = [];
  return {
    now: () => time,
    setTimer: (callback: () => void, milliseconds: number) => {
      nextKey += 1;
      const key = nextKey;
      timers.set(key, { at: time + milliseconds, callback });
      watchers.splice(0).forEach((wake) => wake());
      return () => void timers.delete(key);
    },
    /** Resolves when so many timers have been set since the beginning. */
    awaitTimer: async (count = 1) => {
      while (nextKey < count) await new Promise<void>((resolve) => watchers.push(resolve));
    },
    advance: (milliseconds: number) => {
      time += milliseconds;
      for (const [key, { at, callback }] of [...timers]) {
        if (at > time) continue;
        timers.delete(key);
        callback();
      }
    },
  };
};

export interface RunOptions {
  readonly stdin?: string;
  readonly tty?: boolean;
  readonly answer?: string;
  readonly env?: Record<string, string>;
  readonly powers?: Partial<CliPowers>;
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export const makeHarness = async (options: NearBossOptions = {}) => {
  const directory = mkdtempSync(join(tmpdir(), 'gobs-cli-'));
  const state = join(directory, 'state');
  await fs.mkdir(state, { mode: 0o700 });
  const adminLocator = `gobs://${'a'.repeat(52)}.unix/s/${'A'.repeat(43)}?path=${encodeURIComponent(`${state}/boss.sock`)}`;
  /** What a boss does when it serves. */
  const serve = async () => {
    await fs.writeFile(join(state, 'boss.json'), JSON.stringify({ pid: 4711, peer: 'p', listen: 'l', socket: 's' }));
    await fs.writeFile(join(state, 'admin.locator'), `${adminLocator}\n`, { mode: 0o600 });
  };
  /** … and what is left when it was killed. */
  const running = { boss: true };
  await serve();
  const near = makeNearBoss(options);
  const clock = makeManualClock();
  const interrupts = new Set<() => void>();
  const questions: string[] = [];
  let opened = 0;
  let closed = 0;

  const openClient: CliPowers['openClient'] = async () => {
    opened += 1;
    return {
      enliven: async (locator) => {
        if (locator === adminLocator && !running.boss) throw makeError('PEER_UNREACHABLE', 'nobody is there');
        const found = locator === adminLocator ? near.boss : near.locators.get(locator);
        if (found === undefined) throw makeError('LOCATOR_UNKNOWN', 'no object has that locator');
        return found;
      },
      lost: new Promise(() => {}),
      close: async () => {
        closed += 1;
      },
    };
  };

  const run = async (
    words: string,
    { stdin = '', tty = false, answer = '', env = {}, powers: others = {} }: RunOptions = {},
  ): Promise<Ran> => {
    const said = { stdout: '', stderr: '' };
    const sink = (name: 'stdout' | 'stderr') => ({
      write: (text: string) => {
        said[name] += text;
      },
      isTTY: tty,
    });
    const stream = (name: 'stdout' | 'stderr') =>
      new PassThrough().on('data', (chunk: Buffer) => {
        said[name] += chunk.toString();
      });
    const powers: CliPowers = {
      version: '1.2.3',
      env,
      homeDirectory: directory,
      workingDirectory: directory,
      uid: process.getuid!(),
      stdin: Object.assign(Readable.from([stdin]), { isTTY: tty }),
      stdout: sink('stdout'),
      stderr: sink('stderr'),
      writeBytes: async (stream, bytes) => {
        said[stream] += Buffer.from(bytes).toString('latin1');
      },
      signals: constants.signals,
      userName: 'ada@laptop',
      ask: async (question) => {
        questions.push(question);
        return answer;
      },
      askHidden: async (question) => {
        questions.push(question);
        return answer;
      },
      onInterrupt: (callback) => {
        interrupts.add(callback);
        return () => void interrupts.delete(callback);
      },
      fs,
      now: clock.now,
      setTimer: clock.setTimer,
      randomId: () => `request-${Math.random()}`,
      openClient,
      startBoss: () => Promise.reject(Error('no boss is started here')),
      isAlive: () => false,
      terminate: () => {},
      runBoss: async () => 0,
      runHob: async () => 0,
      rows: {
        openClosed: () => Promise.reject(Error('there is no store here')),
        openSeal: () => Promise.reject(Error('there is no key here')),
        knownKinds: async () => ({}),
      },
      store: {
        upgrade: () => Promise.reject(Error('there is no store here')),
        restore: () => Promise.reject(Error('there is no store here')),
      },
      repl: {
        output: stream('stdout'),
        notes: stream('stderr'),
        load: async () => nodeRepl,
        scope: globalThis,
        onUnhandled: () => () => {},
      },
      ...others,
    };
    const code = await runCli(words.split(' ').filter(Boolean), powers);
    return { code, ...said };
  };

  return {
    ...near,
    clock,
    questions,
    directory,
    state,
    running,
    serve,
    run,
    /** A command for the boss in `state`. */
    gobs: (words: string, runOptions?: RunOptions) => run(`${words} --state ${state}`, runOptions),
    write: (name: string, text: string) => fs.writeFile(join(directory, name), text),
    interrupt: () => interrupts.forEach((callback) => callback()),
    sessions: () => ({ opened, closed }),
    end: () => rmSync(directory, { recursive: true, force: true }),
  };
};
