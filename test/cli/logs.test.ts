/** `gobs logs`, of all three logs, and of hosts that were taken over. */
import { spawn } from 'node:child_process';
import os from 'node:os';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeExecutor, type ExecutorKit } from '../../src/hob/executor.ts';
import { makeKeptLog } from '../../src/hob/kept-log.ts';
import { journalLine, lineText } from '../../src/cli/views/logs.ts';
import { makeFakeClock } from '../support/fake-clock.ts';
import { makeHarness } from './run-in-process.ts';

type Harness = Awaited<ReturnType<typeof makeHarness>>;
let at: Harness;
let kit: ExecutorKit;
beforeEach(async () => {
  at = await makeHarness();
  at.addReady('web1');
  kit = makeExecutor({ spawn, process, os, setTimer: makeFakeClock().setTimer, directory: '/' });
});
afterEach(async () => {
  await kit.stop();
  expect(at.sessions().closed).toBe(at.sessions().opened);
  at.end();
});

describe('logs of the machine', () => {
  test('are its lines, oldest first', async () => {
    at.addLine('web1', { at: 61_000, what: 'creating' });
    const text = '1970-01-01 00:00:01Z requested\n1970-01-01 00:01:01Z creating\n';
    expect(await at.gobs('logs web1')).toEqual({ code: 0, stdout: text, stderr: '' });
    expect((await at.gobs('logs web1 --json')).stdout).toBe(
      '{"at":1000,"what":"requested"}\n{"at":61000,"what":"creating"}\n',
    );
    // It is 100 seconds past 1970 here.
    expect((await at.gobs('logs web1 --since 50')).stdout).toBe('1970-01-01 00:01:01Z creating\n');
  });

  test('go on with -f, each line once, until Ctrl-C', async () => {
    const waits = at.whenCalled('nextLog web1');
    const running = at.gobs('logs web1 -f');
    await waits;
    const again = at.whenCalled('nextLog web1');
    at.addLine('web1', { at: 2_000, what: 'creating' });
    await again;
    const third = at.whenCalled('nextLog web1');
    at.addLine('web1', { at: 3_000, what: 'ready' });
    await third;
    at.interrupt();
    const { code, stdout } = await running;
    expect(code).toBe(0);
    expect(stdout.split('\n').map((line) => line.split(' ')[2])).toEqual(['requested', 'creating', 'ready', undefined]);
  });

  test('can forge no line', async () => {
    at.addLine('web1', { at: 2_000, what: 'a\n1970-01-01 00:00:09Z ready\u001b[1A\u202e' });
    expect((await at.gobs('logs web1')).stdout.split('\n')).toHaveLength(3);
    expect((await at.gobs('logs web1')).stdout).not.toMatch(/[\u001b\u202e]/);
    expect((await at.gobs('logs web1 --json')).stdout.split('\n')).toHaveLength(3);
  });

  test('of a machine that there is not are refused', async () => {
    expect(await at.gobs('logs web7')).toMatchObject({ code: 1, stdout: '' });
  });
});

describe('logs of the hob', () => {
  const quiet = { debug: () => {}, info: () => {}, warn: () => {} };

  test('are its last lines, and go on', async () => {
    let now = 1_000;
    const { log, lines } = makeKeptLog(quiet, () => now);
    let waits = Promise.withResolvers<void>();
    at.journal.hobLog = (request) => {
      if (request.wait === true) waits.resolve();
      return lines.read(request);
    };
    log.info({}, 'the hob works');
    now = 62_000;
    log.warn({ code: 'X\n' }, 'something\nwent wrong');
    expect((await at.gobs('logs web1 --hob')).stdout).toBe(
      '1970-01-01 00:00:01Z the hob works\n1970-01-01 00:01:02Z something went wrong {"code":"X\\\\n"}\n'.replace(
        '\\\\n',
        '\\n',
      ),
    );
    expect((await at.gobs('logs web1 --hob --since 10')).stdout).toMatch(/^1970-01-01 00:01:02Z [^\n]*\n$/);
    const running = at.gobs('logs web1 --hob -f --json');
    await waits.promise;
    waits = Promise.withResolvers();
    log.info({}, 'more');
    await waits.promise;
    at.interrupt();
    const { stdout } = await running;
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { what: string }).what),
    ).toEqual(['the hob works', 'something went wrong {"code":"X\\n"}', 'more']);
  });

  test('of one that answers again and again with nothing are ended', async () => {
    at.journal.hobLog = () => harden({ lines: [], last: 3 });
    expect(await at.gobs('logs web1 --hob -f')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('PROTOCOL_ERROR'),
    });
  });
});

