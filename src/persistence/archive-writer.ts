/** Rows to the bytes of a backup file, as they come: a page in memory, whatever the size of the store. The format is archive-format.ts's. */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { makeError } from '../errors/gobs-error.ts';
import type { StoreEntry } from '../vats/store.ts';
import {
  formatBackupHeader,
  formatBackupRow,
  formatBackupTrailer,
  longestLine,
  type BackupHeader,
} from './archive-format.ts';
import { readStoreHeader } from './store-header.ts';

export type BackupOrigin = Pick<BackupHeader, 'taken' | 'gobs'>;

/** The MAC of a digest (src/sealing/backup-mac.ts). Undefined: nothing was sealed in that store, so there is no key. */
export type SignBackup = (sha256: string) => string | undefined;

type Page = readonly StoreEntry[];

/** The same rows, with all of the store's own in the first page. They come before all others. */
async function* ownRowsTogether(pages: AsyncIterable<Page>): AsyncGenerator<Page> {
  let first: StoreEntry[] | undefined = [];
  for await (const page of pages) {
    if (first === undefined) {
      yield page;
      continue;
    }
    first.push(...page);
    if (first.at(-1)?.[0].startsWith('!') !== false) continue;
    yield first;
    first = undefined;
  }
  if (first !== undefined) yield first;
}

const rowText = (entry: StoreEntry): string => {
  const text = formatBackupRow(entry);
  // A UTF-16 unit is at most three bytes of UTF-8, so most rows need no measuring.
  if (text.length * 3 > longestLine && Buffer.byteLength(text) > longestLine) {
    throw makeError('LIMIT_EXCEEDED', `row ${entry[0]}: a backup takes rows of at most ${longestLine} bytes`);
  }
  return text;
};

async function* writing(
  pages: AsyncIterable<Page>,
  where: string,
  origin: () => BackupOrigin,
  sign: SignBackup,
): AsyncGenerator<Buffer> {
  const digest = createHash('sha256');
  const hashed = (text: string): Buffer => {
    const bytes = Buffer.from(text);
    digest.update(bytes);
    return bytes;
  };
  let rows = 0;
  for await (const page of ownRowsTogether(pages)) {
    if (rows === 0) yield hashed(formatBackupHeader({ ...readStoreHeader(where, page), ...origin() }));
    rows += page.length;
    yield hashed(page.map(rowText).join(''));
  }
  const sha256 = digest.digest('hex');
  const mac = sign(sha256);
  yield Buffer.from(formatBackupTrailer({ rows, sha256, ...(mac === undefined ? {} : { mac }) }));
}

/**
 * The bytes of a backup of `pages`, which are all rows of a store, in key order (row-source.ts). `where` is what errors call the store; `origin` may be known
 * with the first page only. Throws STORE_DAMAGED if they do not say which store it is, LIMIT_EXCEEDED, or as `pages` and `sign` do.
 */
export const writeBackup = (
  pages: AsyncIterable<Page>,
  where: string,
  origin: BackupOrigin | (() => BackupOrigin),
  sign: SignBackup = () => undefined,
): AsyncGenerator<Buffer> => writing(pages, where, typeof origin === 'function' ? origin : () => origin, sign);
harden(writeBackup);
