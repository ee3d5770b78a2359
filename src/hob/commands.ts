/**
 * Commands of the host: how resources reach what is not a file (dpkg, systemctl, useradd).
 *
 *   - A command is a list of words and never goes through a shell: no value of a document or a host is ever parsed again.
 *   - Its environment is the one below and nothing of the hob's own. It works in `/`, if it is not told another directory.
 *   - It leads a session and a process group of its own. At its deadline, or when the hob stops, the whole group is told to end, and killed when it
 *     has not within GRACE. What it leaves behind in its group when it ends is killed too. A process that made a session for itself, as
 *     daemons do, is no part of it any more.
 *   - Of what it says no more than `limit` is kept; the rest is read and forgotten, so that no command waits for a reader.
 *
 *     run ──▶ runs ──────────▶ exit ──▶ the rest of its group is killed ──▶ its output is read to the end, at most DRAIN ──▶ outcome
 *              └─ deadline, stop ─▶ SIGTERM ── GRACE ─▶ SIGKILL ─▶ exit
 */
import { Buffer } from 'node:buffer';
import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';

export interface CommandOptions {
  /** For its standard input; left out, that is empty. Never on the command line, where everybody on the host reads it: secrets. */
  readonly input?: string | Uint8Array;
  /** Beside, and in the place of, what every command gets. Everybody who is the same user on the host can read it. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Where it works: an absolute path of a directory that is there; left out, `/`. */
  readonly directory?: string;
  /** Milliseconds; left out, five minutes. */
  readonly deadline?: number;
  /** Bytes kept of each of stdout and stderr; left out, 1 MiB. */
  readonly limit?: number;
}

export interface CommandOutcome {
  /** Null if it did not end by itself; then `why` says what happened, on one line. */
  readonly code: number | null;
  readonly why?: string;
  /** The beginning. */
  readonly stdout: string;
  /** Is something of stdout missing? Then it is not to be parsed. */
  readonly cut: boolean;
  /** The end. */
  readonly stderr: string;
}

export interface Commands {
  /** Never rejects: a command that cannot be started has an outcome too. What comes back is the host's text: printed only through plainText. */
  run(command: readonly string[], options?: CommandOptions): Promise<CommandOutcome>;
}

export interface CommandsKit {
  readonly commands: Commands;
  /**
   * Called once, when the hob ends. No command begins any more; those that run have `patience` milliseconds to end by themselves. Resolves when all
   * have ended.
   */
  stop(patience: number): Promise<void>;
}

export interface CommandPowers {
  readonly spawn: typeof import('node:child_process').spawn;
  readonly process: Pick<typeof import('node:process'), 'kill'>;
  readonly setTimer: (callback: () => void, milliseconds: number) => () => void;
}

const environment = harden({
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LC_ALL: 'C',
  DEBIAN_FRONTEND: 'noninteractive',
});

const DEADLINE = 5 * 60_000;
const LIMIT = 1024 * 1024;
/** Milliseconds from SIGTERM to SIGKILL, and from the end of a process to the end of waiting for whoever still holds its output. */
const GRACE = 5_000;
const DRAIN = 1_000;

interface Kept {
  text(): string;
  readonly cut: boolean;
}

const keepBeginning = (stream: Readable, limit: number): Kept => {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    if (size < limit) chunks.push(chunk.subarray(0, limit - size));
    size += chunk.length;
  });
  return {
    text: () => Buffer.concat(chunks).toString('utf8'),
    get cut() {
      return size > limit;
    },
  };
};

const keepEnd = (stream: Readable, limit: number): Kept => {
  let kept = Buffer.alloc(0);
  let cut = false;
  stream.on('data', (chunk: Buffer) => {
    cut ||= kept.length + chunk.length > limit;
    kept = Buffer.concat([kept, chunk]).subarray(-limit);
  });
  return {
    text: () => kept.toString('utf8'),
    get cut() {
      return cut;
    },
  };
};

const notStarted = (why: string): CommandOutcome => harden({ code: null, why, stdout: '', stderr: '', cut: false });

const startWhy = (program: string, error: unknown): string => {
  const code = String((error as { code?: string } | null)?.code ?? error);
  return code === 'ENOENT' ? `there is no program ${program}` : `${program} cannot be started (${code})`;
};

interface Job {
  /** Told to end, with all of its group, and killed if it does not. The first `why` counts. */
  end(why: string): void;
  readonly outcome: Promise<CommandOutcome>;
}

/** Of a process that was started. */
const watch = (child: ChildProcess, limit: number, { process, setTimer }: CommandPowers): Job => {
  const stdout = keepBeginning(child.stdout!, limit);
  const stderr = keepEnd(child.stderr!, limit);
  let ended: string | undefined;
  let cancelKill = (): void => {};
  const signalGroup = (signal: 'SIGTERM' | 'SIGKILL'): void => {
    try {
      process.kill(-child.pid!, signal);
    } catch {
      // Nobody is left.
    }
  };
  const outcome = new Promise<CommandOutcome>((resolve) => {
    child.once('exit', (code, signal) => {
      cancelKill();
      signalGroup('SIGKILL');
      const cancelDrain = setTimer(() => {
        child.stdout!.destroy();
        child.stderr!.destroy();
      }, DRAIN);
      child.once('close', () => {
        cancelDrain();
        const why = ended ?? (signal === null ? undefined : `it was ended by ${signal}`);
        const said = { stdout: stdout.text(), stderr: stderr.text(), cut: stdout.cut };
        resolve(harden(why === undefined ? { code, ...said } : { code: null, why, ...said }));
      });
    });
  });
  const end = (why: string): void => {
    if (ended !== undefined || child.exitCode !== null || child.signalCode !== null) return;
    ended = why;
    signalGroup('SIGTERM');
    cancelKill = setTimer(() => signalGroup('SIGKILL'), GRACE);
  };
  return { end, outcome };
};

const feed = (child: ChildProcess, input: string | Uint8Array | undefined): void => {
  // One that does not read all of it may have its reasons.
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
};

/** The hob makes one, if it keeps a whole host as root. */
export const makeCommands = (powers: CommandPowers): CommandsKit => {
  const { spawn, setTimer } = powers;
  const jobs = new Set<Job>();
  let stopped = false;

  const start = ([program, ...words]: readonly string[], options: CommandOptions): ChildProcess =>
    spawn(program!, words, {
      cwd: options.directory ?? '/',
      env: { ...environment, ...options.environment },
      detached: true,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });

  const run = async (command: readonly string[], options: CommandOptions = {}): Promise<CommandOutcome> => {
    if (stopped) return notStarted('the hob is about to end');
    const program = String(command[0]);
    try {
      const child = start(command, options);
      const failed = new Promise<CommandOutcome>((resolve) => {
        child.once('error', (error) => resolve(notStarted(startWhy(program, error))));
      });
      if (child.pid === undefined) return await failed;
      const { deadline = DEADLINE, limit = LIMIT } = options;
      const job = watch(child, limit, powers);
      jobs.add(job);
      const cancel = setTimer(() => job.end(`it did not end within ${deadline / 1000} s`), deadline);
      feed(child, options.input);
      return await job.outcome.finally(() => {
        cancel();
        jobs.delete(job);
      });
    } catch (error) {
      return notStarted(startWhy(program, error));
    }
  };

  const stop = async (patience: number): Promise<void> => {
    stopped = true;
    const cancel = setTimer(() => {
      for (const job of jobs) job.end('the hob was stopped');
    }, patience);
    await Promise.all([...jobs].map(({ outcome }) => outcome));
    cancel();
  };
  return harden({ commands: { run }, stop });
};
harden(makeCommands);
