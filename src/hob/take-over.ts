/** How a hob learns that it is to take over from another, and says that it has: point 9 of what a hob must do (protocol/machine-directory.ts). */
import type { machinePaths } from '../protocol/machine-directory.ts';
import type { TakeOver } from './daemon.ts';

export interface TakeOverPowers {
  readonly fs: Pick<typeof import('node:fs'), 'promises'>;
  /** Which hob this is. */
  readonly release: string;
}

type Paths = Pick<ReturnType<typeof machinePaths>, 'directory' | 'takingOver' | 'takenOver'>;

const codeIn = (error: unknown): unknown => (error as { code?: unknown } | null)?.code;

const syncDirectory = async ({ fs }: TakeOverPowers, path: string): Promise<void> => {
  const directory = await fs.promises.open(path, 'r');
  await directory.sync().finally(() => directory.close());
};

/** Undefined unless it is this one that is tried. Read once, when it starts. */
export const findTakeOver = async (paths: Paths, powers: TakeOverPowers): Promise<TakeOver | undefined> => {
  const { promises } = powers.fs;
  const named = await promises.readFile(paths.takingOver, 'utf8').catch((error: unknown) => {
    if (codeIn(error) === 'ENOENT') return '';
    throw error;
  });
  if (named.trim() !== powers.release) return undefined;
  return harden({
    done: async () => {
      await promises.rename(paths.takingOver, paths.takenOver).catch((error: unknown) => {
        // It did so before, or nobody waits for it any more.
        if (codeIn(error) !== 'ENOENT') throw error;
      });
      await syncDirectory(powers, paths.directory);
    },
  });
};
harden(findTakeOver);
