/**
 * A file system that becomes read-only under the processes that have files open in it, as the kernel makes it after an error of the medium. (`mount -o
 * remount,ro` is refused while anybody writes.) Such a one stays so until it is unmounted, checked and mounted again. It is an ext4 in a file; where that
 * cannot be had, it says why.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeTemporaryDirectory } from './temporary-directory.ts';

export interface FailingDisk {
  readonly path: string;
  /** From now on it is read-only. */
  fail(): void;
  /** Takes it away as soon as nobody has a file open in it, has it checked, and mounts it again, writable. */
  mend(): Promise<void>;
  /** Must be called. */
  unmount(): Promise<void>;
}

const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { stdio: 'pipe', encoding: 'utf8' });

/** Exit codes of e2fsck up to 2: nothing was wrong, or all of it is mended. */
const check = (image: string): void => {
  try {
    run('e2fsck', '-fy', image);
  } catch (error) {
    if (((error as { status?: number }).status ?? 8) > 2) throw error;
  }
};

/** Processes that were killed are gone from /proc a little before their files are closed. */
const unmountWhenFree = async (path: string): Promise<void> => {
  for (;;) {
    try {
      run('umount', path);
      return;
    } catch (error) {
      if (!String((error as { stderr?: unknown }).stderr).includes('target is busy')) throw error;
      await delay(10);
    }
  }
};

/** Unmounted here, a file system lives on as it is for as long as another mount namespace has it, too: mounted again, it would be the same one. */
const goneFromKernel = async (device: string): Promise<void> => {
  while (existsSync(`/sys/fs/ext4/${device}`)) await delay(10);
};

export const mountFailingDisk = async (): Promise<FailingDisk | { readonly reason: string }> => {
  const directory = await makeTemporaryDirectory();
  const [image, path] = [join(directory.path, 'image'), join(directory.path, 'disk')];
  const mount = (): void => void run('mount', '-o', 'loop,errors=remount-ro', image, path);
  const device = (): string => basename(run('findmnt', '--noheadings', '--output', 'SOURCE', path).trim());
  const trigger = (): string => `/sys/fs/ext4/${device()}/trigger_fs_error`;
  let mounted = false;
  try {
    mkdirSync(path);
    writeFileSync(image, '');
    truncateSync(image, 64 << 20);
    run('mkfs.ext4', '-q', '-O', '^has_journal', image);
    mount();
    mounted = true;
    if (!existsSync(trigger())) throw Error('this kernel cannot be told to fail');
  } catch (error) {
    if (mounted) run('umount', '-l', path);
    await directory.remove();
    return { reason: `no ext4 in a file can be mounted here: ${(error as Error).message.trim().split('\n').at(-1)}` };
  }
  return {
    path,
    fail: () => writeFileSync(trigger(), 'a test says so'),
    async mend() {
      const was = device();
      await unmountWhenFree(path);
      await goneFromKernel(was);
      check(image);
      mount();
    },
    async unmount() {
      // Lazily: a test that failed may have left a file open.
      run('umount', '-l', path);
      await directory.remove();
    },
  };
};
