/**
 * Commands that an admin runs on this host (`gobs exec`), with their streams. As those of resources (commands.ts) they lead a session and a
 * process group of their own, have a clean environment, and never go through a shell; they are the hob's user, and may do what that user may.
 *
 *   exec ──▶ runs ─────────────▶ exit ──▶ the rest of its group is killed ──▶ the rest of its output is read ──▶ { end }
 *              └─ interrupt: SIGINT ─┐
 *              └─ whoever asked is gone, the hob stops: SIGTERM ── GRACE ─▶ SIGKILL
 *
 * Its output stays in its pipes until somebody reads: a command that says more than is read waits, as it would for a slow terminal.
 */
import { Buffer } from 'node:buffer';
import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { Far } from '@endo/pass-style';
import { makeError } from '../errors/gobs-error.ts';
import { isUnitName, type UnitLogRequest } from '../protocol/host-logs.ts';
import { plainText, quoted } from '../protocol/plain-text.ts';
import { pieceBytes, type CommandEnd, type CommandPiece, type StartedCommand } from '../protocol/running-commands.ts';
import type { CommandPowers } from './commands.ts';

export interface ExecutorPowers extends CommandPowers {
  readonly os: Pick<typeof import('node:os'), 'userInfo'>;
  /** Where commands begin: the machine's root. */
  readonly directory: string;
}

export interface Executor {
  /**
   * The journal of a systemd unit, as `journalctl` says it in JSON; followed only with an `until`, which ends it as it does a command. Rejects
   * BAD_ARGUMENTS, COMMAND_UNUSABLE, LIMIT_EXCEEDED.
   */
  unitLog(unit: string, request: UnitLogRequest, until?: Promise<unknown>): Promise<StartedCommand>;
  /**
   * Resolves when it runs. It is told to end when `until` is settled, as the promises of a session are when that ends. Rejects COMMAND_UNUSABLE,
   * LIMIT_EXCEEDED.
   */
  exec(argv: readonly string[], until?: Promise<unknown>): Promise<StartedCommand>;
}

export interface ExecutorKit {
  readonly executor: Executor;
  /** Called once, when the hob ends: all are told to end, and killed if they do not. Resolves when they have ended. */
  stop(): Promise<void>;
}

/** At once. Who may read journals may not be able to run commands, and cannot keep others from it. */
const MOST_COMMANDS = 32;
const MOST_JOURNALS = 16;
/** Milliseconds: from a signal to SIGKILL; for a process that has left the group to say more after the command has ended. */
const GRACE = 5_000;
const DRAIN = 1_000;

/** Nothing of the hob's own environment, in which secrets may be. */
const environmentOf = (os: ExecutorPowers['os']): Record<string, string> => {
  const common = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' };
  try {
    const { username, homedir, shell } = os.userInfo();
    return { ...common, USER: username, LOGNAME: username, HOME: homedir, SHELL: shell ?? '/bin/sh' };
  } catch {
    // A user without an entry has no name and no home.
    return { ...common, HOME: '/', SHELL: '/bin/sh' };
  }
};

interface Running {
  readonly started: StartedCommand;
  end(signal: 'SIGINT' | 'SIGTERM'): void;
}

type Streams = readonly (readonly ['stdout' | 'stderr', Readable])[];

/** The next piece of either, in turn, so that one that never ends does not silence the other. Undefined: nothing is there now. */
const makeNextPiece = (streams: Streams): (() => CommandPiece | undefined) => {
  let first = 0;
  return () => {
    for (let n = 0; n < streams.length; n += 1) {
      const [stream, readable] = streams[(first + n) % streams.length]!;
      const bytes = readable.read(Math.min(readable.readableLength, pieceBytes) || undefined) as Buffer | null;
      if (bytes === null || bytes.length === 0) continue;
      first = (first + n + 1) % streams.length;
      return harden({ stream, bytes: bytes.toString('base64') });
    }
    return undefined;
  };
};

interface Reading {
  readonly read: () => Promise<CommandPiece>;
  /** Something may have changed. */
  readonly stir: () => void;
}

const makeReading = (
  streams: Streams,
  endOf: () => CommandEnd | undefined,
  setTimer: ExecutorPowers['setTimer'],
): Reading => {
  const nextPiece = makeNextPiece(streams);
  const isOver = (): boolean => streams.every(([, stream]) => stream.readableEnded || stream.destroyed);
  let wake = (): void => {};
  let given = false;
  const stir = (): void => wake();
  for (const [, stream] of streams) {
    for (const event of ['readable', 'end', 'close', 'error'] as const) stream.on(event, stir);
  }
  const readOne = async (): Promise<CommandPiece> => {
    for (;;) {
      const piece = nextPiece();
      if (piece !== undefined) return piece;
      const end = endOf();
      if (end !== undefined && (isOver() || given)) return harden({ end });
      const stirred = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const giveUp = (): void => {
        given = true;
        stir();
      };
      const cancel = end === undefined ? () => {} : setTimer(giveUp, DRAIN);
      await stirred;
      cancel();
    }
  };
  let last: Promise<unknown> = Promise.resolve();
  const read = (): Promise<CommandPiece> => {
    const reading = last.then(readOne);
    last = reading;
    return reading;
  };
  return { read, stir };
};

