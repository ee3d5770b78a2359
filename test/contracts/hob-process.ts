/**
 * What a hob's process owes to the provider that starts it: src/protocol/machine-directory.ts, seen from outside. The hob runs it, and so
 * does the process that stands in for it in tests of providers.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatHobPid, machinePaths } from '../../src/protocol/machine-directory.ts';

/** Node marks the descriptors up to 16 to be closed in what it starts; this one it passes on. */
const HIGH = 20;

type Descriptor = 'ignore' | number;

export interface HobProcessSuite {
  /** Program and first arguments. */
  readonly command: readonly string[];
  /** False: it is known not to do that yet, and the test says when it does. */
  readonly closesInherited?: boolean;
}

export const describeHobProcess = (name: string, { command, closesInherited = true }: HobProcessSuite): void => {
  describe(`the process of ${name}`, () => {
    let directory: string;
    let running: ChildProcess[];
    const paths = () => machinePaths(directory);

    beforeEach(async () => {
      directory = join(await fs.realpath(await fs.mkdtemp(join(tmpdir(), 'gobs-hob-'))), 'm1');
      running = [];
      await fs.mkdir(directory, { mode: 0o700 });
      await fs.mkdir(paths().root, { mode: 0o755 });
      await fs.mkdir(paths().state, { mode: 0o700 });
    });
    afterEach(async () => {
      for (const hob of running) hob.kill('SIGKILL');
      await fs.rm(join(directory, '..'), { recursive: true });
    });

    const words = () => [...command.slice(1), '--directory', directory];

    const start = (...stdio: readonly Descriptor[]) => {
      const hob = spawn(command[0]!, words(), {
        detached: true,
        cwd: '/',
        stdio: ['ignore', 'pipe', 'pipe', ...stdio],
      });
      running.push(hob);
      const said = Promise.all([text(hob.stdout as Readable), text(hob.stderr as Readable)]);
      const ended = once(hob, 'exit').then(([code, signal]) => ({ code, signal }) as const);
      return { hob, ended, said: said.then((streams) => streams.join('\n')) };
    };

    /** Resolves when the note of who has the lock was put into its place. */
    const startedHob = async (...stdio: readonly Descriptor[]) => {
      const stop = new AbortController();
      const changes = fs.watch(directory, { signal: stop.signal });
      const started = start(...stdio);
      const noted = (async () => {
        for await (const { filename } of changes) {
          if (filename !== 'hob.pid') continue;
          const note = await fs.readFile(paths().hobPid, 'utf8').catch(() => '');
          if (note.includes(`"pid":${started.hob.pid},`)) return;
        }
      })();
      const died = started.ended.then(async () => Promise.reject(Error(await started.said)));
      await Promise.race([noted, died]).finally(() => stop.abort());
      died.catch(() => undefined);
      noted.catch(() => undefined);
      return started;
    };

    it('says who it is once it has the lock', async () => {
      const { hob } = await startedHob();
      expect(await fs.readFile(paths().hobPid, 'utf8')).toBe(
        formatHobPid(await fs.readFile(`/proc/${hob.pid}/stat`, 'utf8')),
      );
      expect((await fs.lstat(paths().hobPid)).mode & 0o7777).toBe(0o600);
    });

    it('keeps the command line that it was started with', async () => {
      const { hob } = await startedHob();
      const argv = (await fs.readFile(`/proc/${hob.pid}/cmdline`, 'utf8')).split('\0').slice(0, -1);
      expect(argv).toEqual([command[0], ...words()]);
    });

    it('ends by itself if another one has the lock, and leaves that one alone', async () => {
      const first = await startedHob();
      const note = await fs.readFile(paths().hobPid, 'utf8');
      const second = start();
      expect((await second.ended).code).toBe(1);
      expect(await second.said).toContain('STORE_IN_USE');
      expect(await fs.readFile(paths().hobPid, 'utf8')).toBe(note);
      expect(first.hob.exitCode).toBe(null);
    });

    it('ends with 0 on SIGTERM, and can be started again', async () => {
      for (const _ of [1, 2]) {
        const { hob, ended } = await startedHob();
        hob.kill('SIGTERM');
        expect(await ended).toEqual({ code: 0, signal: null });
      }
    });

    it('ends on a SIGTERM that comes before it is ready', async () => {
      const { hob, ended } = start();
      await once(hob, 'spawn');
      hob.kill('SIGTERM');
      const { code, signal } = await ended;
      expect(signal ?? code).toBe(signal === null ? 0 : 'SIGTERM');
    });

    it('can be started again after SIGKILL', async () => {
      const { hob, ended } = await startedHob();
      hob.kill('SIGKILL');
      await ended;
      await startedHob();
    });

    it.each(['root', 'state', '.'])('ends and does not make it if %s is missing', async (missing) => {
      await fs.rm(join(directory, missing), { recursive: true });
      const { ended } = start();
      expect(await ended).toEqual({ code: 1, signal: null });
      await expect(fs.lstat(join(directory, missing))).rejects.toThrow('ENOENT');
    });

    (closesInherited ? it : it.fails)('keeps nothing open that it inherited', async () => {
      const file = await fs.open(join(directory, '..', 'inherited'), 'w');
      const others = Array.from({ length: HIGH - 3 }, () => 'ignore' as const);
      const { hob } = await startedHob(...others, file.fd);
      await file.close();
      const open = await fs.readdir(`/proc/${hob.pid}/fd`);
      const links = await Promise.all(open.map((one) => fs.readlink(`/proc/${hob.pid}/fd/${one}`).catch(() => '')));
      expect(links).toContain('/dev/null');
      expect(links).not.toContain(join(directory, '..', 'inherited'));
    });
  });
};
