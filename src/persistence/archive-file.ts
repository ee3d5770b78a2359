/** A backup as a file: one that rows are read from, and one that is written, so that a file of that name is whole or not there. */
import { Buffer } from 'node:buffer';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, makeError } from '../errors/gobs-error.ts';
import type { StoreEntry } from '../vats/store.ts';
import type { BackupHeader } from './archive-format.ts';
import { readBackup, type BackupFile } from './archive-reader.ts';
import type { BackupEnds, RowSource } from './row-source.ts';
import { syncPath } from './sync-directory.ts';

type Fs = typeof import('node:fs/promises');
type ReadFs = Pick<Fs, 'open' | 'constants'>;

const chunkBytes = 1 << 18;

const words: Readonly<Record<string, string>> = harden({
  EACCES: 'not permitted',
  EDQUOT: 'no room in the quota',
  EISDIR: 'is a directory',
  ENOENT: 'no such file or directory',
  ENOSPC: 'no room on that file system',
  ENOTDIR: 'is below a file',
  EROFS: 'is on a read-only file system',
});

/** BACKUP_UNUSABLE for what the file system says; what has a code stays as it is. */
const unusable = (path: string, error: unknown): Error => {
  const { code, message } = error as { readonly code?: string; readonly message: string };
  if (codeOf(error) !== 'UNEXPECTED' || code === undefined) return error as Error;
  return makeError('BACKUP_UNUSABLE', `${path}: ${words[code] ?? message}`, { cause: error });
};

async function* chunksOf(file: FileHandle): AsyncGenerator<Buffer> {
  try {
    for (;;) {
      // What was read is kept by who got it, so it is not read into twice.
      const { bytesRead, buffer } = await file.read(Buffer.alloc(chunkBytes), 0, chunkBytes, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** It is read more than once, so no pipe will do; and opening one would wait for whoever writes to it. */
const openFile = async ({ open, constants }: ReadFs, path: string): Promise<FileHandle> => {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const there = await file.stat();
  if (there.isFile()) return file;
  await file.close();
  throw makeError('BACKUP_UNUSABLE', `${path}: ${there.isDirectory() ? words['EISDIR']! : 'is no file'}`);
};

const begin = async (fs: ReadFs, path: string): Promise<BackupFile> => {
  try {
    return await readBackup(chunksOf(await openFile(fs, path)), path);
  } catch (error) {
    throw unusable(path, error);
  }
};

async function* pagesIn(
  fs: ReadFs,
  path: string,
  onBegin: (file: BackupFile) => void,
): AsyncGenerator<readonly StoreEntry[]> {
  const file = await begin(fs, path);
  onBegin(file);
  try {
    yield* file.pages();
  } catch (error) {
    throw unusable(path, error);
  }
}

export interface BackupFileSource extends RowSource {
  readonly header: BackupHeader;
  readonly backup: BackupEnds;
}

/** Rejects BACKUP_UNUSABLE; BACKUP_DAMAGED for what does not begin as a backup does; NEWER_FORMAT. `path` is absolute. */
export const openBackupFile = async (fs: ReadFs, path: string): Promise<BackupFileSource> => {
  const { header, close } = await begin(fs, path);
  await close();
  let last: BackupFile | undefined;
  const pages = () => pagesIn(fs, path, (file) => void (last = file));
  const backup: BackupEnds = { header: () => last?.header, trailer: () => last?.trailer() };
  return harden({ where: path, header, backup, pages, close: async () => {} });
};
harden(openBackupFile);

/** Who may be written over: a file, and only if that was asked for. */
const requireFree = async ({ stat }: Fs, path: string, force: boolean): Promise<void> => {
  const there = await stat(path).catch((error: unknown) => {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
    throw unusable(path, error);
  });
  if (there === undefined) return;
  if (!there.isFile()) throw makeError('BACKUP_UNUSABLE', `${path}: is there already, and is no file`);
  if (force) return;
  throw makeError('BACKUP_UNUSABLE', `${path}: is there already, and is left as it is`, {
    hint: 'give another name, or --force to put this backup in its place',
  });
};

/** Another backup of the same name may have begun meanwhile, and put its draft in the place of ours. */
const isOurs = async ({ stat }: Fs, draft: string, file: FileHandle): Promise<boolean> => {
  const [ours, there] = await Promise.all([file.stat(), stat(draft).catch(() => undefined)]);
  return ours.ino === there?.ino && ours.dev === there.dev;
};

/** Writes, syncs and renames. */
const writeAll = async (fs: Fs, path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> => {
  const draft = `${path}.new`;
  // One that was interrupted may have left its own, with any mode.
  await fs.rm(draft, { force: true });
  const file = await fs.open(draft, 'wx', 0o600);
  try {
    for await (const chunk of chunks) await file.writeFile(chunk);
    await file.sync();
    if (!(await isOurs(fs, draft, file))) {
      throw makeError('BACKUP_UNUSABLE', `${path}: another backup is being written there`);
    }
    await fs.rename(draft, path);
  } catch (error) {
    if (await isOurs(fs, draft, file)) await fs.rm(draft, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  await syncPath(fs, dirname(path));
};

/**
 * A file of that name, for its owner alone, when all is written and synced; until then `path.new`. `chunks` are `writeBackup`'s. Rejects BACKUP_UNUSABLE, or
 * as the chunks do; then what was there before is as it was.
 */
export const writeBackupFile = async (
  fs: Fs,
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  { force }: { readonly force: boolean },
): Promise<void> => {
  await requireFree(fs, path, force);
  try {
    await writeAll(fs, path, chunks);
  } catch (error) {
    throw unusable(path, error);
  }
};
harden(writeBackupFile);
