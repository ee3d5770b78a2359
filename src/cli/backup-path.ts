/** The backup file that a command reads, as somebody has named it. */
import { resolve } from 'node:path';
import { makeError } from '../errors/gobs-error.ts';
import type { CliPowers } from './powers.ts';

type PathPowers = Pick<CliPowers, 'fs' | 'workingDirectory'>;

/** Absolute. Rejects BAD_USAGE for standard input; BACKUP_UNUSABLE for a directory, and for what is not there. */
export const backupPath = async (file: string, { fs, workingDirectory }: PathPowers): Promise<string> => {
  // It is read more than once.
  if (file === '-' || file === '') {
    throw makeError('BAD_USAGE', 'a backup is read from a file, whose name must be given');
  }
  const path = resolve(workingDirectory, file);
  const found = await fs.stat(path).catch((error: unknown) => {
    // What else is wrong is told by who opens it.
    if ((error as { code?: unknown }).code !== 'ENOENT') return undefined;
    throw makeError('BACKUP_UNUSABLE', `${path}: there is no such file`, {
      hint: 'name a backup file; the store of a boss is named by --state DIR, and needs no FILE',
    });
  });
  if (found?.isDirectory() !== true) return path;
  throw makeError('BACKUP_UNUSABLE', `${path}: is a directory, and a backup is a file`, {
    hint: 'if a boss keeps its state there, name it by --state DIR',
  });
};
harden(backupPath);
