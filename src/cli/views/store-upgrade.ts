/** What an upgrade of a store changed, for people. Pure. */
import { counted } from '../../protocol/counted.ts';
import type { KindVersion, StoreUpgrade } from '../../protocol/store-upgrade.ts';
import { renderTable } from '../tables.ts';

const shown = ({ kind, version }: KindVersion): string => `${kind} ${version}`;

const spawnedWords = (spawned: Readonly<Record<string, number>>): string =>
  Object.entries(spawned)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ');

export const upgradeTable = ({ upgraded, retired }: StoreUpgrade): string =>
  renderTable(
    ['VAT', 'FROM', 'TO', 'ROWS', 'SPAWNED'],
    [
      ...upgraded.map(({ vat, from, to, rows, spawned }) => [vat, shown(from), shown(to), rows, spawnedWords(spawned)]),
      ...retired.map(({ vat, rows, ...from }) => [vat, shown(from), 'retired: stays', rows, '']),
    ],
  );
harden(upgradeTable);

/** One for each failure that is told of, and one for those that are not. */
export const failureLines = ({ failed, failures }: StoreUpgrade): string[] => [
  ...failures.map(({ code, message }) => `gobs: ${code}: ${message}`),
  ...(failed > failures.length ? [`gobs: … and ${failed - failures.length} more`] : []),
];
harden(failureLines);

export const upgradeSummary = ({ dryRun, upgraded, failed }: StoreUpgrade): string => {
  const rows = upgraded.reduce((sum, one) => sum + one.rows, 0);
  const failing =
    failed === 0
      ? ''
      : `; ${counted(failed, 'row')} cannot be read or upgraded and ${dryRun ? 'would stay' : 'stay'} as before`;
  if (dryRun) {
    return rows === 0 && failed === 0
      ? 'there is nothing to upgrade'
      : `${counted(rows, 'row')} would be upgraded${failing}; nothing was written`;
  }
  return rows === 0 && failed === 0 ? 'there was nothing to upgrade' : `${counted(rows, 'row')} upgraded${failing}`;
};
harden(upgradeSummary);
