/**
 * Backups of the running boss: each is a snapshot of the store, sent to an admin as the bytes of a backup file, a piece for each call. Turns go on
 * meanwhile; what a snapshot costs is that LevelDB keeps rows that were replaced. So there are a few at a time, and one is given back when it is
 * closed, when its holder's session ends, when nobody has asked for more for a minute, and when the boss ends.
 */
import type { Buffer } from 'node:buffer';
import { Far } from '@endo/far';
import { makeError } from '../errors/gobs-error.ts';
import { writeBackup, type SignBackup } from '../persistence/archive-writer.ts';
import type { Ledger } from '../persistence/ledger.ts';
import { pagesOf } from '../persistence/row-source.ts';
import type { StoreBackup } from '../protocol/remotes.ts';

export interface StoreBackupsOptions {
  readonly store: Pick<Ledger, 'snapshotOnDisk'>;
  /** What errors call the store. */
  readonly where: string;
  /** The version of this program. */
  readonly gobs: string;
  readonly sign: SignBackup;
  readonly now: () => number;
  readonly setTimer: (callback: () => void, milliseconds: number) => () => void;
}

export interface StoreBackups {
  /** A `Far`. It closes when `until` is settled, as the promises of a session are when it ends. Throws LIMIT_EXCEEDED, STORE_UNUSABLE. */
  open(until?: Promise<unknown>): StoreBackup;
  /** Gives all back. */
  close(): Promise<void>;
}

const mostOpen = 4;
const idleTime = 60_000;
/** A third more as base64: far below what a frame may have. */
const pieceBytes = 1 << 18;

async function* piecesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += pieceBytes) yield chunk.toString('base64', at, at + pieceBytes);
  }
}

export const makeStoreBackups = ({ store, where, gobs, sign, now, setTimer }: StoreBackupsOptions): StoreBackups => {
  const open = new Set<() => Promise<void>>();

  const openOne = (): { readonly backup: StoreBackup; readonly close: () => Promise<void> } => {
    const snapshot = store.snapshotOnDisk();
    const taken = new Date(now()).toISOString();
    const begin = (): AsyncGenerator<string> => piecesOf(writeBackup(pagesOf(snapshot), where, { taken, gobs }, sign));
    let pieces = begin();
    let cancel = (): void => {};
    let closed = false;

    const close = async (): Promise<void> => {
      if (closed) return;
      closed = true;
      cancel();
      open.delete(close);
      await snapshot.close();
    };
    const stayOpen = (): void => {
      if (closed) throw makeError('STORE_UNUSABLE', `${where}: the backup is closed`, { hint: 'begin another one' });
      cancel();
      cancel = setTimer(() => void close(), idleTime);
    };
    open.add(close);
    stayOpen();
    const backup = {
      // Calls wait for each other: the generator keeps them in order.
      read: async () => {
        stayOpen();
        const next = await pieces.next();
        return next.done === true ? '' : next.value;
      },
      rewind: async () => {
        stayOpen();
        pieces = begin();
      },
      close,
    };
    return { backup: Far('StoreBackup', backup) as unknown as StoreBackup, close };
  };

  return harden({
    open: (until) => {
      if (open.size >= mostOpen) {
        throw makeError('LIMIT_EXCEEDED', `${where}: ${mostOpen} backups are being read already`, {
          hint: 'wait for one to end; one that nobody reads ends after a minute',
        });
      }
      const { backup, close } = openOne();
      const end = (): void => void close();
      until?.then(end, end);
      return backup;
    },
    close: async () => {
      await Promise.all([...open].map((close) => close()));
    },
  } satisfies StoreBackups);
};
harden(makeStoreBackups);
