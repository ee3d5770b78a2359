/** The store of a process, whole: LevelDB, who holds it, its header and the witness of its commits. */
import { openCommitWitness } from './commit-witness.ts';
import { openLedger, type Ledger, type LedgerOptions } from './ledger.ts';
import { openLevelStore, type LevelStoreOptions } from './level-store.ts';
import { statePaths } from './state-directory.ts';

export interface OpenStoreOptions extends LevelStoreOptions, Pick<LedgerOptions, 'examine'> {
  /** For the id of a new store. */
  readonly randomId: () => string;
}

/**
 * Called once, by an entry point, which owns the ledger and must close it. Rejects as `openLevelStore` and `openLedger` do; then
 * nothing is held.
 */
export const openStore = async (options: OpenStoreOptions): Promise<Ledger> => {
  const { fs, directory, randomId, examine } = options;
  const store = await openLevelStore(options);
  try {
    const witness = openCommitWitness(fs, statePaths(directory).commits);
    try {
      return await openLedger(store, { randomId, where: directory, witness, ...(examine && { examine }) });
    } catch (error) {
      witness.close();
      throw error;
    }
  } catch (error) {
    await store.close();
    throw error;
  }
};
harden(openStore);
