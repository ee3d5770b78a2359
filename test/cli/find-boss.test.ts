import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findLocator, findStateDirectory } from '../../src/cli/find-boss.ts';
import type { BossPlace } from '../../src/cli/request.ts';
import { describeError } from '../../src/errors/gobs-error.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gobs-find-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

interface Surroundings {
  readonly env?: Record<string, string>;
  readonly stdin?: string;
  readonly uid?: number;
}

const powers = ({ env = {}, stdin = '', uid = process.getuid!() }: Surroundings = {}) => ({
  env,
  homeDirectory: directory,
  workingDirectory: directory,
  uid,
  fs,
  stdin: Readable.from([stdin]),
});
const find = (at: BossPlace, surroundings?: Surroundings) => findLocator(at, powers(surroundings));
const refusal = (at: BossPlace, surroundings?: Surroundings) =>
  find(at, surroundings).then(() => 'found', describeError);

const locator = (path: string) => `gobs://${'a'.repeat(52)}.unix/s/secret?path=${encodeURIComponent(path)}`;
const write = (path: string, text: string, mode = 0o600) => {
  mkdirSync(join(directory, path, '..'), { recursive: true });
  writeFileSync(join(directory, path), text, { mode });
};

describe('the boss is found', () => {
  test('in the default state directory', async () => {
    const kept = locator(join(directory, '.local/state/gobs/boss.sock'));
    write('.local/state/gobs/admin.locator', `${kept}\n`);
    expect(await find({})).toMatchObject({ locator: kept, kept: true });
  });

  test('by --state, which may be relative, and by GOBS_STATE', async () => {
    const kept = locator(join(directory, 'lab/boss.sock'));
    write('lab/admin.locator', kept);
    expect((await find({ state: 'lab' })).locator).toBe(kept);
    expect((await find({}, { env: { GOBS_STATE: join(directory, 'lab') } })).locator).toBe(kept);
  });

  test('by --socket, with the locator beside it, wherever the boss believes that it is', async () => {
    write('here/boss.sock.locator', locator('/elsewhere/boss.sock'));
    const { locator: found } = await find({ socket: 'here/boss.sock' });
    expect(new URL(found).searchParams.get('path')).toBe(join(directory, 'here/boss.sock'));
    expect(found).toContain('/s/secret');
    expect((await find({}, { env: { GOBS_SOCKET: 'here/boss.sock' } })).locator).toBe(found);
  });

  test('by a file, or standard input, of which the first line is taken', async () => {
    write('file', `${locator('/x')}\nmore\n`);
    expect(await find({ connectFile: 'file' })).toMatchObject({ locator: locator('/x'), kept: false });
    expect((await find({ connectFile: '-' }, { stdin: `\n${locator('/y')}\n` })).locator).toBe(locator('/y'));
    expect((await find({}, { env: { GOBS_CONNECT_FILE: 'file' } })).locator).toBe(locator('/x'));
  });

  test('by a flag rather than by the environment', async () => {
    const kept = locator(join(directory, 'lab/boss.sock'));
    write('lab/admin.locator', kept);
    write('file', locator('/file'));
    expect((await find({ state: 'lab' }, { env: { GOBS_CONNECT_FILE: 'file', GOBS_SOCKET: 's' } })).locator).toBe(kept);
  });

  test('with a warning, if others can read the file', async () => {
    write('open', locator('/x'), 0o644);
    expect((await find({ connectFile: 'open' })).warning).toContain('chmod 600');
    write('closed', locator('/x'), 0o600);
    expect((await find({ connectFile: 'closed' })).warning).toBeUndefined();
  });
});

describe('the boss is not found', () => {
  test.each<[BossPlace, string, string]>([
    [{}, 'BOSS_NOT_RUNNING', 'start one with gobs up'],
    [{ state: 'nowhere' }, 'BOSS_NOT_RUNNING', 'start one with gobs up --state nowhere'],
    [{ socket: 'nowhere.sock' }, 'BOSS_NOT_RUNNING', '.locator'],
  ])('%j', async (at, code, hint) => {
    expect(await refusal(at)).toMatchObject({ code, hint: expect.stringContaining(hint) });
  });

  test('below a regular file', async () => {
    write('file', 'x');
    expect(await refusal({ state: 'file/state' })).toMatchObject({ code: 'BOSS_NOT_RUNNING' });
  });

  test('a file that is not there, or is a directory, is named', async () => {
    expect(await refusal({ connectFile: 'nope' })).toMatchObject({
      code: 'BAD_USAGE',
      message: `--connect-file ${directory}/nope: no such file`,
    });
    expect(await refusal({ connectFile: '.' })).toMatchObject({
      code: 'BAD_USAGE',
      message: `--connect-file ${directory}: is a directory`,
    });
  });
});

describe('a short socket in the runtime directory', () => {
  const long = 'l'.repeat(120);
  const env = () => ({ XDG_RUNTIME_DIR: directory.length > 50 ? '/tmp' : directory });
  const prepare = (mode: number) => {
    const { socket, adminLocator } = findStateDirectory(long, powers({ env: env() }));
    expect(socket).toMatch(/\/gobs\/[0-9a-f]{32}\.sock$/);
    mkdirSync(join(directory, long));
    writeFileSync(adminLocator, locator(socket));
    if (mode !== 0) mkdirSync(join(socket, '..'), { mode });
    return socket;
  };

  test('is used if the directory is ours alone', async () => {
    const socket = prepare(0o700);
    expect((await find({ state: long }, { env: env() })).locator).toBe(locator(socket));
    // The boss may have had another environment than we have.
    expect((await find({ state: long })).locator).toBe(locator(socket));
  });

  test("is not told our secret if the directory is somebody else's", async () => {
    prepare(0o700);
    expect(await refusal({ state: long }, { env: env(), uid: process.getuid!() + 1 })).toMatchObject({
      code: 'STORE_UNUSABLE',
      message: expect.stringMatching(/gobs: belongs to user/),
    });
  });

  test('is not told our secret if others can write there, or it is a link', async () => {
    const socket = prepare(0o770);
    expect(await refusal({ state: long }, { env: env() })).toMatchObject({ code: 'STORE_UNUSABLE' });
    expect(await refusal({ state: long })).toMatchObject({ code: 'STORE_UNUSABLE' });
    rmSync(join(socket, '..'), { recursive: true });
    mkdirSync(join(directory, 'other'), { mode: 0o700 });
    symlinkSync(join(directory, 'other'), join(socket, '..'));
    expect(await refusal({ state: long }, { env: env() })).toMatchObject({
      code: 'STORE_UNUSABLE',
      message: expect.stringContaining('is not a directory'),
    });
  });
});
