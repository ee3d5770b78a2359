/** The rows of a running boss's store, as of when it was asked. They come as the bytes of a backup file, a piece for each call. */
import { Buffer } from 'node:buffer';
import { E } from '@endo/far';
import { readBackup, type BackupFile } from '../persistence/archive-reader.ts';
import type { RowPage, RowSource } from '../persistence/row-source.ts';
import type { Boss, StoreBackup } from '../protocol/remotes.ts';

/** So many pieces are asked for ahead: the boss makes one while another is on its way. */
const depth = 3;

async function* chunksOf(backup: StoreBackup): AsyncGenerator<Buffer> {
  const ahead: Promise<string>[] = [];
  const ask = (): void => {
    const piece = E(backup).read();
    // Who waits for it hears of it; nobody may.
    piece.catch(() => {});
    ahead.push(piece);
  };
  try {
    for (;;) {
      while (ahead.length < depth) ask();
      const piece = await ahead.shift()!;
      if (piece === '') return;
      yield Buffer.from(piece, 'base64');
    }
  } finally {
    await Promise.allSettled(ahead);
  }
}

/** `where`: what people call the boss. Closing it tells the boss that it need not keep what it was. Rejects LIMIT_EXCEEDED, STORE_UNUSABLE. */
export const openRunningStore = async (boss: Boss, where: string): Promise<RowSource> => {
  // The boss sees it rejected when our session ends, however it ends.
  const end = Promise.withResolvers<undefined>();
  const backup = await E(boss).backup(end.promise);
  let begun = false;
  let last: BackupFile | undefined;

  async function* pages(): AsyncGenerator<RowPage> {
    if (begun) await E(backup).rewind();
    begun = true;
    const file = await readBackup(chunksOf(backup), where);
    last = file;
    try {
      yield* file.pages();
    } finally {
      await file.close();
    }
  }
  return harden({
    where,
    pages,
    backup: { header: () => last?.header, trailer: () => last?.trailer() },
    close: async () => {
      end.resolve(undefined);
      // Not waited for: a boss that hangs would hold up whoever broke off, and the end of the session does the same.
      E(backup)
        .close()
        .catch(() => {});
    },
  });
};
harden(openRunningStore);
