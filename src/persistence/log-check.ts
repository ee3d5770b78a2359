/**
 * Looks for damage in LevelDB's write-ahead log, before LevelDB opens it. LevelDB itself drops a damaged record, with the rest of
 * its block, without a word, and then throws the old log away; so this must come first, and nothing is overwritten.
 *
 * A log is a sequence of blocks of 32 KiB; a record never crosses a block, and fewer than 7 bytes at a block's end are padding:
 *
 *   record: │ crc32c, masked: 4 │ length: 2 │ type: 1 │ payload: length │      little-endian; crc of type and payload
 *
 * A process or machine that dies while writing leaves its last record cut short or half there: that batch was never
 * acknowledged, and is no damage. But a record that is bad *before a whole one* was synced once, and is. A bad record at the very
 * end could be either; the count of commits decides then (commit-witness.ts).
 */
import { Buffer } from 'node:buffer';
import { join } from 'node:path';
import { makeError } from '../errors/gobs-error.ts';
import { crc32c } from './crc32c.ts';
import { storeFailure } from './store-failure.ts';

const blockSize = 32_768;
const headerSize = 7;

const unmask = (masked: number): number => {
  const rotated = (masked - 0xa282ead8) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
};

const isWhole = (log: Buffer, at: number, end: number): boolean =>
  unmask(log.readUInt32LE(at)) === crc32c(log, at + 6, end);

/** The offset of the first bad record that has a whole one after it. */
export const findDamage = (log: Buffer): number | undefined => {
  let bad: number | undefined;
  for (let block = 0; block < log.length; block += blockSize) {
    const blockEnd = Math.min(block + blockSize, log.length);
    for (let at = block; at + headerSize <= blockEnd;) {
      const end = at + headerSize + log.readUInt16LE(at + 4);
      const whole = end <= blockEnd && isWhole(log, at, end);
      if (whole && bad !== undefined) return bad;
      if (!whole) bad ??= at;
      at = end;
    }
  }
  return undefined;
};
harden(findDamage);

/** What is in the file now: another process may be appending, and only bytes below the size are sure to be there. */
const readLog = async (fs: typeof import('node:fs'), path: string): Promise<Buffer> => {
  const file = await fs.promises.open(path, 'r');
  try {
    const log = Buffer.alloc((await file.stat()).size);
    const { bytesRead } = await file.read(log, 0, log.length, 0);
    return log.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
};

/** Called before LevelDB opens the database, with the names of its files. Rejects STORE_DAMAGED, naming file and offset. */
export const checkLogs = async (
  fs: typeof import('node:fs'),
  database: string,
  names: readonly string[],
): Promise<void> => {
  for (const name of names.filter((each) => each.endsWith('.log'))) {
    const path = join(database, name);
    const log = await readLog(fs, path).catch((error: unknown) => {
      // A live holder of the store throws its logs away now and then.
      if ((error as { code?: unknown }).code === 'ENOENT') return Buffer.alloc(0);
      throw storeFailure(path, error);
    });
    const offset = findDamage(log);
    if (offset !== undefined) {
      throw makeError(
        'STORE_DAMAGED',
        `${path}: the record at byte ${offset} fails its checksum, and whole ones follow`,
        {
          hint: 'nothing was changed; restore a backup',
        },
      );
    }
  }
};
harden(checkLogs);
