/** The rows of a store that no process has open, read and left as they are. */
import { makeError } from '../errors/gobs-error.ts';
import { readCommitWitness } from './commit-witness.ts';
import { openLevelStore, type LevelStoreOptions } from './level-store.ts';
import { pagesOf, type RowSource } from './row-source.ts';
import { prepareStateDirectory, statePaths, type StatePaths } from './state-directory.ts';
import { storeFailure } from './store-failure.ts';

export type ClosedStoreOptions = Omit<LevelStoreOptions, 'makeDirectory'>;

/** What LevelDB finds no database in, it makes one in. */
const requireStore = async ({ fs, uid }: ClosedStoreOptions, paths: StatePaths): Promise<void> => {
  const names: readonly string[] = await fs.promises.readdir(paths.database).catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== 'ENOENT') throw storeFailure(paths.database, error);
    return [];
  });
  if (names.includes('CURRENT')) return;
  // One that is damaged is told from none.
  if (names.length > 0) await prepareStateDirectory(fs, paths, false, uid);
  throw makeError('STORE_UNUSABLE', `${paths.directory}: there is no store`, {
    hint: 'say where it is with --state DIR',
  });
};

/**
 * Nothing is written but the note that says who has the store, which is gone when it is closed; LevelDB itself may put its files in order, as at every
 * opening. Rejects STORE_IN_USE, STORE_UNUSABLE, STORE_NOT_OURS or STORE_DAMAGED; then nothing is held.
 */
export const openClosedStore = async (options: ClosedStoreOptions): Promise<RowSource> => {
  const { fs, directory } = options;
  const paths = statePaths(directory);
  await requireStore(options, paths);
  const store = await openLevelStore({ ...options, makeDirectory: false });
  const acknowledged = await readCommitWitness(fs, paths.commits);
  return harden({ where: directory, acknowledged, pages: () => pagesOf(store), close: store.close });
};
harden(openClosedStore);
