/** A store with a backup, for tests of restoring: real files. */
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { BackupHeader } from '../../src/persistence/archive-format.ts';
import { readBackup, type BackupFile } from '../../src/persistence/archive-reader.ts';
import { writeBackup } from '../../src/persistence/archive-writer.ts';
import { openStore } from '../../src/persistence/open-store.ts';
import type { RestoreOptions } from '../../src/persistence/restore-store.ts';
import { pagesOf } from '../../src/persistence/row-source.ts';
import { encodeRow } from '../../src/vats/row.ts';
import type { StoreEntry, StoreOp } from '../../src/vats/store.ts';
import { storePowers } from './store-powers.ts';

export const taken = '2026-11-19T02:00:00.000Z';

export const openAt = (directory: string) => openStore({ ...storePowers, directory, randomId: () => 'the-store' });

/** What a boss's store counts, and some rows. */
export const someRows = (rows: number): StoreOp[] => [
  {
    type: 'put',
    key: 'v/boss/!',
    value: encodeRow({ kind: 'vat', version: 1, change: 9, body: '#{"next":41}', slots: [] }),
  },
  { type: 'put', key: 'p/peer/!', value: '{"next":70,"given":69,"epoch":3}' },
  { type: 'put', key: 'k/!', value: '{"key":"0123456789abcdef"}' },
  ...Array.from({ length: rows }, (_, n) => ({
    type: 'put' as const,
    key: `v/boss/a/x/${n}`,
    value: `${n} ${'x'.repeat(300)}`,
  })),
];

/** Everything but what the store says of itself. */
export const contentOf = async (directory: string): Promise<readonly StoreEntry[]> => {
  const store = await openAt(directory);
  try {
    return (await store.page({ gt: '', lt: '\u{10ffff}', limit: 100_000 })).filter(([key]) => !key.startsWith('!'));
  } finally {
    await store.close();
  }
};

/** Writes the rows to the store of `directory`, and backs it up. */
export const makeBackup = async (directory: string, path: string, ops: readonly StoreOp[]): Promise<void> => {
  const store = await openAt(directory);
  await store.write(ops);
  const snapshot = store.snapshotOnDisk();
  const chunks: Buffer[] = [];
  const bytes = writeBackup(pagesOf(snapshot), directory, { taken, gobs: '0' }, () => 'a mac');
  for await (const chunk of bytes) chunks.push(chunk);
  await snapshot.close();
  await store.close();
  await writeFile(path, Buffer.concat(chunks));
};

export const openBackup = async (path: string): Promise<RestoreOptions['backup']> => {
  const read = () => readBackup(createReadStream(path), path);
  const { header, pages } = await read();
  await pages().return(undefined);
  let last: BackupFile | undefined;
  async function* all(): AsyncGenerator<readonly StoreEntry[]> {
    last = await read();
    yield* last.pages();
  }
  const ends = { header: () => last?.header, trailer: () => last?.trailer() };
  return { where: path, header: header as BackupHeader, backup: ends, pages: all };
};

/** For `restoreStore`, into `directory`. */
export const restoreOptions = async (directory: string, path: string): Promise<RestoreOptions> => ({
  ...storePowers,
  directory,
  backup: await openBackup(path),
  check: async () => {},
  examine: async () => {},
  replace: false,
});
