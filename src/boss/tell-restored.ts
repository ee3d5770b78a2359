/** What the boss's log says at a start after a restore, for as long as there is something to decide. */
import type { Boss, RestoreNotice } from '../protocol/remotes.ts';
import { E } from '../vats/eventual-send.ts';
import type { Log } from './start-boss.ts';

const time = (at: number): string => new Date(at).toISOString();

const sayNotice = ({ taken, restored, held, absent, orphans, silent }: RestoreNotice, log: Log): void => {
  log.warn(
    { taken: time(taken), restored: time(restored), held },
    'this boss was restored from a backup, and holds the machines that nobody has confirmed: their hobs are told nothing, and their hosts stay as they ' +
      'are; see gobs machine list, then gobs machine forget NAME for what was dropped since, and gobs machine confirm NAME... or --all for the rest',
  );
  for (const machine of absent) {
    log.warn({ machine }, 'held, and its provider does not have it: gone since the backup, perhaps');
  }
  for (const orphan of orphans) {
    log.warn({ ...orphan }, 'a provider has a machine that this boss does not know: made since the backup, perhaps');
  }
  for (const provider of silent) log.warn({ provider }, 'a provider could not say which machines it has');
};

/** Says nothing when no machine is held. */
export const tellRestored = async (boss: Boss, log: Log): Promise<void> => {
  const notice = await E(boss).restored();
  if (notice !== null && notice.held > 0) sayNotice(notice, log);
};
harden(tellRestored);
