/** Waiting for the end of a machine. */
import type { MachineObserver } from '../../../src/protocol/remotes.ts';
import type { MachineStatus } from '../../../src/protocol/shapes.ts';
import { codeOf } from '../../../src/errors/gobs-error.ts';
import { statusOnce } from './status-once.ts';

/** A machine that is gone says so once to whoever waits, and refuses everything to whoever comes later. `see`: on its way. */
export const goneOnce = async (
  machine: MachineObserver,
  see: (status: MachineStatus) => void = () => undefined,
): Promise<void> => {
  try {
    await statusOnce(machine, (status) => {
      see(status);
      return status.state === 'gone';
    });
  } catch (error) {
    if (codeOf(error) !== 'MACHINE_GONE') throw error;
  }
};
