/** The store of a process, whole: LevelDB, who holds it, its header and the witness of its commits. */
import { openCommitWitness, type CommitWitness } from './commit-witness.ts';
import { openLedger, type Ledger, type LedgerOptions } from './ledger.ts';
import { openLevelStore, type LevelStoreOptions } from './level-store.ts';
import { requireNotLost } from './lost-store.ts';
import { makeOverlayStore } from './overlay-store.ts';
import { requireStore, statePaths } from './state-directory.ts';

export interface OpenStoreOptions extends LevelStoreOptions, Pick<LedgerOptions, 'examine'> {
  /** For the id of a new store. */
  readonly randomId: () => string;
  /** There must be a store already, or STORE_UNUSABLE. */
  readonly mustExist?: boolean;
  /** Absolute paths of what is made only once there is a store: if one is there, and no store, that is STORE_LOST. */
  readonly traces?: readonly string[];
  /** Called where there is no store, before one is made. What it rejects with, `openStore` does, and nothing was made. */
  readonly mayBegin?: () => Promise<void>;
  /** Whatever is written, the opening too, stays in memory and is gone with it. The store is held all the same. */
  readonly dryRun?: boolean;
}

const onlyAsked = (witness: CommitWitness): CommitWitness => harden({ ...witness, note: () => {} });

/**
 * Called once, by an entry point, which owns the ledger and must close it. Rejects as `openLevelStore` and `openLedger` do; then
 * nothing is held.
 */
export const openStore = async (options: OpenStoreOptions): Promise<Ledger> => {
  const { fs, directory, randomId, examine, mustExist = false, traces = [], mayBegin, dryRun = false } = options;
  const paths = statePaths(directory);
  if (mustExist) await requireStore(fs, paths);
  else if (!(await requireNotLost(fs, paths, traces))) await mayBegin?.();
  const level = await openLevelStore(options);
  const store = dryRun ? makeOverlayStore(level) : level;
  try {
    const opened = openCommitWitness(fs, paths.commits);
    const witness = dryRun ? onlyAsked(opened) : opened;
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
