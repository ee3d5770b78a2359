/** The real processes, whose log goes to a device that is full. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { machinePaths } from '../../src/protocol/machine-directory.ts';
import { makeTemporaryDirectory } from '../support/temporary-directory.ts';

const entry = (name: string): string => fileURLToPath(new URL(`../../src/${name}`, import.meta.url));

const start = (...words: string[]) => {
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', full] });
  closeSync(full);
  const exit = once(child, 'exit');
  return { child, exit };
};

describe('a log that cannot be written', () => {
  test('keeps no boss from serving', async () => {
    const directory = await makeTemporaryDirectory();
    const { child, exit } = start(entry('cli/main.ts'), 'boss', '--json', '--state', join(directory.path, 'state'));
    try {
      const [line] = (await Promise.race([once(child.stdout!, 'data'), exit])) as unknown[];
      expect(String(line)).toContain('"ready":true');
      child.kill('SIGTERM');
      expect((await exit)[0]).toBe(0);
    } finally {
      child.kill('SIGKILL');
      await directory.remove();
    }
  });

  test('keeps no hob from its work', async () => {
    const directory = await makeTemporaryDirectory();
    const paths = machinePaths(join(directory.path, 'm1'));
    for (const path of [paths.directory, paths.root, paths.state]) mkdirSync(path, { mode: 0o700 });
    writeFileSync(paths.enrolment, 'none\n', { mode: 0o600 });
    const { child, exit } = start(entry('hob/main.ts'), '--directory', paths.directory);
    try {
      let ended = false;
      void exit.then(() => (ended = true));
      while (!existsSync(paths.hobPid) && !ended) await new Promise((resolve) => setImmediate(resolve));
      child.kill('SIGTERM');
      expect((await exit)[0]).toBe(0);
    } finally {
      child.kill('SIGKILL');
      await directory.remove();
    }
  });
});
