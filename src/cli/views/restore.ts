/** What is said of a boss that was restored from a backup, and of one whose state directory is older than it was. Pure. */
import type { RestoreNotice } from '../../protocol/remotes.ts';
import type { RestoredStore } from '../../protocol/restored-store.ts';
import type { MachineStatus } from '../../protocol/shapes.ts';
import { counted } from '../../protocol/counted.ts';
import { moment } from '../tables.ts';

/** What `gobs store restore` says when it is done. */
export const restoredLines = (root: string, { taken, rows, replaced }: RestoredStore): readonly string[] => [
  ...(replaced === null ? [] : [`the store that was there is in ${replaced} now`]),
  `restored ${counted(rows, 'row')} to ${root}, of a backup that was taken ${moment(Date.parse(taken))}`,
  'when its boss is started, machines are held until they are confirmed: gobs machine list says what there is to decide',
];
harden(restoredLines);

/** Lines for people; none if no machine is held. */
export const noticeLines = ({ taken, restored, held, absent, orphans, silent }: RestoreNotice): readonly string[] => {
  if (held === 0) return [];
  return [
    `this boss was restored from a backup: taken ${moment(taken)}, restored ${moment(restored)}`,
    `${counted(held, 'machine')} of it ${held === 1 ? 'is' : 'are'} held: hobs are told nothing, and hosts stay as they are`,
    ...absent.map((name) => `${name} is held, and its provider does not have it: it is gone since the backup, perhaps`),
    ...orphans.map(
      ({ provider, machineId, state }) =>
        `provider ${provider} has ${machineId} (${state}), which is no machine of this boss: made since the backup, perhaps`,
    ),
    ...silent.map((provider) => `provider ${provider} could not say which machines it has`),
    'first forget what was dropped since the backup (gobs machine forget NAME), whoever has its key by now;',
    'then confirm what is to go on: gobs machine confirm NAME..., or --all for all that are held',
  ];
};
harden(noticeLines);

/** What its hob holds instead of what the boss wants; undefined if nothing is known of that. */
export const holdsWords = ({ generation, holds }: MachineStatus): string | undefined => {
  if (holds === null) return undefined;
  const compared = holds.same ? 'the same as' : 'something else than';
  return `its hob holds generation ${holds.generation}, which says ${compared} generation ${generation} here`;
};
harden(holdsWords);

const MOST_NAMED = 10;

/** Of those machines whose hobs have seen the boss's store when it had been opened more often; undefined if there are none. */
export const olderWords = (statuses: readonly MachineStatus[]): string | undefined => {
  const said = statuses.filter(({ seenEpoch }) => seenEpoch !== null);
  if (said.length === 0) return undefined;
  const names = said.slice(0, MOST_NAMED).map(({ name }) => name);
  const more = said.length > names.length ? ` and ${said.length - names.length} more` : '';
  return (
    `the hobs of ${names.join(', ')}${more} have seen this boss's store when it had been opened more often: it is older than it was, ` +
    'from a backup or a copy; gobs machine confirm NAME... says that this is known'
  );
};
harden(olderWords);
