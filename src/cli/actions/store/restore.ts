/** `gobs store restore`. */
import { backupPath } from '../../backup-path.ts';
import { exitCodes } from '../../exit-codes.ts';
import { findStateDirectory } from '../../find-boss.ts';
import { withPassphrase } from '../../sealing-input.ts';
import { sealingPaths } from '../../start-settings.ts';
import { restoredLines } from '../../views/restore.ts';
import type { Action } from '../action.ts';
import { makeRowProgress } from './row-progress.ts';

export const restoreStore: Action<'store restore'> = async (request, { powers, output }) => {
  const { root } = findStateDirectory(request.state, powers);
  const file = await backupPath(request.file, powers);
  const sealing = await withPassphrase(sealingPaths(request, powers), powers);
  const progress = {
    checked: makeRowProgress('checked', powers, output),
    written: makeRowProgress('written', powers, output),
  };
  const result = await powers.store
    .restore({
      state: root,
      file,
      replace: request.replace,
      ...sealing,
      onProgress: (what, rows) => progress[what].rows(rows),
    })
    .finally(progress.written.end);
  for (const line of restoredLines(root, result)) output.note(`gobs: ${line}`);
  return exitCodes.done;
};
harden(restoreStore);
