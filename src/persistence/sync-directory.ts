/**
 * Makes the names in a directory durable. LevelDB does it only before it writes its MANIFEST, not after it has renamed the file that says which MANIFEST
 * counts; and whoever makes a directory has to see to its name in the one above.
 */

/** Rejects as the file system does; but of a directory that we may write and not read, nothing can be made durable, and nothing is said. */
export const syncDirectory = async (fs: typeof import('node:fs'), path: string): Promise<void> => {
  const directory = await fs.promises.open(path, 'r').catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== 'EACCES') throw error;
  });
  try {
    await directory?.sync();
  } finally {
    await directory?.close();
  }
};
harden(syncDirectory);
