/** The rows of a store that no process has open, read and left as they are. */
import { makeError } from '../errors/gobs-error.ts';
import { readCommitWitness } from './commit-witness.ts';
import { checkTables } from './database-check.ts';
import { openLevelStore, type LevelStoreOptions } from './level-store.ts';
import { pagesOf, type RowSource } from './row-source.ts';
import { requireStore, statePaths } from './state-directory.ts';

export interface ClosedStoreOptions extends Omit<LevelStoreOptions, 'makeDirectory'> {
  /** Reads every table before LevelDB does, which would believe a damaged one, and write what it believes to others. Takes about as long as reading the rows. */
  readonly wholeTables: boolean;
}

/** Of a store that LevelDB must not open. */
const damagedSource = (where: string, damage: readonly string[]): RowSource => {
  const more = damage.length === 1 ? '' : ` (and ${damage.length - 1} more)`;
  const pages = (): never => {
    throw makeError('STORE_DAMAGED', `${damage[0]!}${more}`, { hint: 'nothing was changed; restore a backup' });
  };
  return harden({ where, damage, pages, close: async () => {} });
};

/**
 * Nothing is written but the note that says who has the store, which is gone when it is closed; LevelDB itself may put its files in order, as at every
 * opening; but not where one of the tables is damaged, if they are looked at. Rejects STORE_IN_USE, STORE_UNUSABLE, STORE_NOT_OURS or STORE_DAMAGED; then nothing is held.
 */
export const openClosedStore = async (options: ClosedStoreOptions): Promise<RowSource> => {
  const { wholeTables, ...opening } = options;
  const { fs, directory } = opening;
  const paths = statePaths(directory);
  await requireStore(fs, paths);
  const found = wholeTables ? await checkTables(fs, paths.database) : [];
  const damage = found.map(({ message }) => message);
  if (damage.length > 0) return damagedSource(directory, damage);
  const store = await openLevelStore({ ...opening, makeDirectory: false });
  const acknowledged = await readCommitWitness(fs, paths.commits);
  return harden({ where: directory, acknowledged, pages: () => pagesOf(store), close: store.close });
};
harden(openClosedStore);
