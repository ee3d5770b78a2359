/** The office of the crash matrix on a LevelDB, opened as an entry point opens its store. */
import type { Level } from 'level';
import process from 'node:process';
import { openStore } from '../../../src/persistence/open-store.ts';
import { makeKernel, type Kernel } from '../../../src/vats/kernel.ts';
import { requireKnownKinds } from '../../../src/vats/known-kinds.ts';
import { checkLeft } from './check-look.ts';
import { lookAtRows, type RowsLook } from './check-rows.ts';
import type { DeskLook } from './desk-look.ts';
import { officeKinds, openOffice, type Office } from './office.ts';

interface MediumPowers {
  readonly Level: typeof Level;
  readonly fs: typeof import('node:fs');
}

interface OpenOffice extends Office {
  readonly kernel: Kernel;
}

export interface OfficeStore {
  /** As they are in the store: no actor is revived. */
  rows(): Promise<RowsLook>;
  /** Once, or again when the one before was stopped. `pace`: rows that the collector reads in one step. */
  open(pace?: number): Promise<OpenOffice>;
  close(): Promise<void>;
}

/** The office's kinds are of that version. `complain` is told of what should not happen: a mistake of the host, a commit that failed. */
export const openOfficeStore = async (
  directory: string,
  version: number,
  { Level, fs }: MediumPowers,
  complain: (what: string) => void,
): Promise<OfficeStore> => {
  const kinds = officeKinds(version);
  const store = await openStore({
    Level,
    fs,
    process,
    now: Date.now,
    directory,
    randomId: () => 'crash',
    examine: (rows) => requireKnownKinds(rows, kinds.all),
  });
  return {
    rows: () => lookAtRows(store),
    open: async (pace = 64) => {
      const kernel = makeKernel({
        store,
        now: Date.now,
        schedule: setImmediate,
        collectorPace: pace,
        onCommitFailed: (reason) => complain(reason.message),
        onHostError: (error) => complain(String(error)),
      });
      return { kernel, ...(await openOffice(kernel, kinds)) };
    },
    close: () => store.close(),
  };
};

export interface LastLook {
  readonly rows: RowsLook;
  readonly looks: readonly DeskLook[];
}

/**
 * Starts on a store that nobody has, looks, collects what is garbage, and gives the store back. Throws if something should not be, or
 * anything but what can be reached is left.
 */
export const lookIntoStore = async (directory: string, version: number, medium: MediumPowers): Promise<LastLook> => {
  const complaints: string[] = [];
  const store = await openOfficeStore(directory, version, medium, (what) => complaints.push(what));
  const rows = await store.rows();
  const office = await store.open();
  const looks = await office.look();
  await office.kernel.stop();
  // In a new kernel no reference is left of those that the look has made.
  const { kernel } = await store.open();
  await kernel.collector.collect();
  await kernel.stop();
  const left = await store.rows();
  await store.close();
  complaints.push(...left.problems, ...checkLeft(looks, left));
  if (complaints.length > 0) throw Error(`a start after a kill: ${complaints.join('; ')}`);
  return { rows, looks };
};
