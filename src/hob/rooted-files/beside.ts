/**
 * The frame in which something new takes a place: it is made beside it, under a name that nobody can foresee, then put there, and the directory is synced, so
 * that the name is on the disk too. What the steps between are, replace-file.ts and replace-link.ts say.
 */
import { openPath, type Place } from './walk.ts';

export interface Beside<T> {
  /** Of what is made beside; it may be used only in these calls. */
  readonly make: (entry: string) => Promise<T>;
  /** Gives it the place. If it throws, what was made is removed. */
  readonly put: (made: T, entry: string) => Promise<void>;
}

/** Called with a fresh `temporary` name. Rejects as the two do, or as the file system does. */
export const putFromBeside = async <T>(
  fs: typeof import('node:fs'),
  place: Place,
  temporary: string,
  { make, put }: Beside<T>,
): Promise<void> => {
  const { O_DIRECTORY, O_RDONLY } = fs.constants;
  const entry = `${openPath(place.directory)}/${temporary}`;
  // Opened first: what cannot be synced is not begun.
  const directory = await fs.promises.open(openPath(place.directory), O_RDONLY | O_DIRECTORY);
  try {
    const made = await make(entry);
    try {
      await put(made, entry);
    } catch (error) {
      await fs.promises.unlink(entry).catch(() => {});
      throw error;
    }
    await directory.sync();
  } finally {
    await directory.close();
  }
};
harden(putFromBeside);
