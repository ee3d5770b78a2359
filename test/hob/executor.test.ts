import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { E } from '@endo/far';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { codeOf } from '../../src/errors/gobs-error.ts';
import { makeExecutor, type Executor, type ExecutorKit } from '../../src/hob/executor.ts';
import type { CommandEnd, RunningCommand } from '../../src/protocol/running-commands.ts';
import { makeFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { until } from '../support/until.ts';

let kit: ExecutorKit;
let executor: Executor;
let directory: string;
let clock: FakeClock;
beforeEach(() => {
  directory = fs.realpathSync(fs.mkdtempSync(join(os.tmpdir(), 'gobs-executor-')));
  clock = makeFakeClock();
  kit = makeExecutor({ spawn, process, os, setTimer: clock.setTimer, directory });
  ({ executor } = kit);
});
afterEach(async () => {
  const stopping = kit.stop();
  await Promise.all([clock.advance(60_000), stopping]);
  fs.rmSync(directory, { recursive: true });
});

const isAlive = (pid: number): boolean => {
  try {
    return !/\) [ZX] /.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

interface Said {
  stdout: string;
  stderr: string;
  end?: CommandEnd;
}

const readAll = async (command: RunningCommand): Promise<Said> => {
  const said: Said = { stdout: '', stderr: '' };
  for (;;) {
    const piece = await E(command).read();
    if ('end' in piece) return { ...said, end: piece.end };
    expect(piece.bytes.length).toBeLessThanOrEqual(90_000);
    said[piece.stream] += Buffer.from(piece.bytes, 'base64').toString('latin1');
  }
};

const sh = async (script: string, over?: Promise<unknown>) => (await executor.exec(['sh', '-c', script], over)).handle;
/** A command that has said `word`. */
const saying = async (script: string, over?: Promise<unknown>) => {
  const command = await sh(script, over);
  const piece = await E(command).read();
  return { command, said: 'bytes' in piece ? Buffer.from(piece.bytes, 'base64').toString() : '' };
};

test('a command has both streams, an exit code, the directory, and an environment that is not the hob’s', async () => {
  process.env.GOBS_CANARY = 'secret';
  try {
    const said = await readAll(await sh('pwd; echo oh >&2; env >&2; exit 7'));
    expect(said).toMatchObject({ stdout: `${directory}\n`, end: { code: 7, signal: null } });
    expect(said.stderr).toMatch(/^oh\n/);
    expect(said.stderr).toMatch(/^HOME=\//m);
    expect(said.stderr).not.toContain('secret');
  } finally {
    delete process.env.GOBS_CANARY;
  }
});

test('words are the program’s as they are', async () => {
  const { handle: command } = await executor.exec(['printf', '%s|', 'a b', '$HOME', '*', "'", '\n']);
  expect((await readAll(command)).stdout).toBe("a b|$HOME|*|'|\n|");
});

test('its input is what is written, to the end of it', async () => {
  const command = await sh('cat; echo done');
  expect(await E(command).write(Buffer.from('one ').toString('base64'))).toBe(true);
  expect(await E(command).write(Buffer.from([0, 255]).toString('base64'))).toBe(true);
  await E(command).endInput();
  expect((await readAll(command)).stdout).toBe('one \u0000\u00ffdone\n');
});

test('whoever does not read its input is told so, and what comes after is not taken', async () => {
  const command = await sh('exec 0<&-; echo closed; sleep 1000');
  await E(command).read();
  const large = Buffer.alloc(200_000).toString('base64');
  expect(await E(command).write(large)).toBe(false);
  expect(await E(command).write(large)).toBe(false);
  await E(command).interrupt();
  // A shell that is about to begin something may miss the first signal.
  const [{ end }] = await Promise.all([readAll(command), clock.advance(5_000)]);
  expect(['SIGINT', 'SIGKILL']).toContain(end?.signal);
});

test('one that writes without end waits for its reader, and nothing piles up', async () => {
  const command = await sh('yes 0123456789');
  await E(command).read();
  const [pid] = fs.readdirSync('/proc').filter((name) => {
    try {
      return fs.readFileSync(`/proc/${name}/cmdline`, 'utf8') === 'yes\u00000123456789\u0000';
    } catch {
      return false;
    }
  });
  // Asleep in a write: the pipe is full.
  await until(
    () =>
      fs.readFileSync(`/proc/${pid}/wchan`, 'utf8').includes('pipe_w') ||
      /\) S /.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8')),
  );
  for (let n = 0; n < 50; n += 1) expect(await E(command).read()).toMatchObject({ stream: 'stdout' });
  await E(command).interrupt();
});

test('a stream that never ends does not silence the other', async () => {
  const command = await sh('yes & echo heard >&2; wait');
  let piece = await E(command).read();
  while ('stream' in piece && piece.stream === 'stdout') piece = await E(command).read();
  expect(piece).toMatchObject({ stream: 'stderr' });
  await E(command).interrupt();
});

test('an interrupt ends it; who does not listen is killed after a while, with all of its group', async () => {
  const { command, said } = await saying('trap "" INT TERM; sleep 1000 & echo $$ $!; while :; do wait; done');
  const pids = said.trim().split(' ').map(Number);
  const reading = readAll(command);
  await E(command).interrupt();
  await clock.advance(4_999);
  expect(pids.map(isAlive)).toEqual([true, true]);
  void clock.advance(1);
  expect((await reading).end).toEqual({ code: null, signal: 'SIGKILL' });
  await until(() => !pids.some(isAlive));
});

test('what it leaves behind in its group ends with it', async () => {
  const { command, said } = await saying('sleep 1000 >/dev/null 2>&1 & echo $!');
  expect((await readAll(command)).end).toEqual({ code: 0, signal: null });
  await until(() => !isAlive(Number(said)));
});

test('one that left the group and holds its output is not waited for longer than a second', async () => {
  const { command, said } = await saying('setsid sh -c "echo \\$\\$; exec sleep 1000" & sleep 0.2; exit 3');
  const reading = readAll(command);
  let end: CommandEnd | undefined;
  void reading.then((all) => {
    end = all.end;
  });
  while (end === undefined) await clock.advance(1_000);
  expect(end).toEqual({ code: 3, signal: null });
  process.kill(Number(said), 'SIGKILL');
});

test.each(['fulfilled', 'rejected'])('it ends when what it was promised to live for is %s', async (how) => {
  const session = Promise.withResolvers<void>();
  const { command, said } = await saying('sleep 1000 & echo $!; wait', session.promise);
  if (how === 'fulfilled') session.resolve();
  else session.reject(Error('the session is over'));
  expect((await readAll(command)).end).toEqual({ code: null, signal: 'SIGTERM' });
  await until(() => !isAlive(Number(said)));
});

test.each([
  [['no-such-program'], /^COMMAND_UNUSABLE: there is no program no-such-program$/],
  [['/etc/passwd'], /^COMMAND_UNUSABLE: \/etc\/passwd cannot be started \(EACCES\)$/],
  [['a\nb\u202e'], /^COMMAND_UNUSABLE: there is no program a b$/],
  [['echo', 'a\0b'], /^COMMAND_UNUSABLE: echo cannot be started \(ERR_INVALID_ARG_VALUE\)$/],
  [[''], /^COMMAND_UNUSABLE: the command cannot be started/],
  [['echo', 'x'.repeat(200_000)], /^COMMAND_UNUSABLE: echo cannot be started \(E2BIG\)$/],
])('%j is refused', async (argv, message) => {
  await expect(executor.exec(argv)).rejects.toThrow(message);
});

describe('journals', () => {
  /** In the place of journalctl: it follows until it is told to end. */
  const following = () => {
    const started: string[] = [];
    const spawnStandIn = ((program: string, words: readonly string[], options: object) => {
      started.push([program, ...words].join(' '));
      const isJournal = program === 'journalctl';
      return isJournal ? spawn('cat', [], options) : spawn(program, words, options);
    }) as typeof spawn;
    kit = makeExecutor({ spawn: spawnStandIn, process, os, setTimer: clock.setTimer, directory });
    ({ executor } = kit);
    return started;
  };
  const session = new Promise<never>(() => {});

  test('that are followed take no places of commands, and have places of their own', async () => {
    following();
    const follow = () => executor.unitLog('x.service', { follow: true }, session);
    for (let n = 0; n < 16; n += 1) await follow();
    expect(await follow().catch(codeOf)).toBe('LIMIT_EXCEEDED');
    const commands = await Promise.all(Array.from({ length: 32 }, () => sh('read line')));
    expect(commands).toHaveLength(32);
  });

  test('are followed only for a session, with which it ends', async () => {
    const started = following();
    expect(await executor.unitLog('x.service', { follow: true }).catch(codeOf)).toBe('BAD_ARGUMENTS');
    expect(started).toEqual([]);
    const { promise, reject } = Promise.withResolvers<never>();
    const { ended } = await executor.unitLog('x.service', { follow: true }, promise);
    reject(Error('the session is over'));
    expect(await ended).toEqual({ code: null, signal: 'SIGTERM' });
    await executor.unitLog('x.service', {});
    expect(started).toHaveLength(2);
  });
});

test('there is a limit to how many run at once, and room again when they have ended', async () => {
  const all = await Promise.all(Array.from({ length: 32 }, () => sh('read line')));
  expect(await executor.exec(['true']).catch(codeOf)).toBe('LIMIT_EXCEEDED');
  await E(all[0]!).endInput();
  await readAll(all[0]!);
  expect((await readAll(await sh('echo again'))).stdout).toBe('again\n');
  await Promise.all(all.map((command) => E(command).endInput()));
});

test('when the hob ends, all end, and none begins', async () => {
  const { said } = await saying('trap "" TERM; echo $$; while :; do sleep 1000; done');
  const stopping = kit.stop();
  expect(await executor.exec(['true']).catch(codeOf)).toBe('HOB_UNREACHABLE');
  await Promise.all([clock.advance(5_000), stopping]);
  await until(() => !isAlive(Number(said)));
});
