/** `gobs store backup`. */
import { resolve } from 'node:path';
import { makeError } from '../../../errors/gobs-error.ts';
import { writeBackupFile } from '../../../persistence/archive-file.ts';
import { writeBackup } from '../../../persistence/archive-writer.ts';
import type { RowPage, RowSource } from '../../../persistence/row-source.ts';
import { soundPages } from '../../../persistence/sound-pages.ts';
import { counted } from '../../../protocol/counted.ts';
import { backupMac } from '../../../sealing/backup-mac.ts';
import { parseSealingRow } from '../../../sealing/key-row.ts';
import type { Seal } from '../../../sealing/seal.ts';
import { exitCodes } from '../../exit-codes.ts';
import { findStateDirectory } from '../../find-boss.ts';
import { withRows } from '../../open-rows.ts';
import type { CliPowers } from '../../powers.ts';
import { withPassphrase } from '../../sealing-input.ts';
import { sealingRowIn } from '../../sealing-row.ts';
import { sealingPaths } from '../../start-settings.ts';
import type { Action, Surroundings } from '../action.ts';
import { makeRowProgress } from './row-progress.ts';

/** What was seen of the rows that went by. */
interface Seen {
  rows: number;
  /** Row `k/!`, without its checksum. */
  sealing: string | undefined;
}

/** The pages, until somebody ends it. */
async function* until(interrupted: Promise<never>, pages: AsyncGenerator<RowPage>): AsyncGenerator<RowPage> {
  for (;;) {
    const next = await Promise.race([pages.next(), interrupted]);
    if (next.done === true) return;
    yield next.value;
  }
}

/** Rejects BACKUP_UNUSABLE when somebody ends it, until it is forgotten. */
const listenForInterrupt = (path: string, onInterrupt: CliPowers['onInterrupt']) => {
  const { promise: interrupted, reject } = Promise.withResolvers<never>();
  interrupted.catch(() => {});
  const forget = onInterrupt(() => reject(makeError('BACKUP_UNUSABLE', `${path}: interrupted; no backup was written`)));
  return { interrupted, forget };
};

/** What the boss says of the same bytes. Throws BACKUP_UNUSABLE if they are not the same: then the boss is of a version that writes others. */
const signedByBoss = ({ where, backup }: RowSource, sha256: string): string | undefined => {
  const trailer = backup?.trailer();
  if (trailer?.sha256 === sha256) return trailer.mac;
  throw makeError('BACKUP_UNUSABLE', `${where}: it writes backups otherwise than this gobs does`, {
    hint: 'use the gobs that the boss runs on',
  });
};

const backUp = async (
  source: RowSource,
  path: string,
  { force, openSeal }: { readonly force: boolean; readonly openSeal: (row: string) => Promise<Pick<Seal, 'mac'>> },
  { powers, output }: Surroundings,
): Promise<Seen> => {
  const seen: Seen = { rows: 0, sealing: undefined };
  let seal: Pick<Seal, 'mac'> | undefined;
  const progress = makeRowProgress('backed up', powers, output);
  // Before there is a draft, which would be left behind otherwise.
  const { interrupted, forget } = listenForInterrupt(path, powers.onInterrupt);
  async function* pages(): AsyncGenerator<RowPage> {
    for await (const page of until(interrupted, soundPages(source.pages(), source.where))) {
      seen.rows += page.length;
      seen.sealing ??= sealingRowIn(page);
      // A boss signs what it gives. Early, so that nobody waits for what nobody can sign.
      if (source.backup === undefined && seen.sealing !== undefined) seal ??= await openSeal(seen.sealing);
      progress.rows(seen.rows);
      yield page;
    }
  }
  const taken = new Date(powers.now()).toISOString();
  // What the boss has signed begins as it has written it.
  const origin = () => source.backup?.header() ?? { taken, gobs: powers.version };
  const sign = (sha256: string): string | undefined =>
    source.backup === undefined ? seal && backupMac(seal, sha256) : signedByBoss(source, sha256);
  try {
    await writeBackupFile(powers.fs, path, writeBackup(pages(), source.where, origin, sign), { force });
  } finally {
    forget();
    progress.end();
  }
  return seen;
};

export const backupStore: Action<'store backup'> = async ({ at, file, force, ...keys }, surroundings) => {
  const { powers, output } = surroundings;
  if (file === '-' || file === '') throw makeError('BAD_USAGE', 'a backup goes to a file, whose name must be given');
  const path = resolve(powers.workingDirectory, file);
  return withRows({ at, wholeTables: true }, surroundings, async (source) => {
    const openSeal = async (row: string) => {
      const settings = await withPassphrase(sealingPaths(keys, powers), powers);
      return powers.rows.openSeal(row, settings, findStateDirectory(at.state, powers).sealingKey);
    };
    const { rows, sealing } = await backUp(source, path, { force, openSeal }, surroundings);
    output.note(`gobs: wrote ${counted(rows, 'row')} to ${path}`);
    if (sealing !== undefined) {
      const { key, scrypt } = parseSealingRow(sealing);
      output.note(
        scrypt === undefined
          ? `gobs: secrets in it are sealed with the key ${key}; keep a copy of that elsewhere: the backup does not have it`
          : `gobs: secrets in it are sealed with a passphrase (key ${key}): without that, the backup is of no use`,
      );
    }
    return exitCodes.done;
  });
};
harden(backupStore);
