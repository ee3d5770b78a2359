/** Waiting for a machine to be in some way, as the command line waits: by `nextStatus`. */
import { E } from '@endo/far';
import type { MachineObserver } from '../../../src/protocol/remotes.ts';
import type { LogEntry, MachineStatus, Report } from '../../../src/protocol/shapes.ts';

/** The first status that is so, from now on. */
export const statusOnce = async (
  machine: MachineObserver,
  holds: (status: MachineStatus) => boolean,
): Promise<MachineStatus> => {
  let status: MachineStatus = await E(machine).status();
  while (!holds(status)) status = await E(machine).nextStatus(status.revision);
  return status;
};

export const isWell = ({ state, online }: MachineStatus): boolean => state === 'ready' && online;

/** The first report that is so, of the last one and those that come. */
export const reportOnce = async (machine: MachineObserver, holds: (report: Report) => boolean): Promise<Report> => {
  for (;;) {
    const { revision } = await E(machine).status();
    const { report } = await E(machine).drift();
    if (report !== null && holds(report)) return report;
    await E(machine).nextStatus(revision);
  }
};

/** Resolves when the hob has looked by itself, from the first thing to the last, since the call. */
export const lookedAt = async (machine: MachineObserver): Promise<void> => {
  const newer = (than: number) => reportOnce(machine, ({ at, reason }) => at > than && reason === 'interval');
  // The first may have been under way.
  await newer((await newer(Date.now())).at);
};

/** The first line of the machine's log that matches, of those that are there and those that come with a change of its status. */
export const loggedOnce = async (machine: MachineObserver, pattern: RegExp): Promise<LogEntry> => {
  for (;;) {
    const { revision } = await E(machine).status();
    const found = (await E(machine).log()).find(({ what }) => pattern.test(what));
    if (found !== undefined) return found;
    await E(machine).nextStatus(revision);
  }
};
