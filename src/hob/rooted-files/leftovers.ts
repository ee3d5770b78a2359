/**
 * Temporary files: their names, and what becomes of those that a killed hob left. A name is made of a prefix that no document may
 * use and 128 random bits, so nobody can put something in its place beforehand.
 */
import { Buffer } from 'node:buffer';
import type { Dir } from 'node:fs';
import { temporaryPrefix } from '../../protocol/resources/host-path.ts';
import { fileError, systemCode } from './file-errors.ts';
import { openPath, syncDirectory, type Place } from './walk.ts';

type Fs = typeof import('node:fs');

const BYTES = 16;
const LEFTOVER = new RegExp(`^${temporaryPrefix.replaceAll('.', '\\.')}[0-9a-f]{${2 * BYTES}}$`);

export const randomName = (randomBytes: (count: number) => Uint8Array): string =>
  `${temporaryPrefix}${Buffer.from(randomBytes(BYTES)).toString('hex')}`;
harden(randomName);

export interface SweepRecord {
  /** Names in use now. */
  readonly ours: ReadonlySet<string>;
  /** Directories that were looked through, as `device:inode`. Added to. */
  readonly swept: Set<string>;
}

/** A directory of that name is not of our making, and one that is gone is as wanted. */
const removeLeftover = async (fs: Fs, place: Place, name: string): Promise<void> => {
  try {
    await fs.promises.unlink(`${openPath(place.directory)}/${name}`);
  } catch (error) {
    if (!['EISDIR', 'ENOENT'].includes(systemCode(error) ?? '')) throw fileError('CANNOT_CHANGE', place.path, error);
  }
};

/** Undefined where we may not list: replacing a file begins with that, so nothing of ours is there either. */
const openForListing = async (fs: Fs, place: Place): Promise<Dir | undefined> => {
  try {
    return await fs.promises.opendir(openPath(place.directory));
  } catch (error) {
    if (systemCode(error) === 'EACCES') return undefined;
    throw error;
  }
};

/** Looks through the place's directory, if it did not before, and removes what has such a name and is not in use. */
export const sweepLeftovers = async (fs: Fs, place: Place, { ours, swept }: SweepRecord): Promise<void> => {
  const { dev, ino } = await place.directory.stat();
  const key = `${dev}:${ino}`;
  if (swept.has(key)) return;
  const names: string[] = [];
  for await (const { name } of (await openForListing(fs, place)) ?? []) {
    if (LEFTOVER.test(name) && !ours.has(name)) names.push(name);
  }
  for (const name of names) await removeLeftover(fs, place, name);
  if (names.length > 0) await syncDirectory(fs, place.directory);
  swept.add(key);
};
harden(sweepLeftovers);
