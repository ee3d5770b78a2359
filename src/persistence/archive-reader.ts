/**
 * The bytes of a backup file to rows, as they come: no more in memory than a chunk and a line. Whatever is wrong with the file is told, with the
 * line and the byte where it is seen: cut short, added to, edited, out of order. What is told only by the digest is told at the end, so
 * nothing that was read counts before the last page was.
 *
 * The rows' own checksums are not looked at here: `verify` does that, and says which row it is.
 */
import { Buffer, isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { describeError } from '../errors/gobs-error.ts';
import { compareKeys } from '../vats/key-order.ts';
import type { StoreEntry } from '../vats/store.ts';
import {
  backupDamaged,
  longestHeader,
  longestLine,
  parseBackupHeader,
  parseBackupRow,
  parseBackupTrailer,
  type BackupHeader,
  type BackupTrailer,
} from './archive-format.ts';

interface Line {
  /** From 1. */
  readonly line: number;
  /** From 0: where it begins. */
  readonly byte: number;
  /** With its end. */
  readonly bytes: Buffer;
}

const lineFeed = 0x0a;

/** The lines that end in each chunk, chunk by chunk; the first by itself. Throws BACKUP_DAMAGED for what has no end, or none in sight. */
async function* linesOf(chunks: AsyncIterable<Uint8Array>, where: string): AsyncGenerator<readonly Line[]> {
  let line = 1;
  let byte = 0;
  let rest: Buffer[] = [];
  let waiting = 0;

  const requireLength = (length: number): void => {
    const longest = line === 1 ? longestHeader : longestLine;
    if (length > longest) throw backupDamaged(where, { line, byte }, `longer than ${longest} bytes`);
  };
  const take = (bytes: Buffer): Line => {
    requireLength(bytes.length);
    const taken = { line, byte, bytes };
    line += 1;
    byte += bytes.length;
    return taken;
  };

  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const lines: Line[] = [];
    let from = 0;
    for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, from)) {
      const tail = bytes.subarray(from, end + 1);
      lines.push(take(waiting === 0 ? tail : Buffer.concat([...rest, tail])));
      rest = [];
      waiting = 0;
      from = end + 1;
    }
    if (from < bytes.length) {
      rest.push(bytes.subarray(from));
      waiting += bytes.length - from;
    }
    requireLength(waiting);
    if (lines.length > 0) yield lines;
  }
  if (waiting > 0) throw backupDamaged(where, { line, byte }, 'the file ends within a line');
}

export interface BackupFile {
  readonly header: BackupHeader;
  /**
   * The rows, in key order; once. Ends well only if the file is whole and as it was written; else throws BACKUP_DAMAGED, or as the chunks do. Leaving
   * it early ends the chunks.
   */
  pages(): AsyncGenerator<readonly StoreEntry[]>;
  /** The last line; undefined before the pages have ended well. */
  trailer(): BackupTrailer | undefined;
  /** Ends the chunks, for who does not read to the end. Idempotent. */
  close(): Promise<void>;
}

/** What was learnt by the lines so far. */
const makeLineReader = (where: string) => {
  const digest = createHash('sha256');
  let rows = 0;
  let lastKey = '';
  let ended: BackupTrailer | undefined;
  let isWhole = false;
  let next = { line: 1, byte: 0 };

  /** What is told at the end must say where that is. */
  const pass = ({ line, byte, bytes }: Line): void => {
    next = { line: line + 1, byte: byte + bytes.length };
  };
  const attempt = <T>(line: Line, parse: (text: string) => T): T => {
    try {
      if (!isUtf8(line.bytes)) throw Error('it is not UTF-8');
      return parse(line.bytes.toString('utf8'));
    } catch (error) {
      const { code, message } = describeError(error);
      if (code === 'NEWER_FORMAT') throw error;
      throw backupDamaged(where, line, message);
    }
  };

  const readTrailer = (line: Line): void => {
    const trailer = attempt(line, parseBackupTrailer);
    ended = trailer;
    if (trailer.rows !== rows) throw backupDamaged(where, line, `${trailer.rows} rows were written, ${rows} are here`);
    const sha256 = digest.digest('hex');
    if (trailer.sha256 === sha256) return;
    throw backupDamaged(
      where,
      line,
      `sha256 ${trailer.sha256} expected, ${sha256} found: what is before it was changed`,
    );
  };

  const readRow = (line: Line): StoreEntry => {
    const row = attempt(line, parseBackupRow);
    if (compareKeys(row[0], lastKey) <= 0) {
      throw backupDamaged(where, line, `key ${JSON.stringify(row[0])} is out of order`);
    }
    lastKey = row[0];
    rows += 1;
    digest.update(line.bytes);
    pass(line);
    return row;
  };

  return {
    header: (line: Line): BackupHeader => {
      digest.update(line.bytes);
      pass(line);
      return attempt(line, (text) => parseBackupHeader(where, text));
    },
    /** Undefined for the last line. */
    row: (line: Line): StoreEntry | undefined => {
      if (ended !== undefined) throw backupDamaged(where, line, 'something follows the last line of the backup');
      // Every row begins with a bracket.
      if (line.bytes[0] !== 0x7b) return readRow(line);
      readTrailer(line);
      return undefined;
    },
    end: (): void => {
      if (ended === undefined) throw backupDamaged(where, next, 'the file ends before the backup does');
      isWhole = true;
    },
    trailer: () => (isWhole ? ended : undefined),
  };
};

/**
 * Reads how the file begins. Rejects BACKUP_DAMAGED for what is no backup, NEWER_FORMAT, or as the chunks do; then it has ended the chunks. After
 * it, `pages` must be read, or `close` called.
 */
export const readBackup = async (chunks: AsyncIterable<Uint8Array>, where: string): Promise<BackupFile> => {
  const reader = makeLineReader(where);
  const groups = linesOf(chunks, where);
  const first = await groups.next();
  if (first.done === true) throw backupDamaged(where, { line: 1, byte: 0 }, 'the file is empty');
  const [headerLine, ...others] = first.value as readonly [Line, ...Line[]];
  let header: BackupHeader;
  try {
    header = reader.header(headerLine);
  } catch (error) {
    await groups.return(undefined);
    throw error;
  }

  async function* pages(): AsyncGenerator<readonly StoreEntry[]> {
    try {
      for (let lines: readonly Line[] = others; ;) {
        const rows = lines.map(reader.row).filter((row) => row !== undefined);
        if (rows.length > 0) yield rows;
        const next = await groups.next();
        if (next.done === true) break;
        lines = next.value;
      }
      reader.end();
    } finally {
      await groups.return(undefined);
    }
  }
  return harden({
    header,
    pages,
    trailer: reader.trailer,
    close: async () => {
      await groups.return(undefined);
    },
  });
};
harden(readBackup);
