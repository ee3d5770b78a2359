/** `gobs store export`. */
import { exportRows } from '../../../persistence/export.ts';
import { counted } from '../../../protocol/counted.ts';
import { exitCodes } from '../../exit-codes.ts';
import { withRows } from '../../open-rows.ts';
import type { Action } from '../action.ts';
import { makeRowProgress } from './row-progress.ts';

export const exportStore: Action<'store export'> = async ({ file, at }, surroundings) => {
  const { powers, output } = surroundings;
  return withRows({ at, wholeTables: false, ...(file === undefined ? {} : { file }) }, surroundings, async (source) => {
    const progress = makeRowProgress('exported', powers, output);
    let records = 0;
    let unreadable = 0;
    for await (const page of exportRows(source.pages())) {
      page.forEach(output.json);
      records += page.length;
      unreadable += page.filter(({ type }) => type === 'unreadable').length;
      progress.rows(records);
    }
    progress.end();
    if (unreadable === 0) return exitCodes.done;
    output.note(`gobs: ${counted(unreadable, 'row')} cannot be read; gobs store verify says why`);
    return exitCodes.failed;
  });
};
harden(exportStore);
