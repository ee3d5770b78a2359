/** Backups that somebody has made up who can write a file, and knows the format and the store's id, but has no key: none harms who reads it. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { craftedFiles } from '../support/crafted-files.ts';
import { craftedRows } from '../support/crafted-rows.ts';
import { makeCraftedWorld, requireLines, type CraftedWorld } from '../support/crafted-world.ts';
import { gobs } from '../support/e2e/gobs.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';
import { forgeBackup } from '../support/forge-backup.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

let sandbox: Sandbox;
let world: CraftedWorld;
beforeEach(async () => {
  sandbox = await makeSandbox();
  world = await makeCraftedWorld(sandbox);
});
afterEach(async () => {
  world.end();
  await sandbox.end();
});

/** Nothing is restored of it, with the right key. */
const requireNotRestored = async (file: string): Promise<void> => {
  const to = world.at('elsewhere');
  const { code, stdout, stderr } = await world.store('restore', file, '--state', to, '--sealing-key', world.sealingKey);
  requireLines(stderr);
  expect([code, stdout]).toEqual([1, '']);
  expect(existsSync(to)).toBe(false);
};

const requireExported = async (file: string): Promise<void> => {
  const { stdout, stderr } = await world.store('export', file, '--json');
  requireLines(stderr);
  for (const line of stdout.split('\n').slice(0, -1)) JSON.parse(line);
};

test('rows that no gobs has written are found, each by its key, and nothing is restored of them', async () => {
  for (const [name, { finds, change }] of craftedRows) {
    const file = await world.write(forgeBackup(world.backup, change));
    const people = await world.store('verify', file);
    requireLines(people.stdout);
    requireLines(people.stderr);
    expect(people.code, name).toBe(finds === undefined ? 0 : 1);
    if (finds !== undefined) expect(people.stdout, name).toMatch(finds);
    const tools = await world.store('verify', file, '--json');
    expect(JSON.parse(tools.stdout), name).toMatchObject({ sound: finds === undefined });
    expect(tools.stdout.length).toBeLessThan(100_000);
    await requireExported(file);
    await requireNotRestored(file);
  }
  expect(craftedRows.size).toBeGreaterThan(300);
});

test('a file that is wrong as a whole is said to be, where, and nothing is restored of it', async () => {
  const files = craftedFiles(world.backup);
  for (const [name, { text, says }] of files) {
    const file = await world.write(text);
    const { code, stdout, stderr } = await world.store('verify', file, '--sealing-key', world.sealingKey);
    requireLines(stdout);
    requireLines(stderr);
    expect(code, name).toBe(1);
    expect(stdout + stderr, name).toMatch(says);
    await requireExported(file);
    await requireNotRestored(file);
  }
  expect(files.size).toBeGreaterThan(80);
});

test('a pipe, a device or a line without an end is refused, by the real command, in little memory', async () => {
  const pipe = sandbox.at('pipe');
  await promisify(execFile)('mkfifo', [pipe]);
  const endless = await world.write('');
  const file = await open(endless, 'w');
  await file.write(`${world.backup.split('\n')[0]!}\n["b/x","`);
  await file.truncate(200_000_000);
  await file.close();
  const cases: readonly (readonly [file: string, says: RegExp])[] = [
    [pipe, /^gobs: BACKUP_UNUSABLE: \S+: is no file\n$/],
    ['/dev/zero', /^gobs: BACKUP_UNUSABLE: \S+: is no file\n$/],
    [endless, /BACKUP_DAMAGED: \S+: line 2, byte \d+: longer than 67108864 bytes\n/],
  ];
  const env = { NODE_OPTIONS: '--max-old-space-size=128' };
  for (const [path, says] of cases) {
    for (const words of [['verify'], ['export', '--json'], ['restore', '--state', world.at('elsewhere')]]) {
      const { code, stdout, stderr } = await gobs(sandbox, ['store', ...words, path], { env });
      expect([code, stdout + stderr], `${words[0]} ${path}`).toEqual([1, expect.stringMatching(says)]);
    }
  }
  expect(existsSync(world.at('elsewhere'))).toBe(false);
});

test('a row of many references costs verifying not much more memory than its text', async () => {
  const slots = Array.from({ length: 300_000 }, (_, n) => `vat:boss/machine/${10 ** 14 + n * 4_096}/self`);
  const text = JSON.stringify({ k: 'entry', v: 1, c: 1, b: '#null', s: slots });
  const file = await world.write(forgeBackup(world.backup, (rows) => [...rows, ['v/boss/m/2/web2', text]]));
  const env = { NODE_OPTIONS: '--max-old-space-size=160' };
  const { code, stdout } = await gobs(sandbox, ['store', 'verify', file], { env });
  expect([code, stdout]).toEqual([1, expect.stringMatching(/\nand 299\d{3} more\n$/)]);
});
