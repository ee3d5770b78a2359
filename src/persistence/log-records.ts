/**
 * The records of a LevelDB log; its MANIFEST is one too. A log is a sequence of blocks of 32 KiB; a record never crosses a block, and fewer than 7
 * bytes at a block's end are padding. What is longer than the rest of a block is split: first, middle…, last.
 *
 *   record: │ crc32c, masked: 4 │ length: 2 │ type: 1 │ payload: length │      little-endian; crc of type and payload
 */
import { Buffer } from 'node:buffer';
import { crc32c } from './crc32c.ts';

const blockSize = 32_768;
const headerSize = 7;

/** The types of a record. */
const [whole, first, middle, last] = [1, 2, 3, 4] as const;

/** LevelDB masks its checksums, since it puts them in what others have checksums of. */
export const unmask = (masked: number): number => {
  const rotated = (masked - 0xa282ead8) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
};
harden(unmask);

interface LogRecord {
  readonly at: number;
  readonly end: number;
  readonly type: number;
}

const recordAt = (log: Buffer, at: number, blockEnd: number): LogRecord | undefined => {
  if (at + headerSize > blockEnd) return undefined;
  const end = at + headerSize + log.readUInt16LE(at + 4);
  const type = log[at + 6]!;
  if (end > blockEnd || type < whole || type > last) return undefined;
  return unmask(log.readUInt32LE(at)) === crc32c(log, at + 6, end) ? { at, end, type } : undefined;
};

export interface LogContent {
  /** What was logged, up to the first bad record. */
  readonly entries: readonly Buffer[];
  /** The offset of the first bad record. */
  readonly bad: number | undefined;
  /** After the bad one begins something else that is whole. */
  readonly goesOn: boolean;
}

/** Every whole record, and the offset of the first place where there should be one and is none. A length may be what is wrong, so it looks on byte by byte. */
const scan = (log: Buffer): { readonly records: readonly LogRecord[]; readonly bad: number | undefined } => {
  const records: LogRecord[] = [];
  let bad: number | undefined;
  for (let block = 0; block < log.length; block += blockSize) {
    const blockEnd = Math.min(block + blockSize, log.length);
    for (let at = block; at + headerSize <= blockEnd;) {
      const record = recordAt(log, at, blockEnd);
      if (record === undefined) bad ??= at;
      else records.push(record);
      at = record?.end ?? at + 1;
    }
  }
  return { records, bad };
};

/** Called before LevelDB opens the database. */
export const readLogContent = (log: Buffer): LogContent => {
  const { records, bad } = scan(log);
  const entries: Buffer[] = [];
  let parts: Buffer[] = [];
  for (const { at, end, type } of records) {
    if (bad !== undefined && at > bad) break;
    if (type === whole || type === first) parts = [];
    parts.push(log.subarray(at + headerSize, end));
    if (type === whole || type === last) entries.push(Buffer.concat(parts));
  }
  const goesOn = bad !== undefined && records.some(({ at, type }) => at > bad && type !== middle && type !== last);
  return { entries, bad, goesOn };
};
harden(readLogContent);
