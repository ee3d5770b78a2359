/**
 * Opens files in a machine's directory. Its hob writes there, and may have been taken over: a pipe in the place of a file would keep who opens
 * it waiting for ever, a link would lead elsewhere, and a file of any size would fill the memory.
 */
import { Buffer } from 'node:buffer';
import type { FileHandle } from 'node:fs/promises';
import { makeError } from '../../errors/gobs-error.ts';

export type SmallFileFs = Pick<typeof import('node:fs/promises'), 'constants' | 'open'>;

/** Bytes of a note or a locator. */
const LIMIT = 64 * 1024;
/** Bytes of the end of a log. */
const END = 4 * 1024;

const codeIn = (error: unknown): string => String((error as { code?: unknown } | null)?.code);

/** Throws PROVIDER_FAILED for what is no regular file, and what the system throws. The caller closes it. */
const openRegular = async (fs: SmallFileFs, path: string, flags: number, mode?: number): Promise<FileHandle> => {
  const refuse = (): Error => makeError('PROVIDER_FAILED', `${path} is not a regular file`);
  const { O_NONBLOCK, O_NOFOLLOW } = fs.constants;
  const handle = await fs.open(path, flags | O_NONBLOCK | O_NOFOLLOW, mode).catch((error: unknown) => {
    // A link; a pipe that nobody reads, or a socket; a directory.
    throw ['ELOOP', 'ENXIO', 'EISDIR'].includes(codeIn(error)) ? refuse() : (error as Error);
  });
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw refuse();
};

const readPart = async (handle: FileHandle, from: number, limit: number): Promise<string> => {
  const buffer = Buffer.alloc(limit);
  let length = 0;
  for (;;) {
    const { bytesRead } = await handle.read(buffer, length, limit - length, from + length);
    length += bytesRead;
    if (bytesRead === 0 || length === limit) return buffer.toString('utf8', 0, length);
  }
};

const reading = async <T>(fs: SmallFileFs, path: string, look: (handle: FileHandle) => Promise<T>) => {
  try {
    const handle = await openRegular(fs, path, fs.constants.O_RDONLY);
    try {
      return await look(handle);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (codeIn(error) === 'ENOENT') return undefined;
    throw error;
  }
};

/** The first 64 KB, as text; undefined if there is none. Throws PROVIDER_FAILED for what is no regular file. */
export const readSmallFile = (fs: SmallFileFs, path: string): Promise<string | undefined> =>
  reading(fs, path, (handle) => readPart(handle, 0, LIMIT));
harden(readSmallFile);

/** The last 4 KB. Throws as `readSmallFile` does. */
export const readEnd = (fs: SmallFileFs, path: string): Promise<string | undefined> =>
  reading(fs, path, async (handle) => readPart(handle, Math.max(0, (await handle.stat()).size - END), END));
harden(readEnd);

/** To append to, made (0600) if there is none. Throws PROVIDER_FAILED for what is no regular file. The caller closes it. */
export const openToAppend = (fs: SmallFileFs, path: string): Promise<FileHandle> => {
  const { O_WRONLY, O_APPEND, O_CREAT } = fs.constants;
  return openRegular(fs, path, O_WRONLY | O_APPEND | O_CREAT, 0o600);
};
harden(openToAppend);
