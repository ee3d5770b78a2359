/**
 * The directories of one local provider instance, on disk. Each is in one of three places, and a rename moves it on:
 *
 * ```
 *   <base>/<id>.making ──rename──▶ <base>/<id> ──rename──▶ <base>/<id>.removing
 *     half-made: made anew           whole                   half-removed: removal goes on
 * ```
 *
 * So `<id>` is whole whenever it is there, whatever was interrupted when. A machine's id has no dot, so that the names never meet.
 */
import { Buffer } from 'node:buffer';
import { isName } from '../../protocol/shapes.ts';
import { machinePaths } from '../../protocol/machine-directory.ts';
import { readSmallFile } from './small-file.ts';

export type DirectoryFs = Pick<
  typeof import('node:fs/promises'),
  'chmod' | 'constants' | 'lstat' | 'mkdir' | 'open' | 'readdir' | 'rename' | 'rmdir' | 'unlink'
>;

/** The three places of a machine's directory. */
export const placesOf = (base: string, machineId: string) =>
  harden({
    making: `${base}/${machineId}.making`,
    whole: `${base}/${machineId}`,
    removing: `${base}/${machineId}.removing`,
  });
harden(placesOf);

/** The machine that a name in the base directory belongs to; undefined for what is not ours. */
export const machineIdOf = (entry: string): string | undefined => {
  const machineId = entry.replace(/\.(?:making|removing)$/, '');
  return isName(machineId) ? machineId : undefined;
};
harden(machineIdOf);

/** What `look` gives, or undefined if there is no such file. Other errors are thrown. */
export const ifThere = async <T>(look: Promise<T>): Promise<T | undefined> => {
  try {
    return await look;
  } catch (error) {
    if ((error as { code?: string } | null)?.code === 'ENOENT') return undefined;
    throw error;
  }
};
harden(ifThere);

export interface Directories {
  /** The first 64 KB of its text, or undefined if there is none. Throws PROVIDER_FAILED for what is no regular file. */
  read(path: string): Promise<string | undefined>;
  exists(path: string): Promise<boolean>;
  /** Makes the whole directory of a machine, with its enrolment, synced. There must be none, in no place. */
  make(base: string, machineId: string, locator: string): Promise<void>;
  /** Puts another locator in place of one that was not used yet; nothing if the hob has removed it. */
  renewEnrolment(directory: string, locator: string): Promise<void>;
  /** Moves the whole directory, if there is one, to where no hob can start in it. */
  retire(base: string, machineId: string): Promise<void>;
  /** Removes what is half-made and half-removed. Hobs must have ended. */
  sweep(base: string, machineId: string): Promise<void>;
}

export const makeDirectories = (fs: DirectoryFs): Directories => {
  const sync = async (path: string): Promise<void> => {
    const { O_RDONLY, O_DIRECTORY } = fs.constants;
    const handle = await fs.open(path, O_RDONLY | O_DIRECTORY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  };

  const writeSecret = async (path: string, text: string): Promise<void> => {
    // What is there already may be a link, or open to others.
    await ifThere(fs.unlink(path));
    const handle = await fs.open(path, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
  };

  // Not fs.rm: a machine's root may hold directories that their owner may not write or read, and names that are not UTF-8.
  const removeTree = async (path: Buffer): Promise<void> => {
    const info = await ifThere(fs.lstat(path));
    if (info === undefined) return;
    if (!info.isDirectory()) {
      await ifThere(fs.unlink(path));
      return;
    }
    if ((info.mode & 0o700) !== 0o700) await fs.chmod(path, 0o700);
    for (const entry of await fs.readdir(path, { encoding: 'buffer' })) {
      await removeTree(Buffer.concat([path, Buffer.from('/'), entry]));
    }
    await ifThere(fs.rmdir(path));
  };

  const exists: Directories['exists'] = async (path) => (await ifThere(fs.lstat(path))) !== undefined;

  const read: Directories['read'] = (path) => readSmallFile(fs, path);

  const make: Directories['make'] = async (base, machineId, locator) => {
    const { making, whole } = placesOf(base, machineId);
    const paths = machinePaths(making);
    await fs.mkdir(making, { mode: 0o700 });
    await fs.mkdir(paths.root, { mode: 0o755 });
    await fs.mkdir(paths.state, { mode: 0o700 });
    await writeSecret(paths.enrolment, `${locator}\n`);
    await sync(making);
    await fs.rename(making, whole);
    await sync(base);
  };

  const renewEnrolment: Directories['renewEnrolment'] = async (directory, locator) => {
    const { enrolment } = machinePaths(directory);
    const text = `${locator}\n`;
    const held = await read(enrolment);
    if (held === undefined || held === text) return;
    await writeSecret(`${enrolment}.new`, text);
    await fs.rename(`${enrolment}.new`, enrolment);
    await sync(directory);
  };

  const retire: Directories['retire'] = async (base, machineId) => {
    const { whole, removing } = placesOf(base, machineId);
    if (!(await exists(whole))) return;
    await removeTree(Buffer.from(removing));
    await fs.rename(whole, removing);
  };

  const sweep: Directories['sweep'] = async (base, machineId) => {
    const { making, removing } = placesOf(base, machineId);
    await removeTree(Buffer.from(making));
    await removeTree(Buffer.from(removing));
    if (await exists(base)) await sync(base);
  };

  return harden({ read, exists, make, renewEnrolment, retire, sweep });
};
harden(makeDirectories);
