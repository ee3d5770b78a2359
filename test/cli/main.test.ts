/** The command line as a process, with the lockdown of production: what it refuses, and that it leaves nothing behind when it does. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'gobs-main-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const gobs = async (words: string[], stdin = '') => {
  const child = spawn(process.execPath, [main, ...words], {
    cwd: home,
    env: { HOME: home, PATH: process.env.PATH },
    stdio: 'pipe',
  });
  child.stdin.end(stdin);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number]>,
  ]);
  return { code, stdout, stderr };
};

const oneLine = /^gobs: [A-Z_]+: [^\n]+\n(hint: [^\n]+\n)?$/;

describe('what makes no sense is one line, exit 1, and nothing is made', () => {
  test.each<[string[], string]>([
    [['mahcine'], 'BAD_USAGE'],
    [['machine', 'list', '--jsn'], 'BAD_USAGE'],
    [['machine', 'create', 'web1'], 'BAD_USAGE'],
    [['machine', 'list'], 'BOSS_NOT_RUNNING'],
    [['drift', '--state', 'nowhere'], 'BOSS_NOT_RUNNING'],
    [['repl', '--socket', 'nowhere.sock'], 'BOSS_NOT_RUNNING'],
    [['share', 'web1', '--as', 'observer', '--connect-file', 'nowhere'], 'BAD_USAGE'],
    [['plan', 'nowhere.yaml'], 'BAD_DOCUMENT'],
    [['apply', '-'], 'BAD_DOCUMENT'],
    [['up', '--listen', 'nonsense'], 'BAD_USAGE'],
    [['up', '--state', '/dev/null/state'], 'STORE_UNUSABLE'],
    [['init', '/dev/null/fleet.yaml'], 'BAD_USAGE'],
    [['boss', '--state', 'state', '--passphrase-file', 'nowhere'], 'SEALING_KEY_UNUSABLE'],
    [['boss', '--state', 'state', '--passphrase-file', '/dev/null'], 'SEALING_KEY_UNUSABLE'],
    [['boss', '--state', 'state', '--sealing-key', '/dev'], 'SEALING_KEY_UNUSABLE'],
    [['boss', '--state', 'state', '--sealing-key', 'nowhere'], 'SEALING_KEY_UNUSABLE'],
    [['store', 'verify', 'nowhere'], 'BACKUP_UNUSABLE'],
    [['store', 'restore', 'nowhere'], 'BACKUP_UNUSABLE'],
    [['store', 'export', '--json', '/dev'], 'BACKUP_UNUSABLE'],
  ])('%j', async (words, code) => {
    const ran = await gobs(words, 'machines: {web1: {provider: local, policy: never}}\n');
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toMatch(oneLine);
    expect(ran.stderr).toContain(`gobs: ${code}: `);
    expect(readdirSync(home)).toEqual([]);
  });
});

test('init writes a fleet file that plan understands, and does not write over it', async () => {
  expect((await gobs(['init'])).code).toBe(0);
  const written = readFileSync(join(home, 'fleet.yaml'), 'utf8');
  expect((await gobs(['plan', 'fleet.yaml'])).stderr).toContain('BOSS_NOT_RUNNING');
  expect((await gobs(['init'])).code).toBe(1);
  expect(readFileSync(join(home, 'fleet.yaml'), 'utf8')).toBe(written);
});

test('help and version are data', async () => {
  const { version } = JSON.parse(
    readFileSync(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8'),
  ) as { version: string };
  expect(await gobs(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  expect(await gobs(['machine', 'create', '--help'])).toMatchObject({
    code: 0,
    stderr: '',
    stdout: expect.stringContaining('--provider'),
  });
});

test('a locator that was typed as an argument is not repeated', async () => {
  const { code, stderr } = await gobs(['repl', 'gobs://aaaa.tls/s/verySecret?host=h']);
  expect(code).toBe(1);
  expect(stderr).not.toContain('verySecret');
});

test('a reader that goes away is no failure', async () => {
  const child = spawn('sh', ['-c', `"$0" "$1" --help | head -n 1`, process.execPath, main], {
    cwd: home,
    stdio: 'pipe',
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect({ stdout, stderr }).toEqual({ stdout: 'Usage: gobs [options] [command]\n', stderr: '' });
});
