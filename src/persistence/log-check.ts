/**
 * Looks for damage in LevelDB's write-ahead log, before LevelDB opens it. LevelDB itself drops a damaged record, with the rest of
 * its block, without a word, and then throws the old log away; so this must come first, and nothing is overwritten.
 *
 * A process or machine that dies while writing leaves its last batch cut short or half there: that was never acknowledged, and is
 * no damage. But a record that is bad before *another batch begins* was synced once, and is. A bad record in the very
 * last batch could be either; the count of commits decides then (commit-witness.ts).
 */
import { Buffer } from 'node:buffer';
import { makeError } from '../errors/gobs-error.ts';
import { readLogContent } from './log-records.ts';
import { storeFailure } from './store-failure.ts';

/** The offset of the first bad record that was synced. */
export const findDamage = (log: Buffer): number | undefined => {
  const { bad, goesOn } = readLogContent(log);
  return goesOn ? bad : undefined;
};
harden(findDamage);

/** What is in the file now: another process may be appending, and only bytes below the size are sure to be there. Rejects STORE_UNUSABLE. */
export const readNow = async (fs: typeof import('node:fs'), path: string): Promise<Buffer | undefined> => {
  try {
    const file = await fs.promises.open(path, 'r');
    try {
      const content = Buffer.alloc((await file.stat()).size);
      const { bytesRead } = await file.read(content, 0, content.length, 0);
      return content.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    // A live holder of the store throws files away now and then.
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
    throw storeFailure(path, error);
  }
};
harden(readNow);

/**
 * Called before LevelDB opens the database, with the logs that it will read, oldest first. Rejects STORE_DAMAGED, naming file and offset. All batches
 * that can be read of them, oldest first.
 */
export const checkLogs = async (fs: typeof import('node:fs'), paths: readonly string[]): Promise<readonly Buffer[]> => {
  const batches: Buffer[] = [];
  for (const path of paths) {
    const log = await readNow(fs, path);
    if (log === undefined) continue;
    const { entries, bad, goesOn } = readLogContent(log);
    if (goesOn) {
      const what = `${path}: the record at byte ${bad} fails its checksum, and whole ones follow`;
      throw makeError('STORE_DAMAGED', what, { hint: 'nothing was changed; restore a backup' });
    }
    batches.push(...entries);
  }
  return batches;
};
harden(checkLogs);
