/**
 * Makes the names in a directory durable. LevelDB does it only before it writes its MANIFEST, not after it has renamed the file that says which MANIFEST
 * counts; and whoever makes a directory has to see to its name in the one above.
 */

/** Of a file, or of a directory: the names in it. Rejects as the file system does. */
export const syncPath = async (
  { open }: Pick<typeof import('node:fs/promises'), 'open'>,
  path: string,
): Promise<void> => {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};
harden(syncPath);

/** Rejects as the file system does; but of a directory that we may write and not read, nothing can be made durable, and nothing is said. */
export const syncDirectory = async (fs: typeof import('node:fs'), path: string): Promise<void> => {
  await syncPath(fs.promises, path).catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== 'EACCES') throw error;
  });
};
harden(syncDirectory);
