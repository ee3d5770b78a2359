/** What a boss loads until it serves: each module that it can do without makes every start of one longer. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';

const checkout = new URL('../../', import.meta.url).href;
const fileAt = (path: string): string => fileURLToPath(new URL(path, checkout));

/** Beginnings of what only other commands need. */
const notNeeded = [
  ...['zod', 'yaml'].map((name) => `node_modules/${name}/`),
  ...['actions', 'views', 'fleet-', 'open-client', 'connect'].map((name) => `src/cli/${name}`),
  ...['verify', 'export', 'restore-', 'closed-store', 'archive-reader'].map((name) => `src/persistence/${name}`),
  ...['repl/', 'restore-backup', 'upgrade-store'].map((name) => `src/boss/${name}`),
  'src/hob/',
];
const needed = ['src/cli/actions/serve.ts', 'src/cli/views/graph.ts'];

let home: TemporaryDirectory;
let boss: ChildProcess | undefined;
beforeEach(async () => {
  home = await makeTemporaryDirectory();
});
afterEach(async () => {
  if (boss?.exitCode === null) {
    const gone = once(boss, 'exit');
    boss.kill();
    await gone;
  }
  await home.remove();
});

test('a boss that starts loads nothing that only other commands need', async () => {
  const LOADED = join(home.path, 'loaded');
  boss = spawn(
    process.execPath,
    [
      '--import',
      fileAt('test/support/note-loaded.ts'),
      fileAt('src/cli/main.ts'),
      'boss',
      '--state',
      'state',
      '--json',
    ],
    { cwd: home.path, env: { HOME: home.path, PATH: process.env.PATH, LOADED }, stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const [line] = (await Promise.race([once(boss.stdout!, 'data'), once(boss, 'exit')])) as [unknown];
  expect(String(line)).toContain('"ready":true');

  const urls = (await readFile(LOADED, 'utf8')).split('\n');
  const loaded = urls.map((url) => url.replace(checkout, '').replace(/^.*\/(?=node_modules\/)/, ''));
  expect(loaded).toEqual(expect.arrayContaining(['src/boss/start-boss.ts', ...needed]));
  const others = loaded.filter((path) => !needed.includes(path) && notNeeded.some((name) => path.startsWith(name)));
  expect(others).toEqual([]);
});
