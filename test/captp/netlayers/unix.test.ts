import { fork } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { longestSocketPath, makeUnixNetlayer } from '../../../src/captp/netlayers/unix.ts';
import { codeOf, describeError } from '../../../src/errors/gobs-error.ts';
import { netlayerContract } from '../../contracts/netlayer.ts';

const [nearId, farId] = ['n'.repeat(52), 'f'.repeat(52)];
const layer = () => makeUnixNetlayer({ net, fs, umask: (mask) => process.umask(mask) });
const makeDirectory = () => fs.mkdtempSync(join(tmpdir(), 'gobs-unix-'));

netlayerContract('unix', async () => {
  const directory = makeDirectory();
  let last = 0;
  return {
    near: layer(),
    nearId,
    far: layer(),
    farId,
    proves: false,
    address: () => {
      last += 1;
      return { path: join(directory, `s${last}`) };
    },
    nonsense: { path: '' },
    end: async () => fs.rmSync(directory, { recursive: true }),
  };
});

describe('the netlayer unix', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = makeDirectory();
    path = join(directory, 'boss.sock');
  });
  afterEach(() => fs.rmSync(directory, { recursive: true }));

  test('makes a socket that only its owner can use, whatever the umask, which stays', async () => {
    const before = process.umask(0);
    const listener = await layer().listen({ path }, () => {});
    expect(process.umask(before)).toBe(0);
    expect(fs.statSync(path).mode & 0o777).toBe(0o600);
    await listener.close();
    expect(fs.existsSync(path)).toBe(false);
  });

  test('takes the place of a socket whose process is gone', async () => {
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.send('up'))`;
    const file = join(directory, 'listen.cjs');
    fs.writeFileSync(file, script);
    const child = fork(file);
    await once(child, 'message');
    const error = await layer()
      .listen({ path }, () => {})
      .catch((cause: unknown) => cause);
    expect(codeOf(error)).toBe('ADDRESS_UNUSABLE');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(fs.lstatSync(path).isSocket()).toBe(true);
    const listener = await layer().listen({ path }, ({ stream }) => stream.destroy());
    const { stream } = await layer().dial({ path }, farId);
    stream.destroy();
    await listener.close();
  });

  test('removes nothing that is no socket', async () => {
    fs.writeFileSync(path, 'precious');
    const error = await layer()
      .listen({ path }, () => {})
      .catch((cause: unknown) => cause);
    expect(describeError(error)).toMatchObject({ code: 'ADDRESS_UNUSABLE' });
    expect(fs.readFileSync(path, 'utf8')).toBe('precious');
  });

  test('refuses a path that the system would cut short, and takes the longest that it would not', async () => {
    const longest = join(directory, 'x'.repeat(longestSocketPath - directory.length - 1));
    const listener = await layer().listen({ path: longest }, () => {});
    await listener.close();
    const error = await layer()
      .listen({ path: `${longest}x` }, () => {})
      .catch((cause: unknown) => cause);
    expect(describeError(error)).toMatchObject({ code: 'ADDRESS_UNUSABLE' });
    expect(describeError(error).message).toContain('108 bytes, where 107');
    expect(fs.readdirSync(directory)).toEqual([]);
  });

  test('says why it cannot listen below a regular file', async () => {
    fs.writeFileSync(path, '');
    const error = await layer()
      .listen({ path: join(path, 's') }, () => {})
      .catch((cause: unknown) => cause);
    expect(codeOf(error)).toBe('ADDRESS_UNUSABLE');
  });
});
