/**
 * A state directory whose store was moved away, or is on a file system that is not mounted, must not get a new, empty one without a word: with that
 * the old one would not be looked for, and hobs and locators know another key.
 */
import { basename } from 'node:path';
import { makeError } from '../errors/gobs-error.ts';
import { readCommitWitness } from './commit-witness.ts';
import { isOnlyBegun, type StatePaths } from './state-directory.ts';

type Fs = typeof import('node:fs');

const isThere = (fs: Fs, path: string): Promise<boolean> =>
  fs.promises.lstat(path).then(
    () => true,
    () => false,
  );

/** What cannot be read is told by who opens it. */
const holdsStore = (fs: Fs, database: string): Promise<boolean> =>
  fs.promises.readdir(database).then(
    (names) => !isOnlyBegun(names),
    (error: unknown) => (error as { code?: unknown }).code !== 'ENOENT',
  );

/**
 * For who makes a store where there is none. `traces`: absolute paths of what is there only where there was a store, beside the count of its commits.
 * Rejects STORE_LOST if one is there, and no store. Is there a store?
 */
export const requireNotLost = async (
  fs: Fs,
  { directory, database, restored, commits }: StatePaths,
  traces: readonly string[],
): Promise<boolean> => {
  // Before the store is looked for: somebody else may just be making both.
  const found = (await readCommitWitness(fs, commits)) > 0 ? [commits] : [];
  for (const trace of traces) if (await isThere(fs, trace)) found.push(trace);
  // A restore that ends just now moves the one to the other between two looks.
  for (const path of [database, restored, database]) if (await holdsStore(fs, path)) return true;
  if (found.length === 0) return false;
  const names = found.map((path) => basename(path)).join(', ');
  throw makeError('STORE_LOST', `${database}: the store is gone; left of what was there: ${names}`, {
    hint: `put the store back there, or restore a backup (a boss's: gobs store restore FILE); to begin anew without it, move ${names} out of ${directory}`,
  });
};
harden(requireNotLost);
