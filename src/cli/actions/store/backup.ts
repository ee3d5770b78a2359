/** `gobs store backup`. */
import { resolve } from 'node:path';
import { makeError } from '../../../errors/gobs-error.ts';
import { writeBackupFile } from '../../../persistence/archive-file.ts';
import { writeBackup } from '../../../persistence/archive-writer.ts';
import type { RowPage, RowSource } from '../../../persistence/row-source.ts';
import { soundPages } from '../../../persistence/sound-pages.ts';
import { printable } from '../../../protocol/printable.ts';
import { exitCodes } from '../../exit-codes.ts';
import { withRows } from '../../open-rows.ts';
import type { CliPowers } from '../../powers.ts';
import type { Action, Surroundings } from '../action.ts';
import { makeRowProgress } from './row-progress.ts';

/** What was seen of the rows that went by. */
interface Seen {
  rows: number;
  /** Of the key that secrets in it are sealed with. */
  sealedWith: { readonly key: string; readonly byPassphrase: boolean } | undefined;
}

const noteRows = (seen: Seen, page: RowPage): void => {
  seen.rows += page.length;
  const sealing = page.find(([key]) => key === 'k/!');
  if (sealing === undefined) return;
  const { key, scrypt } = JSON.parse(sealing[1].slice(sealing[1].indexOf(' '))) as { key?: unknown; scrypt?: unknown };
  if (typeof key === 'string') seen.sealedWith = { key: printable(key), byPassphrase: scrypt !== undefined };
};

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

const backUp = async (
  source: RowSource,
  path: string,
  force: boolean,
  { powers, output }: Surroundings,
): Promise<Seen> => {
  const seen: Seen = { rows: 0, sealedWith: undefined };
  const progress = makeRowProgress('backed up', powers, output);
  // Before there is a draft, which would be left behind otherwise.
  const { interrupted, forget } = listenForInterrupt(path, powers.onInterrupt);
  async function* pages(): AsyncGenerator<RowPage> {
    for await (const page of until(interrupted, soundPages(source.pages(), source.where))) {
      noteRows(seen, page);
      progress.rows(seen.rows);
      yield page;
    }
  }
  const origin = { taken: new Date(powers.now()).toISOString(), gobs: powers.version };
  try {
    await writeBackupFile(powers.fs, path, writeBackup(pages(), source.where, origin), { force });
  } finally {
    forget();
    progress.end();
  }
  return seen;
};

export const backupStore: Action<'store backup'> = async ({ at, file, force }, surroundings) => {
  const { powers, output } = surroundings;
  if (file === '-' || file === '') throw makeError('BAD_USAGE', 'a backup goes to a file, whose name must be given');
  const path = resolve(powers.workingDirectory, file);
  return withRows({ at, wholeTables: true }, surroundings, async (source) => {
    const { rows, sealedWith } = await backUp(source, path, force, surroundings);
    output.note(`gobs: wrote ${rows} rows to ${path}`);
    if (sealedWith !== undefined) {
      output.note(
        sealedWith.byPassphrase
          ? `gobs: secrets in it are sealed with a passphrase (key ${sealedWith.key}): without that, the backup is of no use`
          : `gobs: secrets in it are sealed with the key ${sealedWith.key}; keep a copy of that elsewhere: the backup does not have it`,
      );
    }
    return exitCodes.done;
  });
};
harden(backupStore);
