/**
 * Upgrades every row of a boss's store, without a boss: `gobs store upgrade`. The vats are opened with all kinds that a boss has, but without
 * their powers: an upgrade's steps have none, and nothing else runs. For a dry run the store keeps nothing (`openStore`).
 */
import type { openStore, OpenStoreOptions } from '../persistence/open-store.ts';
import type { StoreUpgrade } from '../protocol/store-upgrade.ts';
import { makeKernel } from '../vats/kernel.ts';
import { requireKnownKinds } from '../vats/known-kinds.ts';
import { bossKinds } from './kinds.ts';
import { makeUpgradeTally } from './upgrade-tally.ts';

export interface UpgradeStorePowers extends Pick<OpenStoreOptions, 'Level' | 'process' | 'randomId' | 'fs'> {
  /** Of src/persistence. */
  readonly openStore: typeof openStore;
  readonly uid: number;
  readonly now: () => number;
  readonly setImmediate: (callback: () => void) => void;
}

export interface UpgradeStoreOptions {
  /** The state directory. Absolute. */
  readonly state: string;
  readonly dryRun: boolean;
  /** Called now and then with how many rows have been upgraded. */
  readonly onProgress?: (upgraded: number) => void;
}

/** Rejects as `openStore` does: STORE_IN_USE if a boss runs, STORE_UNUSABLE if there is no store, NEWER_VERSION. A row that fails is told of. */
export const upgradeStore = async (
  { state, dryRun, onProgress }: UpgradeStoreOptions,
  powers: UpgradeStorePowers,
  kinds = bossKinds,
): Promise<StoreUpgrade> => {
  const { now, setImmediate } = powers;
  const store = await powers.openStore({
    ...powers,
    directory: state,
    dryRun,
    mustExist: true,
    makeDirectory: false,
    examine: (rows) => requireKnownKinds(rows, kinds),
  });
  try {
    // What a turn throws comes back with its row.
    const kernel = makeKernel({
      store,
      ...(store.restored && { firstInstance: store.restored.instances }),
      now,
      schedule: setImmediate,
    });
    const tally = makeUpgradeTally();
    for await (const row of kernel.upgradeAll(kinds)) {
      tally.add(row);
      onProgress?.(tally.upgraded());
    }
    await kernel.stop();
    return tally.result(dryRun);
  } finally {
    await store.close();
  }
};
harden(upgradeStore);
