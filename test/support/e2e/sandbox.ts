/**
 * A place for tests with real processes: a directory with an empty home, an environment with nothing of ours in it, and an end after which
 * none of the processes is left, whether the test passed or not. Make one in `beforeEach` (or `beforeAll`), end it in `afterEach`.
 */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { onTestFailed } from 'vitest';
import { killProcessesIn } from './processes-in.ts';
import { makeTranscript, type Transcript } from './transcript.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Ended {
  /** null if a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
}

export interface Running {
  readonly pid: number;
  readonly stdout: Transcript;
  readonly stderr: Transcript;
  /** Never rejects; all that it said has been read by then. */
  readonly ended: Promise<Ended>;
  type(text: string): void;
  endInput(): void;
  /** Resolves when it is gone. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): Promise<Ended>;
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessOptions {
  readonly cwd?: string;
  /** Added to the sandbox's. */
  readonly env?: Environment;
}

export interface Sandbox {
  readonly path: string;
  readonly home: string;
  /** Of every process that is started here. */
  readonly env: Environment;
  /** An absolute path in it. */
  at(...parts: readonly string[]): string;
  /** Makes the directories above it, too. The result is its absolute path. */
  write(path: string, text: string): Promise<string>;
  start(command: string, words: readonly string[], options?: ProcessOptions): Running;
  /** To its end. */
  run(command: string, words: readonly string[], options?: ProcessOptions & { readonly stdin?: string }): Promise<Ran>;
  /** Called at the end, before processes are killed. */
  atEnd(work: () => unknown): void;
  end(): Promise<void>;
}

const watch = (command: string, words: readonly string[], cwd: string, env: Environment): Running => {
  const child = spawn(command, words, { cwd, env: { ...env }, stdio: 'pipe' });
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
    child.once('error', (error) => resolve({ code: null, signal: String(error) }));
  });
  // Whoever ends does not read any more.
  child.stdin.on('error', () => {});
  return {
    pid: child.pid ?? 0,
    stdout: makeTranscript(child.stdout),
    stderr: makeTranscript(child.stderr),
    ended,
    type: (text) => void child.stdin.write(text),
    endInput: () => void child.stdin.end(),
    kill: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
};

/** Characters of each log that are told. */
const MOST_TOLD = 10_000;

/** What detached processes have said. */
const logsIn = async (path: string): Promise<readonly string[]> => {
  const names = (await readdir(path, { recursive: true })).filter((name) => /(^|\/)(boss|hob)\.log$/.test(name));
  return Promise.all(names.map(async (name) => `${name}:\n${await readFile(join(path, name), 'utf8')}`));
};

/** When its test fails, what all its processes have said is shown. */
export const makeSandbox = async (): Promise<Sandbox> => {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'gobs-e2e-')));
  const home = join(path, 'home');
  await mkdir(home);
  const env: Environment = { HOME: home, PATH: process.env.PATH, LANG: 'C.UTF-8' };
  const lastly: (() => unknown)[] = [];
  const started: { readonly words: string; readonly running: Running }[] = [];
  let said = '';
  try {
    onTestFailed(() => console.error(said));
  } catch {
    // It was made in `beforeAll`, and is of no one test.
  }

  const at = (...parts: readonly string[]) => join(path, ...parts);
  const start: Sandbox['start'] = (command, words, { cwd = path, env: more = {} } = {}) => {
    const running = watch(command, words, cwd, { ...env, ...more });
    started.push({ words: [command, ...words].join(' '), running });
    return running;
  };

  return {
    path,
    home,
    env,
    at,
    start,
    write: async (name, text) => {
      await mkdir(dirname(at(name)), { recursive: true });
      await writeFile(at(name), text);
      return at(name);
    },
    run: async (command, words, { stdin = '', ...options } = {}) => {
      const running = start(command, words, options);
      running.type(stdin);
      running.endInput();
      const { code } = await running.ended;
      return { code, stdout: running.stdout.text, stderr: running.stderr.text };
    },
    atEnd: (work) => void lastly.push(work),
    end: async () => {
      for (const work of lastly) await work();
      await killProcessesIn(path);
      const transcripts = started.map(({ words, running }) => `$ ${words}\n${running.stderr.text}`);
      said = [...transcripts, ...(await logsIn(path))].map((text) => text.slice(-MOST_TOLD)).join('\n');
      await rm(path, { recursive: true, force: true });
    },
  };
};
