/**
 * Upgrades every row of a boss's store, without a boss: `gobs store upgrade`. The vats are opened with all kinds that a boss has, but without
 * their powers: an upgrade's steps have none, and nothing else runs. For a dry run the store keeps nothing (`openStore`).
 */
import { makeTurnErrorLog, type TurnErrorLog } from '../errors/turn-errors.ts';
import type { openStore, OpenStoreOptions } from '../persistence/open-store.ts';
import type { StoreUpgrade } from '../protocol/store-upgrade.ts';
import { makeKernel, type Kernel } from '../vats/kernel.ts';
import { requireKnownKinds, vatsIn } from '../vats/known-kinds.ts';
import { bossKinds } from './kinds.ts';
import { makeUpgradeTally } from './upgrade-tally.ts';

export interface UpgradeStorePowers extends Pick<OpenStoreOptions, 'Level' | 'process' | 'randomId' | 'fs' | 'uid'> {
  /** Of src/persistence. */
  readonly openStore: typeof openStore;
  readonly now: () => number;
  readonly setImmediate: (callback: () => void) => void;
  readonly log: TurnErrorLog;
}

export interface UpgradeStoreOptions {
  /** The state directory. */
  readonly directory: string;
  readonly dryRun: boolean;
  /** Called now and then with how many rows have been upgraded. */
  readonly onProgress?: (upgraded: number) => void;
}

/** Rejects as `openStore` does: STORE_IN_USE if a boss runs, STORE_UNUSABLE if there is no store, NEWER_VERSION. A row that fails is told of. */
export const upgradeStore = async (
  { directory, dryRun, onProgress }: UpgradeStoreOptions,
  powers: UpgradeStorePowers,
  kinds = bossKinds,
): Promise<StoreUpgrade> => {
  const { now, setImmediate, log } = powers;
  const store = await powers.openStore({
    ...powers,
    directory,
    dryRun,
    mustExist: true,
    makeDirectory: false,
    examine: (rows) => requireKnownKinds(rows, kinds),
  });
  try {
    const kernel: Kernel = makeKernel({
      store,
      now,
      schedule: setImmediate,
      onTurnError: makeTurnErrorLog(log, now),
    });
    for await (const vat of vatsIn(store)) {
      const handle = kernel.openVat(vat);
      for (const kind of kinds) handle.register(kind, {});
    }
    const tally = makeUpgradeTally();
    for await (const row of kernel.upgradeAll()) {
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
