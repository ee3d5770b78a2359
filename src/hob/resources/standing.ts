/** What already stands where a resource is to be, or is to be no more. */
import { makeError } from '../../errors/gobs-error.ts';
import type { Change } from '../../protocol/shapes.ts';
import type { EntryStat } from '../rooted-files.ts';

/** What is there is of another type than the resource may take away. */
export const wrongType = (path: string, { type }: EntryStat, hint: string): Error =>
  makeError('CANNOT_CHANGE', `${path}: it is a ${type}, and stays one`, { hint });
harden(wrongType);

/** The change of what is to be absent; `remove` is called if it is there and `apply` says so. */
export const removed = async (
  found: EntryStat | undefined,
  apply: boolean,
  remove: () => Promise<void>,
): Promise<readonly Change[]> => {
  if (found === undefined) return [];
  if (apply) await remove();
  return [{ what: 'type', from: found.type, to: 'absent' }];
};
harden(removed);