describe('kept lines', () => {
  const { log, lines } = makeKeptLog({ debug: () => {}, info: () => {}, warn: () => {} }, () => 5);
  test('are bounded, and read on from where one was', async () => {
    for (let n = 1; n <= 5_000; n += 1) log.info({}, `line ${n}`);
    const newest = await lines.read({});
    expect(newest.lines).toHaveLength(300);
    expect(newest).toMatchObject({ last: 5_000 });
    expect(newest.lines.at(-1)!.what).toBe('line 5000');
    const page = await lines.read({ after: 4_000, wait: true });
    expect(page.lines[0]!.what).toBe('line 4001');
    expect(page.last).toBe(4_300);
    const lost = await lines.read({ after: 1 });
    expect(Number(lost.lines[0]!.what.slice(5))).toBeGreaterThan(2_000);
  });
  test('are cut, and on one line', async () => {
    log.info({ text: '\u202e'.repeat(9_000) }, 'long');
    expect((await lines.read({})).lines.at(-1)!.what.length).toBeLessThanOrEqual(2_000);
  });
});

const entry = (message: unknown, more: object = {}): string =>
  JSON.stringify({
    __REALTIME_TIMESTAMP: '61000000',
    SYSLOG_IDENTIFIER: 'nginx',
    _PID: '7',
    MESSAGE: message,
    ...more,
  });

describe('logs of a unit', () => {
  const saying = (text: string): void => {
    at.journal.unitLog = async (_unit, _request, until) =>
      (await kit.executor.exec(['printf', '%b', text.replaceAll('\\', '\\\\')], until)).handle;
  };

  test('are lines of its journal', async () => {
    saying(`${entry('started')}\n${entry([0x68, 0x69])}\n`);
    expect(await at.gobs('logs web1 --unit nginx.service')).toEqual({
      code: 0,
      stdout: '1970-01-01 00:01:01Z nginx[7]: started\n1970-01-01 00:01:01Z nginx[7]: hi\n',
      stderr: '',
    });
    expect((await at.gobs('logs web1 --unit nginx.service --json')).stdout).toMatch(
      /^\{"at":61000,"from":"nginx\[7\]","what":"started"\}\n/,
    );
  });

  test('that are none are counted, and not shown', async () => {
    saying(`{"MESSAGE":\n${entry('fine')}\nnull\n`);
    expect(await at.gobs('logs web1 --unit x')).toEqual({
      code: 0,
      stdout: '1970-01-01 00:01:01Z nginx[7]: fine\n',
      stderr: 'gobs: web1: 2 lines were no entries of a journal\n',
    });
  });

  test('without an end of a line are given up', async () => {
    at.journal.unitLog = async (_unit, _request, until) =>
      (await kit.executor.exec(['head', '-c', '3000000', '/dev/zero'], until)).handle;
    expect(await at.gobs('logs web1 --unit x')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('PROTOCOL_ERROR'),
    });
  });

  test('whose reader fails are exit 1, with what it said', async () => {
    at.journal.unitLog = async (_unit, _request, until) =>
      (await kit.executor.exec(['sh', '-c', 'echo "no\u001b[2K rights" >&2; exit 1'], until)).handle;
    const { code, stderr } = await at.gobs('logs web1 --unit x');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^gobs: web1: no\\u\{1b\}\[2K rights\ngobs: COMMAND_UNUSABLE: /);
  });

  test('ask for one unit, and no option', async () => {
    const run = async (unit: string) => kit.executor.unitLog(unit, {}).then(() => 'begun', String);
    for (const unit of ['--file=/etc/shadow', '', 'a b', 'a\n', 'x'.repeat(300)]) {
      expect(await run(unit)).toContain('BAD_ARGUMENTS');
    }
  });
});

describe('a line of a journal', () => {
  test.each([
    [entry('a\nb\u001b[2K\u202e'), '1970-01-01 00:01:01Z nginx[7]: a b [2K'],
    [
      entry('x', { SYSLOG_IDENTIFIER: 'a\n2024-01-01 00:00:00Z b' }),
      '1970-01-01 00:01:01Z a 2024-01-01 00:00:00Z b[7]: x',
    ],
    [entry('x', { _PID: '7]\n' }), '1970-01-01 00:01:01Z nginx: x'],
    [entry('x', { __REALTIME_TIMESTAMP: 'never' }), '- nginx[7]: x'],
    [entry(null), '1970-01-01 00:01:01Z nginx[7]:'],
    [entry({ toString: 'x' }), '1970-01-01 00:01:01Z nginx[7]:'],
    [entry(['x', 266, 65]), '1970-01-01 00:01:01Z nginx[7]: A'],
  ])('%s is one line', (json, text) => {
    expect(lineText(journalLine(json)!).trimEnd()).toBe(text);
  });
});

test('a message of the journal that is given as bytes, for something in it cannot be printed, is read as UTF-8', () => {
  const MESSAGE = [...Buffer.from('naïve\t✓')];
  expect(journalLine(JSON.stringify({ MESSAGE }))).toEqual({ at: null, what: 'naïve ✓' });
});