/** Of a process that was started. */
const watch = (child: ChildProcess, { process, setTimer }: ExecutorPowers): Running => {
  const stdin = child.stdin!;
  let ended: CommandEnd | undefined;
  let cancelKill: (() => void) | undefined;
  const signalGroup = (signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): void => {
    try {
      process.kill(-child.pid!, signal);
    } catch {
      // Nobody is left.
    }
  };
  const streams: Streams = [
    ['stdout', child.stdout!],
    ['stderr', child.stderr!],
  ];
  const { read, stir } = makeReading(streams, () => ended, setTimer);
  const exited = new Promise<CommandEnd>((resolve) => {
    child.once('exit', (code, signal) => {
      cancelKill?.();
      signalGroup('SIGKILL');
      ended = harden({ code, signal });
      resolve(ended);
      stir();
    });
  });
  // One that does not read all of it may have its reasons.
  stdin.on('error', () => {});
  const end = (signal: 'SIGINT' | 'SIGTERM'): void => {
    if (ended !== undefined) return;
    signalGroup(signal);
    cancelKill ??= setTimer(() => signalGroup('SIGKILL'), GRACE);
  };
  const command = {
    read,
    write: async (bytes: string): Promise<boolean> =>
      new Promise((resolve) => {
        if (stdin.destroyed || stdin.writableEnded) resolve(false);
        else stdin.write(Buffer.from(bytes, 'base64'), (error) => resolve(!error));
      }),
    endInput: () => void stdin.end(),
    interrupt: () => end('SIGINT'),
  };
  const far = Far('RunningCommand', command as never) as unknown as StartedCommand['handle'];
  return { started: harden({ handle: far, ended: exited }), end };
};

const unusable = (program: string, error: unknown): Error => {
  const code = String((error as { code?: string } | null)?.code ?? error);
  const name = plainText(program, 100);
  const why =
    code === 'ENOENT' ? `there is no program ${name}` : `${name || 'the command'} cannot be started (${code})`;
  return makeError('COMMAND_UNUSABLE', why);
};

/** For what runs at once. */
interface Places {
  readonly most: number;
  taken: number;
  /** For people. */
  readonly what: string;
}

export const makeExecutor = (powers: ExecutorPowers): ExecutorKit => {
  const { spawn, directory, os } = powers;
  const running = new Map<Running, Promise<unknown>>();
  const commands: Places = { most: MOST_COMMANDS, taken: 0, what: 'commands run' };
  const journals: Places = { most: MOST_JOURNALS, taken: 0, what: 'journals are read' };
  let stopped = false;

  const start = async ([program = '', ...words]: readonly string[]): Promise<ChildProcess> => {
    try {
      const child = spawn(program, words, {
        cwd: directory,
        env: environmentOf(os),
        detached: true,
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
      return child;
    } catch (error) {
      throw unusable(program, error);
    }
  };

  const run = async (places: Places, argv: readonly string[], until?: Promise<unknown>): Promise<StartedCommand> => {
    const { most, what } = places;
    if (stopped) throw makeError('HOB_UNREACHABLE', 'the hob is about to end');
    if (places.taken >= most) throw makeError('LIMIT_EXCEEDED', `${most} ${what} on this host already`);
    places.taken += 1;
    const over = (): void => void (places.taken -= 1);
    const command = watch(
      await start(argv).catch((error: unknown) => {
        over();
        throw error;
      }),
      powers,
    );
    const gone = command.started.ended.then(() => {
      over();
      running.delete(command);
    });
    running.set(command, gone);
    const abandon = (): void => command.end('SIGTERM');
    if (stopped) abandon();
    until?.then(abandon, abandon);
    return command.started;
  };

  const exec: Executor['exec'] = (argv, until) => run(commands, argv, until);

  const unitLog: Executor['unitLog'] = async (unit, { since, follow = false }, until) => {
    if (!isUnitName(unit)) throw makeError('BAD_ARGUMENTS', `${quoted(unit)} is no name of a unit`);
    if (follow && until === undefined) {
      throw makeError('BAD_ARGUMENTS', 'a journal is followed until a promise is settled, and there is none');
    }
    const from = since === undefined ? ['--lines=100'] : [`--since=-${Math.ceil(since / 1000)}s`, '--lines=all'];
    const words = ['journalctl', '--output=json', '--no-pager', '--quiet', `--unit=${unit}`, ...from];
    return run(journals, [...words, ...(follow ? ['--follow'] : [])], until);
  };

  return harden({
    executor: Far('Executor', { exec, unitLog } as never) as unknown as Executor,
    stop: async () => {
      stopped = true;
      for (const command of running.keys()) command.end('SIGTERM');
      await Promise.all(running.values());
    },
  });
};
harden(makeExecutor);
