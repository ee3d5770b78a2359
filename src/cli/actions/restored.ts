/** Says, before or after what was asked for, what somebody has to decide since the boss was restored from a backup. */
import { E } from '@endo/far';
import type { Boss } from '../../protocol/remotes.ts';
import type { MachineStatus } from '../../protocol/shapes.ts';
import { noticeLines, olderWords } from '../views/restore.ts';
import type { Surroundings } from './action.ts';

/** Nothing if the boss was not, or nothing is held any more. */
export const noteRestored = async (boss: Boss, { output }: Surroundings): Promise<void> => {
  const notice = await E(boss).restored();
  if (notice !== null) for (const line of noticeLines(notice)) output.note(`gobs: ${line}`);
};
harden(noteRestored);

/** For whoever has a list of all machines. */
export const noteHeld = async (
  statuses: readonly MachineStatus[],
  boss: Boss,
  surroundings: Surroundings,
): Promise<void> => {
  const older = olderWords(statuses);
  if (older !== undefined) surroundings.output.note(`gobs: ${older}`);
  if (statuses.some(({ held }) => held)) await noteRestored(boss, surroundings);
};
harden(noteHeld);
