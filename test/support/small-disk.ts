/** A file system of a few MB in memory, to be filled. Needs the right to mount; where there is none, it says why. */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { makeTemporaryDirectory } from './temporary-directory.ts';

export interface SmallDisk {
  readonly path: string;
  /** Writes a file until there is no room left. */
  fill(): void;
  /** Removes that file. */
  makeRoom(): void;
  /** Refused by the kernel while anybody has a file open for writing. */
  makeReadOnly(): void;
  /** From now on nothing can be made, renamed or opened for writing at its path; who has a file open goes on writing that. */
  coverReadOnly(): void;
  uncover(): void;
  /** Must be called. */
  unmount(): Promise<void>;
}

/** `size` as mount takes it: `4m`. */
export const mountSmallDisk = async ({ size }: { size: string }): Promise<SmallDisk | { readonly reason: string }> => {
  const directory = await makeTemporaryDirectory();
  const { path } = directory;
  const run = (command: string, ...args: string[]) => execFileSync(command, args, { stdio: 'pipe' });
  try {
    run('mount', '-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'gobs-test', path);
  } catch (error) {
    await directory.remove();
    return { reason: `a small tmpfs cannot be mounted here: ${(error as Error).message.trim().split('\n').at(-1)}` };
  }
  const ballast = join(path, 'ballast');
  let covered = false;
  return {
    path,
    fill() {
      const file = openSync(ballast, 'a');
      const page = Buffer.alloc(4_096);
      try {
        for (;;) writeSync(file, page);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      } finally {
        closeSync(file);
      }
    },
    makeRoom: () => rmSync(ballast),
    makeReadOnly: () => {
      run('mount', '-o', 'remount,ro', path);
    },
    coverReadOnly: () => {
      run('mount', '--bind', path, path);
      covered = true;
      run('mount', '-o', 'remount,bind,ro', path);
    },
    uncover: () => {
      run('umount', path);
      covered = false;
    },
    async unmount() {
      // Lazily: a test that failed may have left a file open.
      if (covered) run('umount', '-l', path);
      run('umount', '-l', path);
      await directory.remove();
    },
  };
};
