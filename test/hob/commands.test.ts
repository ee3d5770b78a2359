import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeCommands, type Commands, type CommandsKit } from '../../src/hob/commands.ts';
import { makeFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { realPowers } from '../support/real-powers.ts';
import { until } from '../support/until.ts';

const isAlive = (pid: number): boolean => {
  try {
    // A dead process that nobody reaps has a number still.
    return !/\) [ZX] /.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

describe('commands of a host', () => {
  let kit: CommandsKit;
  let commands: Commands;
  let place: string;
  let clock: FakeClock;
  beforeEach(() => {
    place = fs.mkdtempSync(path.join(os.tmpdir(), 'gobs-commands-'));
    clock = makeFakeClock();
    kit = makeCommands({ spawn, process, setTimer: realPowers.setTimer });
    ({ commands } = kit);
  });
  afterEach(async () => {
    await kit.stop(0);
    fs.rmSync(place, { recursive: true });
  });

  /** Runs it with a clock that only the test moves, and waits until it has told the numbers of its processes. */
  const runClocked = async (script: string, deadline = 1_000) => {
    kit = makeCommands({ spawn, process, setTimer: clock.setTimer });
    const file = path.join(place, 'pids');
    const outcome = kit.commands.run(['sh', '-c', script, 'sh', file], { deadline });
    await until(() => fs.existsSync(file) && fs.readFileSync(file, 'utf8').endsWith('.\n'));
    const pids = fs.readFileSync(file, 'utf8').split('\n').slice(0, -2).map(Number);
    return { outcome, pids };
  };
  /** For `sh -c`: the numbers of a child and of itself. */
  const tell = 'echo $! > "$1.new"; echo $$ >> "$1.new"; echo . >> "$1.new"; mv "$1.new" "$1"';

  it('tell code, output and errors', async () => {
    expect(await commands.run(['sh', '-c', 'echo out; echo err >&2; exit 3'])).toEqual({
      code: 3,
      stdout: 'out\n',
      stderr: 'err\n',
      cut: false,
    });
  });

  it('hand words over as they are: nothing is a shell', async () => {
    const words = ['$(id)', '; ls', "'", '"', '*', '', 'a\nb', '-n'];
    const { stdout } = await commands.run(['printf', '%s|', ...words]);
    expect(stdout).toBe(words.map((word) => `${word}|`).join(''));
  });

  it('know nothing of the environment of the hob', async () => {
    process.env['GOBS_CANARY'] = 'seen';
    try {
      const { stdout } = await commands.run(['env'], { environment: { MORE: '1', LC_ALL: 'C.UTF-8' } });
      expect(stdout.trim().split('\n').toSorted()).toEqual([
        'DEBIAN_FRONTEND=noninteractive',
        'HOME=/root',
        'LC_ALL=C.UTF-8',
        'MORE=1',
        'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      ]);
    } finally {
      delete process.env['GOBS_CANARY'];
    }
  });

  it('work in the root, with nothing to read', async () => {
    expect(await commands.run(['sh', '-c', 'pwd; cat'])).toMatchObject({ code: 0, stdout: '/\n' });
  });

  it('read what they are given', async () => {
    expect(await commands.run(['cat'], { input: 'größer\n' })).toMatchObject({ code: 0, stdout: 'größer\n' });
  });

  it('need not read all that they are given', async () => {
    const input = new Uint8Array(4 * 1024 * 1024);
    expect(await commands.run(['true'], { input })).toMatchObject({ code: 0 });
  });

  it('keep the beginning of the output and the end of the errors, and say that something is missing', async () => {
    const script = 'seq 1 100000; seq 1 100000 >&2';
    const outcome = await commands.run(['sh', '-c', script], { limit: 10 });
    expect(outcome).toEqual({ code: 0, stdout: '1\n2\n3\n4\n5\n', cut: true, stderr: '99\n100000\n' });
    expect(await commands.run(['echo', '123456789'], { limit: 10 })).toMatchObject({ cut: false });
  });

  it.each([
    ['there is no such program', ['gobs-no-such-program'], 'there is no program gobs-no-such-program'],
    ['it is no program', ['/etc/passwd'], '/etc/passwd cannot be started (EACCES)'],
    ['a word cannot be one', ['echo', 'a\0b'], 'echo cannot be started (ERR_INVALID_ARG_VALUE)'],
  ])('say why one did not start: %s', async (_why, command, why) => {
    expect(await commands.run(command)).toEqual({ code: null, why, stdout: '', stderr: '', cut: false });
  });

  it('say that one was ended by somebody else', async () => {
    expect(await commands.run(['sh', '-c', 'echo a; kill -9 $$'])).toMatchObject({
      code: null,
      why: 'it was ended by SIGKILL',
      stdout: 'a\n',
    });
  });

  it('are ended at their deadline, with what they started', async () => {
    const { outcome, pids } = await runClocked(`sleep 1000 & echo begun; ${tell}; wait`);
    await clock.advance(999);
    expect(pids.map(isAlive)).toEqual([true, true]);
    await clock.advance(1);
    expect(await outcome).toMatchObject({ code: null, why: 'it did not end within 1 s', stdout: 'begun\n' });
    await until(() => !pids.some(isAlive));
    expect(clock.timers).toBe(0);
  });

  it('are killed, with what they started, if they do not want to end', async () => {
    const { outcome, pids } = await runClocked(`trap '' TERM; sleep 1000 & ${tell}; while :; do wait; done`);
    await clock.advance(5_999);
    expect(pids.map(isAlive)).toEqual([true, true]);
    await clock.advance(1);
    expect(await outcome).toMatchObject({ code: null, why: 'it did not end within 1 s' });
    await until(() => !pids.some(isAlive));
    expect(clock.timers).toBe(0);
  });

  it('leave nobody of their group behind', async () => {
    const { outcome, pids } = await runClocked(`sleep 1000 & ${tell}; echo done`);
    expect(await outcome).toMatchObject({ code: 0, stdout: 'done\n' });
    await until(() => !pids.some(isAlive));
    expect(clock.timers).toBe(0);
  });

  it('do not wait for whoever made a session of its own and holds their output', async () => {
    const daemon = 'echo $$ > "$1.new"; echo . >> "$1.new"; mv "$1.new" "$1"; exec sleep 1000';
    const script = `setsid sh -c '${daemon}' sh "$1" & while [ ! -e "$1" ]; do :; done; echo done`;
    const { outcome, pids } = await runClocked(script, 100_000);
    // The deadline, and the end of the waiting.
    await until(() => clock.timers === 2);
    await clock.advance(1_000);
    expect(await outcome).toMatchObject({ code: 0, stdout: 'done\n' });
    expect(pids.map(isAlive)).toEqual([true]);
    process.kill(pids[0]!, 'SIGKILL');
  });

  it('do not outlive the hob, and none begins when it ends', async () => {
    const { outcome, pids } = await runClocked(`sleep 1000 & ${tell}; wait`, 1_000_000);
    const stopped = kit.stop(2_000);
    expect(await kit.commands.run(['true'])).toMatchObject({ code: null, why: 'the hob is about to end' });
    await clock.advance(1_999);
    expect(pids.map(isAlive)).toEqual([true, true]);
    await clock.advance(1);
    await stopped;
    expect(await outcome).toMatchObject({ code: null, why: 'the hob was stopped' });
    await until(() => !pids.some(isAlive));
    expect(clock.timers).toBe(0);
  });

  it('that end in time are left to end when the hob ends', async () => {
    kit = makeCommands({ spawn, process, setTimer: clock.setTimer });
    const outcome = kit.commands.run(['sh', '-c', 'read line; echo "$line"'], { input: 'in time\n' });
    await kit.stop(2_000);
    expect(await outcome).toMatchObject({ code: 0, stdout: 'in time\n' });
    expect(clock.timers).toBe(0);
  });
});
