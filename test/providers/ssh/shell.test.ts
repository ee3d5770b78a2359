import { createHash } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { commandLine, makeShell } from '../../../src/providers/ssh/shell.ts';
import { longestOutput } from '../../../src/providers/ssh/remote-shell.ts';
import { describeSsh } from '../../support/ssh-server.ts';
import { failureOf, optionsFor, shellOn, sshd, useSshScene } from './ssh-scene.ts';

describeSsh('a shell on another host', () => {
  useSshScene();

  test('runs a script as it is, whatever is in it, and tells how it ended', async () => {
    const shell = await shellOn(optionsFor(await sshd()));
    const text = `it's "so" $HOME \`x\` \\ *\n end`;
    expect(await shell.run(`printf %s "$(cat)"; printf err >&2; exit 7`, { input: text })).toEqual({
      code: 7,
      stdout: text,
      stderr: 'err',
    });
    expect(
      await shell.run(`printf %s 'it'\\''s'; printf '%s|' "a b" '
'`),
    ).toMatchObject({ code: 0, stdout: "it'sa b|\n|" });
    expect(await shell.run('kill -KILL $$')).toMatchObject({ code: null, signal: 'KILL' });
  });

  test('has an empty stdin unless it is given one, which may be large and come in pieces', async () => {
    const shell = await shellOn(optionsFor(await sshd()));
    expect(await shell.run('wc -c')).toMatchObject({ stdout: '0\n' });
    const piece = Buffer.alloc(1_000_000, 'x');
    async function* pieces() {
      for (let count = 0; count < 8; count += 1) yield piece;
    }
    const hash = createHash('sha256');
    for (let count = 0; count < 8; count += 1) hash.update(piece);
    const { stdout } = await shell.run('sha256sum', { input: pieces() });
    expect(stdout.split(' ')[0]).toBe(hash.digest('hex'));
  });

  test('does not wait for input that nobody reads any more', async () => {
    const shell = await shellOn(optionsFor(await sshd()));
    async function* endless() {
      for (;;) yield Buffer.alloc(100_000);
    }
    expect(await shell.run('exit 3', { input: endless() })).toMatchObject({ code: 3 });
  });

  test('says what its input failed with', async () => {
    const shell = await shellOn(optionsFor(await sshd()));
    async function* failing() {
      yield Buffer.from('x');
      throw Error('the disk is gone');
    }
    expect((await failureOf(shell.run('cat; sleep 60', { input: failing() }))).message).toContain('the disk is gone');
    expect(await shell.run('echo well')).toMatchObject({ stdout: 'well\n' });
  });

  test('keeps the end of what is said', async () => {
    const shell = await shellOn(optionsFor(await sshd()));
    const { stdout, stderr } = await shell.run('seq 1 200000; echo last >&2');
    expect(stdout).toHaveLength(longestOutput);
    expect(stdout.endsWith('\n199999\n200000\n')).toBe(true);
    expect(stderr).toBe('last\n');
  });

  test('gives up after a deadline, also on one that talks without end, and can be used further', async () => {
    const timers: (() => void)[] = [];
    const powers = {
      setTimer: (callback: () => void) => {
        timers.push(callback);
        return () => {};
      },
    };
    const shell = await shellOn(optionsFor(await sshd()), { powers });
    const running = shell.run('while :; do echo yes; done', { deadline: 5_000 });
    running.catch(() => {});
    await shell.run('true');
    timers.at(-2)!();
    expect(await failureOf(running)).toMatchObject({
      code: 'HOST_UNREACHABLE',
      message: expect.stringMatching(/^\S+@127\.0\.0\.1:\d+: a script did not end within 5 s$/) as unknown,
    });
    expect(await shell.run('echo well')).toMatchObject({ stdout: 'well\n' });
  });

  test('rejects what runs when the connection is lost, or closed, and everything from then on', async () => {
    for (const end of ['lost', 'closed'] as const) {
      const server = await sshd();
      const shell = await shellOn(optionsFor(server));
      const running = ['one', 'two'].map((word) => failureOf(shell.run(`echo ${word}; sleep 60`)));
      await shell.run('true');
      if (end === 'lost') await server.hangUp();
      else shell.close();
      for (const { code, message } of await Promise.all(running)) {
        expect(code).toBe('HOST_UNREACHABLE');
        expect(message).toContain(`127.0.0.1:${server.port}`);
      }
      expect((await failureOf(shell.run('true'))).code).toBe('HOST_UNREACHABLE');
      shell.close();
    }
  });

  test('says what a host says that runs no commands', async () => {
    const shell = await shellOn(optionsFor(await sshd({ config: ['MaxSessions 0'] })));
    expect(await failureOf(shell.run('true'))).toMatchObject({ code: 'HOST_NOT_MANAGEABLE' });
  });
});

test('how a script ended is heard, too, when that comes together with its beginning', async () => {
  const channel = Object.assign(new PassThrough(), { stderr: new PassThrough() });
  const exec = (_command: string, callback: (error: undefined, channel: unknown) => void) => {
    callback(undefined, channel);
    channel.emit('exit', 5);
    channel.emit('close');
  };
  const connection = {
    where: 'root@host:22',
    client: { exec },
    ended: new Promise(() => undefined),
    close: () => undefined,
  };
  const shell = makeShell(connection as never, { sudo: false, setTimer: () => () => undefined });
  expect(await shell.run('exit 5')).toMatchObject({ code: 5 });
});

test('a command line is one word of the login shell, by sudo if wanted', () => {
  expect(commandLine(`echo 'a'`, false)).toBe(`exec sh -c 'echo '\\''a'\\'''`);
  expect(commandLine('true', true)).toBe(`exec sudo -n -- sh -c 'true'`);
});
