/** Adds up what a walk over a store tells of each row, so that a million rows are a few lines. */
import type { FailedRow, RetiredRows, StoreUpgrade, UpgradedRows } from '../protocol/store-upgrade.ts';
import type { WalkedRow } from '../vats/upgrade-walk.ts';

/** Failures that are told one by one. */
const SHOWN = 100;

const sum = (a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> => {
  const all = { ...a };
  for (const [kind, count] of Object.entries(b)) all[kind] = (all[kind] ?? 0) + count;
  return all;
};

export const makeUpgradeTally = () => {
  const upgraded = new Map<string, UpgradedRows>();
  const retired = new Map<string, RetiredRows>();
  const failures: FailedRow[] = [];
  let failed = 0;
  let rows = 0;

  const add = (row: WalkedRow): void => {
    const { vat, key } = row;
    if (row.outcome === 'failed') {
      failed += 1;
      if (failures.length < SHOWN) failures.push({ vat, key, code: row.error.code, message: row.error.message });
      return;
    }
    const { from } = row;
    const name = JSON.stringify([vat, from, row.outcome === 'upgraded' && row.to]);
    if (row.outcome === 'retired') {
      retired.set(name, { vat, ...from, rows: (retired.get(name)?.rows ?? 0) + 1 });
      return;
    }
    const before = upgraded.get(name) ?? { rows: 0, spawned: {} };
    rows += 1;
    upgraded.set(name, { vat, from, to: row.to, rows: before.rows + 1, spawned: sum(before.spawned, row.spawned) });
  };

  return harden({
    add,
    upgraded: () => rows,
    result: (dryRun: boolean): StoreUpgrade =>
      harden({ dryRun, upgraded: [...upgraded.values()], retired: [...retired.values()], failed, failures }),
  });
};
harden(makeUpgradeTally);
