/**
 * Where rows come from, for whoever reads a whole store and changes nothing: a backup, a check, an export. Rows are as they lie on disk:
 * with the checksum that each value begins with, and with the store's own rows, which come first.
 *
 *   a running boss ── a snapshot, sent as a backup file is written ──┐
 *   a closed store ── LevelDB, opened, but nothing of ours written ──┼──▶ RowSource ──▶ backup, verify, export
 *   a backup file ───────────────────────────────────────────────────┘
 */
import type { BackupHeader, BackupTrailer } from './archive-format.ts';
import { lastKey } from '../vats/key-order.ts';
import type { StoreEntry, StoreSnapshot } from '../vats/store.ts';

export type RowPage = readonly StoreEntry[];

export interface RowSource {
  /** What people call it: a directory, a file. */
  readonly where: string;
  /** How many commits were acknowledged, if something beside the rows remembers it. */
  readonly acknowledged?: number;
  /** What is wrong with the files that hold the rows, a line each. Then none can be read: pages are STORE_DAMAGED. */
  readonly damage?: readonly string[];
  /**
   * All rows, in key order, each time from the start and as of the same moment. A page is about a quarter of a MiB, or one row.
   * Throws BACKUP_DAMAGED, ROW_DAMAGED for a key that is no text, STORE_UNUSABLE, STORE_DAMAGED, or as a session does.
   */
  pages(): AsyncIterable<RowPage>;
  /** Of rows that come as a backup does. */
  readonly backup?: BackupEnds;
  /** Idempotent. */
  close(): Promise<void>;
}

/** What the backup that was read last says of itself. */
export interface BackupEnds {
  /** Undefined before the first page. */
  header(): BackupHeader | undefined;
  /** Undefined unless the pages have ended well. */
  trailer(): BackupTrailer | undefined;
}

/** Above every key. */
const afterAll = '\u{10ffff}';
const mostRows = 1_000;
const pageBytes = 1 << 18;

async function* paging(snapshot: Pick<StoreSnapshot, 'page'>): AsyncGenerator<RowPage> {
  for (let gt = ''; ;) {
    const page = await snapshot.page({ gt, lt: afterAll, limit: mostRows, bytes: pageBytes });
    if (page.length === 0) return;
    yield page;
    gt = lastKey(page, gt);
  }
}

/** Every row of a snapshot, no more than a page of them in memory. */
export const pagesOf = (snapshot: Pick<StoreSnapshot, 'page'>): AsyncGenerator<RowPage> => paging(snapshot);
harden(pagesOf);
