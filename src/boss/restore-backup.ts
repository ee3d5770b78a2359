/**
 * Puts a boss's store back from a backup, without a boss: `gobs store restore`. The file is read to its end and found sound before anything is made, and
 * must be of a boss that this program can run, sealed and signed with the key that is at hand.
 */
import { makeError } from '../errors/gobs-error.ts';
import type { BackupTrailer } from '../persistence/archive-format.ts';
import { openBackupFile } from '../persistence/archive-file.ts';
import { restoreStore } from '../persistence/restore-store.ts';
import type { RestorePlaceOptions } from '../persistence/restore-place.ts';
import type { RowSource } from '../persistence/row-source.ts';
import { verify } from '../persistence/verify.ts';
import type { RestoredStore } from '../protocol/restored-store.ts';
import type { StateDirectory } from '../protocol/state-directory.ts';
import { whyNotSigned } from '../sealing/backup-mac.ts';
import { sealingRowKey } from '../sealing/key-row.ts';
import { chooseKeySource, type SealingSettings } from '../sealing/key-source.ts';
import { openSealing, type SealingPowers } from '../sealing/open-sealing.ts';
import { requireKnownKinds, versionsOf } from '../vats/known-kinds.ts';
import type { Store } from '../vats/store.ts';
import { bossKinds } from './kinds.ts';

export interface RestoreBackupOptions extends SealingSettings {
  readonly state: StateDirectory;
  /** An absolute path. */
  readonly file: string;
  /** Moves a store that is there aside. */
  readonly replace: boolean;
  /** Called now and then: how many rows were checked, or written. */
  readonly onProgress?: (what: 'checked' | 'written', rows: number) => void;
}

export interface RestoreBackupPowers
  extends Omit<RestorePlaceOptions, 'directory' | 'uid' | 'inUseHint'>, SealingPowers {
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const requireSound = async (source: RowSource, onProgress: (rows: number) => void): Promise<void> => {
  const kinds = Object.fromEntries(versionsOf(bossKinds));
  const { findings, more } = await verify(source, { kinds, onProgress });
  const [first] = findings;
  if (first === undefined) return;
  const others = findings.length - 1 + more;
  const { key, message } = first;
  // What is about the file as a whole names it already.
  const said =
    key === null && message.startsWith(source.where)
      ? message
      : `${source.where}: ${key === null ? '' : `${key}: `}${message}`;
  throw makeError('BACKUP_DAMAGED', `${said}${others === 0 ? '' : ` (and ${others} more)`}`, {
    hint: `gobs store verify ${source.where} shows all; nothing was changed`,
  });
};

/** Rejects SEALING_KEY_UNUSABLE, SEALING_KEY_WRONG, BACKUP_ALTERED. */
const requireSigned = async (
  rows: Pick<Store, 'get'>,
  trailer: BackupTrailer,
  { state, file, ...settings }: RestoreBackupOptions,
  powers: RestoreBackupPowers,
): Promise<void> => {
  const altered = (why: string): Error =>
    makeError('BACKUP_ALTERED', `${file}: ${why}`, { hint: 'use another backup; nothing was changed' });
  if (rows.get(sealingRowKey) === undefined) throw altered('it is not signed, so anybody may have written it');
  const source = await chooseKeySource(settings, state.sealingKey, powers.environment, powers);
  const { seal } = await openSealing(source, rows, powers);
  const why = whyNotSigned(seal, trailer);
  if (why !== undefined) throw altered(why);
  const sealed = rows.get('k/peer');
  if (sealed !== undefined) seal.unseal('k/peer', sealed);
};

/** Rejects BACKUP_UNUSABLE, BACKUP_DAMAGED, BACKUP_ALTERED, NEWER_FORMAT, NEWER_VERSION, UNKNOWN_KIND, SEALING_KEY_*, STORE_EXISTS, STORE_IN_USE, STORE_UNUSABLE. */
export const restoreBackup = async (
  options: RestoreBackupOptions,
  powers: RestoreBackupPowers,
): Promise<RestoredStore> => {
  const { state, file, replace, onProgress = () => {} } = options;
  const backup = await openBackupFile(powers.fs.promises, file);
  try {
    return await restoreStore({
      ...powers,
      directory: state.root,
      inUseHint: `stop it with: gobs down --state ${state.root}`,
      backup,
      replace,
      check: () => requireSound(backup, (rows) => onProgress('checked', rows)),
      examine: async (rows, trailer) => {
        await requireKnownKinds(rows, bossKinds);
        await requireSigned(rows, trailer, options, powers);
      },
      onProgress: (rows) => onProgress('written', rows),
    });
  } finally {
    await backup.close();
  }
};
harden(restoreBackup);
