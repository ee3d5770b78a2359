/** Backups of the real world, as bytes, and stores that are restored from them: as in production, on a real disk. */
import { Level } from 'level';
import { Buffer } from 'node:buffer';
import * as fs from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { openBackupFile } from '../../../src/persistence/archive-file.ts';
import { readBackup } from '../../../src/persistence/archive-reader.ts';
import { writeBackup } from '../../../src/persistence/archive-writer.ts';
import { openLevelStore } from '../../../src/persistence/level-store.ts';
import { restoreStore } from '../../../src/persistence/restore-store.ts';
import { pagesOf } from '../../../src/persistence/row-source.ts';
import { requireKnownKinds } from '../../../src/vats/known-kinds.ts';
import type { Definition } from '../../../src/vats/retired-kind.ts';
import type { StoreEntry, StoreSnapshot } from '../../../src/vats/store.ts';
import { findingsIn, textsOf } from './compare-rows.ts';

const where = 'the backup';

/** A few rows to a page, so that batches go in between; `meanwhile` is called when `pages` of them were read. */
export const makeBackup = async (
  snapshot: StoreSnapshot,
  pages: number,
  meanwhile: () => Promise<void>,
): Promise<Buffer> => {
  let read = 0;
  const page: StoreSnapshot['page'] = async (request) => {
    if (read === pages) await meanwhile();
    read += 1;
    return snapshot.page({ ...request, limit: 3 });
  };
  const chunks: Buffer[] = [];
  const origin = { taken: '2026-11-19T02:00:00.000Z', gobs: '0' };
  for await (const chunk of writeBackup(pagesOf({ page }), where, origin)) chunks.push(chunk);
  await snapshot.close();
  return Buffer.concat(chunks);
};

async function* chunksOf(backup: Buffer): AsyncGenerator<Buffer> {
  // Lines go over their ends.
  for (let at = 0; at < backup.length; at += 4_099) yield backup.subarray(at, at + 4_099);
}

async function* pagesIn(backup: Buffer): AsyncGenerator<readonly StoreEntry[]> {
  const file = await readBackup(chunksOf(backup), where);
  yield* file.pages();
}

/** As they were on disk. */
export const rowsIn = async (backup: Buffer): Promise<readonly StoreEntry[]> => {
  const rows: StoreEntry[] = [];
  for await (const page of pagesIn(backup)) rows.push(...page);
  return rows;
};

const check = async (backup: Buffer): Promise<void> => {
  const [first] = findingsIn(textsOf(await rowsIn(backup)));
  if (first !== undefined) throw Error(JSON.stringify(first));
};

/** All rows of the store that is made of a backup. */
export const restored = async (backup: Buffer, kinds: readonly Definition[]): Promise<readonly StoreEntry[]> => {
  const base = await mkdtemp(join(tmpdir(), 'gobs-model-'));
  const options = { Level, fs, process, directory: join(base, 'state'), now: () => 0 };
  try {
    const path = join(base, 'backup');
    await writeFile(path, backup);
    await restoreStore({
      ...options,
      backup: await openBackupFile(fs.promises, path),
      check: () => check(backup),
      examine: (rows) => requireKnownKinds(rows, kinds),
      replace: false,
    });
    const store = await openLevelStore(options);
    const rows = await store.page({ gt: '', lt: '\u{10ffff}', limit: 1_000_000 });
    await store.close();
    return rows;
  } finally {
    await rm(base, { recursive: true, force: true });
  }
};
