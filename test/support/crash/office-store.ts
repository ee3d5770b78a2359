/** The office of the crash matrix on a LevelDB, opened as an entry point opens its store. */
import type { Level } from 'level';
import process from 'node:process';
import { openStore } from '../../../src/persistence/open-store.ts';
import { makeKernel } from '../../../src/vats/kernel.ts';
import { openOffice, type DeskLook, type Office } from './desks.ts';

export interface OfficeStore extends Office {
  close(): Promise<void>;
}

interface MediumPowers {
  readonly Level: typeof Level;
  readonly fs: typeof import('node:fs');
}

/** `complain` is told of what should not happen: a mistake of the host, a commit that failed. */
export const openOfficeStore = async (
  directory: string,
  { Level, fs }: MediumPowers,
  complain: (what: string) => void,
): Promise<OfficeStore> => {
  const store = await openStore({ Level, fs, process, now: Date.now, directory, randomId: () => 'crash' });
  const kernel = makeKernel({
    store,
    now: Date.now,
    schedule: setImmediate,
    onCommitFailed: (reason) => complain(reason.message),
    onHostError: (error) => complain(String(error)),
  });
  const office = await openOffice(kernel);
  return {
    ...office,
    close: async () => {
      await kernel.stop();
      await store.close();
    },
  };
};

/** Starts on a store that nobody has, looks, and gives it back. */
export const lookIntoStore = async (directory: string, medium: MediumPowers): Promise<readonly DeskLook[]> => {
  const complaints: string[] = [];
  const office = await openOfficeStore(directory, medium, (what) => complaints.push(what));
  const looks = await office.look();
  await office.close();
  if (complaints.length > 0) throw Error(`a start after a kill: ${complaints.join('; ')}`);
  return looks;
};
