/** `gobs store upgrade`. */
import type { StoreUpgrade } from '../../../protocol/store-upgrade.ts';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { findStateDirectory } from '../../find-boss.ts';
import { failureLines, upgradeSummary, upgradeTable } from '../../views/store-upgrade.ts';
import type { Action } from '../action.ts';

const exitOf = ({ dryRun, upgraded, failed }: StoreUpgrade): ExitCode => {
  if (failed > 0) return upgraded.length === 0 ? exitCodes.failed : exitCodes.partly;
  return dryRun && upgraded.length > 0 ? exitCodes.differs : exitCodes.done;
};

export const upgradeStore: Action<'store upgrade'> = async ({ state, dryRun, json }, { powers, output }) => {
  const { root } = findStateDirectory(state, powers);
  const onProgress = (rows: number): void => {
    if (rows % 1_000 === 0) output.progress(`${rows} rows upgraded`);
  };
  const result = await powers.store.upgrade({ state: root, dryRun, onProgress });
  output.progress('');
  if (json) output.json(result);
  else if (result.upgraded.length + result.retired.length > 0) output.data(upgradeTable(result));
  failureLines(result).forEach(output.note);
  output.note(`gobs: ${upgradeSummary(result)}`);
  return exitOf(result);
};
harden(upgradeStore);
