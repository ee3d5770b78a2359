/** `gobs exec` against hobs that do as they should, which run real processes, and against hobs that were taken over. */
import { spawn } from 'node:child_process';
import os from 'node:os';
import process from 'node:process';
import { PassThrough } from 'node:stream';
import { Far } from '@endo/far';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeError } from '../../src/errors/gobs-error.ts';
import { makeExecutor, type ExecutorKit } from '../../src/hob/executor.ts';
import { makeFakeClock } from '../support/fake-clock.ts';
import { makeHarness, type RunOptions } from './run-in-process.ts';

type Harness = Awaited<ReturnType<typeof makeHarness>>;
let at: Harness;
let kit: ExecutorKit;
beforeEach(async () => {
  at = await makeHarness();
  at.addReady('web1');
  kit = makeExecutor({ spawn, process, os, setTimer: makeFakeClock().setTimer, directory: '/' });
  at.exec.run = async (argv, _options, until) => (await kit.executor.exec(argv, until)).handle;
});
afterEach(async () => {
  await kit.stop();
  expect(at.sessions().closed).toBe(at.sessions().opened);
  at.end();
});

const exec = (words: string, options: RunOptions = {}) => at.run(`exec --state ${at.state} web1 -- ${words}`, options);

describe('exec', () => {
  test('is as the command is: its output, its errors, its exit code', async () => {
    expect(await exec('echo hello')).toEqual({ code: 0, stdout: 'hello\n', stderr: '' });
    expect(await exec('ls /no-such-place')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^ls: /),
    });
    expect(await exec('false')).toMatchObject({ code: 1, stderr: '' });
  });

  test('passes standard input on', async () => {
    expect(await exec('wc -c', { stdin: 'x'.repeat(300_000) })).toMatchObject({ code: 0, stdout: '300000\n' });
  });

  test('writes bytes as they are, whatever they are', async () => {
    const { stdout } = await exec('printf \\033[2K\\377\\r');
    expect(stdout).toBe('\u001b[2K\u00ff\r');
  });

  test('ends with 128 and the number of the signal that ended the command', async () => {
    expect(await exec('timeout --signal=KILL --foreground 0.01 sleep 9')).toMatchObject({ code: 137 });
  });

  test('tells the boss who asks', async () => {
    let said: unknown;
    at.exec.run = (_argv, options) => {
      said = options;
      throw makeError('HOB_UNREACHABLE', 'web1: its hob is not connected');
    };
    expect(await exec('true')).toEqual({
      code: 255,
      stdout: '',
      stderr: 'gobs: HOB_UNREACHABLE: web1: its hob is not connected\n',
    });
    expect(said).toEqual({ by: 'ada@laptop' });
  });

  test.each([
    ['no such program is 127', 'exec --state S web1 -- no-such-program', 127],
    ['no such machine is 255', 'exec --state S web9 -- true', 255],
    ['no command is 255', 'exec --state S web1', 255],
    ['a flag of the command without -- is 255', 'exec --state S web1 ls --wrong', 255],
    ['no boss is 255', 'exec --state /nowhere web1 -- true', 255],
  ])('%s', async (_what, words, code) => {
    expect(await at.run(words.replace('S', at.state))).toMatchObject({
      code,
      stdout: '',
      stderr: expect.stringMatching(/^gobs: /),
    });
  });

  test('an interrupt goes to the command', async () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: false });
    const heard = Promise.withResolvers<void>();
    const running = exec('tail -n 1 -f /etc/hostname', { powers: { stdin, writeBytes: async () => heard.resolve() } });
    await heard.promise;
    at.interrupt();
    expect(await running).toMatchObject({ code: 130 });
  });

  test('of a facet that was shared works with that alone', async () => {
    const { facets } = at.machines.get('web1')!;
    at.locators.set('gobs://admin', facets.admin);
    at.locators.set('gobs://observer', facets.observer);
    await at.gobs('share web1 --as executor');
    const [locator = ''] = [...at.locators.keys()].filter((each) => each.startsWith('gobs://aaa'));
    await at.write('executor', `${locator}\n`);
    const alone = await at.run(`exec --connect-file ${at.directory}/executor web1 -- echo alone`);
    expect(alone).toMatchObject({ code: 0, stdout: 'alone\n' });
    await at.write('admin', 'gobs://admin\n');
    await at.write('observer', 'gobs://observer\n');
    expect(await at.run(`exec --connect-file ${at.directory}/admin web1 -- echo hi`)).toMatchObject({
      code: 0,
      stdout: 'hi\n',
    });
    expect(await at.run(`exec --connect-file ${at.directory}/observer web1 -- echo hi`)).toMatchObject({
      code: 255,
      stderr: expect.stringContaining('BAD_USAGE: web1: what was shared does not let commands be run'),
    });
  });
});

describe('a hob that was taken over', () => {
  const answering = (...pieces: readonly unknown[]): void => {
    const left = [...pieces];
    at.exec.run = () =>
      Far('RunningCommand', {
        read: async () => harden(left.length > 1 ? left.shift() : left[0]),
        write: async () => true,
        endInput: () => undefined,
        interrupt: () => undefined,
      } as never);
  };
  const bytes = (text: string) => ({ stream: 'stdout', bytes: Buffer.from(text).toString('base64') });

  test.each([
    ['another stream', { stream: 'stdin', bytes: 'AAAA' }],
    ['nothing', undefined],
    ['an empty piece, again and again', { stream: 'stdout', bytes: '' }],
    ['a piece that is too large', { stream: 'stdout', bytes: 'A'.repeat(2 ** 20 + 4) }],
    ['a piece that is no text', { stream: 'stdout', bytes: [1] }],
    ['an end without a code', { end: {} }],
    ['a code that is none', { end: { code: 256, signal: null } }],
    ['a code that is no whole number', { end: { code: 1.5, signal: null } }],
    ['a code that is no number', { end: { code: NaN, signal: null } }],
    ['a text', 'done'],
  ])('that answers with %s ends nothing well', async (_what, piece) => {
    answering(bytes('fine\n'), piece);
    const ran = await exec('true');
    expect(ran).toMatchObject({ code: 255, stdout: 'fine\n' });
    expect(ran.stderr).toMatch(
      /^gobs: PROTOCOL_ERROR: web1: its hob answered with something that is no output of a command\n$/,
    );
  });

  test('that invents a signal gives no exit code of its own choice', async () => {
    answering({ end: { code: null, signal: 'SIGNOTHING' } });
    expect(await exec('true')).toMatchObject({ code: 255 });
    answering({ end: { code: null, signal: null } });
    expect(await exec('true')).toMatchObject({ code: 255 });
  });

  test('that never answers is left by a second interrupt', async () => {
    at.exec.run = () =>
      Far('RunningCommand', {
        read: () => new Promise(() => {}),
        write: () => true,
        interrupt: () => undefined,
        endInput: () => undefined,
      } as never);
    const running = exec('true');
    await at.whenCalled('exec web1');
    for (let n = 0; n < 20; n += 1) await new Promise(setImmediate);
    at.interrupt();
    at.interrupt();
    expect(await running).toMatchObject({ code: 255, stderr: expect.stringContaining('WAIT_INTERRUPTED') });
  });
});
