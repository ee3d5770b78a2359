/** Which rows a command reads: those of a backup file; or of the boss, if it runs; or else of the store that it left. */
import { codeOf, makeError } from '../errors/gobs-error.ts';
import { openBackupFile } from '../persistence/archive-file.ts';
import type { RowSource } from '../persistence/row-source.ts';
import type { Surroundings } from './actions/action.ts';
import { backupPath } from './backup-path.ts';
import { withBoss } from './connect.ts';
import { findStateDirectory } from './find-boss.ts';
import type { BossPlace } from './request.ts';
import { openRunningStore } from './running-store.ts';

export interface RowsPlace {
  /** A backup file. Then there is nothing in `at`. */
  readonly file?: string;
  readonly at: BossPlace;
  /** Of a store that no boss has: a damaged table of LevelDB's is told, and then the store is left alone. Otherwise what can be read is read. */
  readonly wholeTables: boolean;
}

type Work<T> = (source: RowSource) => Promise<T>;

const using = async <T>(source: RowSource, work: Work<T>): Promise<T> => {
  try {
    return await work(source);
  } finally {
    await source.close();
  }
};

/** Is it said, by a flag or a variable, how the boss is reached? Then its store need not be here. */
const isElsewhere = ({ socket, connectFile, state }: BossPlace, env: Readonly<Record<string, string | undefined>>) =>
  socket !== undefined ||
  connectFile !== undefined ||
  (state === undefined && Boolean(env['GOBS_SOCKET'] || env['GOBS_CONNECT_FILE']));

const inStore = async <T>({ at, wholeTables }: RowsPlace, surroundings: Surroundings, work: Work<T>): Promise<T> => {
  const { powers, output } = surroundings;
  let reached = false;
  try {
    return await withBoss(at, powers, output, async (boss, { where }) => {
      reached = true;
      return using(await openRunningStore(boss, `the boss ${where}`), work);
    });
  } catch (error) {
    if (reached || codeOf(error) !== 'BOSS_NOT_RUNNING' || isElsewhere(at, powers.env)) throw error;
  }
  const { root } = findStateDirectory(at.state, powers);
  output.note(`gobs: no boss is running in ${root}; reading the store that is there`);
  return using(await powers.rows.openClosed(root, { wholeTables }), work);
};

/**
 * Opens, lets `work` read, and closes. Rejects BAD_USAGE, BACKUP_UNUSABLE, BACKUP_DAMAGED, NEWER_FORMAT; STORE_IN_USE, STORE_UNUSABLE, STORE_DAMAGED; as finding a
 * boss does; or as `work` does.
 */
export const withRows = async <T>(place: RowsPlace, surroundings: Surroundings, work: Work<T>): Promise<T> => {
  const { file, at } = place;
  if (file === undefined) return inStore(place, surroundings, work);
  if (Object.keys(at).length > 0) {
    throw makeError('BAD_USAGE', `${file}: a backup file is read by itself; --${Object.keys(at)[0]!} says which boss`);
  }
  const { powers } = surroundings;
  return using(await openBackupFile(powers.fs, await backupPath(file, powers)), work);
};
harden(withRows);
