import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeHarness } from './run-in-process.ts';

let at: Awaited<ReturnType<typeof makeHarness>>;
beforeEach(async () => {
  at = await makeHarness({});
});
afterEach(() => {
  expect(at.sessions().closed).toBe(at.sessions().opened);
  at.end();
});

const set = (stdin: string, words = 'secret set token') => at.gobs(words, { stdin });

test('secret remove prints what it removed as JSON, if asked to', async () => {
  await set('hunter2');
  expect(await at.gobs('secret remove token --json')).toEqual({ code: 0, stdout: '{"name":"token"}\n', stderr: '' });
  expect(at.secrets.size).toBe(0);
});

describe('secret set', () => {
  test.each([
    ['hunter2\n', 'hunter2'],
    ['hunter2\r\n', 'hunter2'],
    ['hunter2', 'hunter2'],
    ['two\nlines\n\n', 'two\nlines\n'],
    ['  Grüße 🔑 \n', '  Grüße 🔑 '],
  ])('keeps %j but for one line end', async (stdin, text) => {
    expect(await set(stdin)).toEqual({
      code: 0,
      stdout: '',
      stderr: "gobs: token is set; providers that use it have it from the boss's next start on\n",
    });
    expect(at.secrets.get('token')).toBe(text);
  });

  test('asks at a terminal, without showing what is typed', async () => {
    const { code, stdout, stderr } = await at.gobs('secret set token', { tty: true, answer: 'hunter2' });
    expect([code, stdout, stderr.includes('hunter2')]).toEqual([0, '', false]);
    expect(at.questions).toEqual(['Text of token (not shown): ']);
    expect(at.secrets.get('token')).toBe('hunter2');
  });

  test.each([
    ['nothing', '', /^gobs: BAD_USAGE: nothing was typed or piped in/],
    ['a line end', '\n', /^gobs: BAD_USAGE: nothing was typed or piped in/],
  ])('refuses %s', async (_what, stdin, message) => {
    const ran = await set(stdin);
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toMatch(message);
    expect(at.secrets.size).toBe(0);
  });

  test('refuses what is not UTF-8, without a word of it', async () => {
    const stdin = Readable.from([Buffer.from('hunter2'), Buffer.from([0xff, 0xfe])]);
    const ran = await at.gobs('secret set token', { powers: { stdin } });
    expect(ran).toEqual({ code: 1, stdout: '', stderr: 'gobs: BAD_USAGE: standard input is not UTF-8\n' });
    expect(at.secrets.size).toBe(0);
  });

  test('does not take a text as an argument, nor the locator from the same place', async () => {
    expect((await at.gobs('secret set token hunter2')).stderr).not.toContain('hunter2');
    expect(await at.run('secret set token --connect-file -', { stdin: 'hunter2' })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^gobs: BAD_USAGE: standard input cannot be both/) as string,
    });
    expect(at.secrets.size).toBe(0);
  });
});

test('secret list shows names and times, secret remove forgets one', async () => {
  expect(await at.gobs('secret list')).toMatchObject({
    code: 0,
    stdout: '',
    stderr: expect.stringMatching(/^there are no secrets; /) as string,
  });
  await set('one');
  await set('two', 'secret set other');
  expect((await at.gobs('secret list')).stdout).toBe(
    'NAME   SET\nother  1970-01-01 00:00:01Z\ntoken  1970-01-01 00:00:01Z\n',
  );
  expect(JSON.parse((await at.gobs('secret list --json')).stdout)).toEqual([
    { name: 'other', at: 1_000 },
    { name: 'token', at: 1_000 },
  ]);
  expect(await at.gobs('secret remove token')).toEqual({ code: 0, stdout: '', stderr: 'gobs: token is forgotten\n' });
  expect((await at.gobs('secret remove token')).stderr).toMatch(
    /^gobs: NO_SUCH_SECRET: there is no secret of that name\n/,
  );
  expect([...at.secrets.keys()]).toEqual(['other']);
});
