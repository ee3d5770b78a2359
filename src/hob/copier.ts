/**
 * Files that an admin copies to and from this machine (`gobs cp`), through rooted-files.ts: nothing outside the machine's root, no symlink followed, and
 * what comes is written beside its place, synced, and gets its name when it is whole. A copy that is given up, by whoever asked or because the hob ends,
 * leaves nothing.
 */
import { Buffer } from 'node:buffer';
import { Far } from '@endo/pass-style';
import { makeError } from '../errors/gobs-error.ts';
import { plainText } from '../protocol/plain-text.ts';
import {
  copiedMode,
  copyPieceBytes,
  type CopyEnd,
  type Download,
  type FoundFile,
  type StartedCopy,
  type Upload,
} from '../protocol/copies.ts';
import { makeConduit } from './conduit.ts';
import type { OpenFile, RootedFiles } from './rooted-files.ts';

export interface Copier {
  /** null: there is nothing. Rejects OUTSIDE_ROOT, CANNOT_LOOK. */
  look(path: string): Promise<FoundFile | null>;
  /** Given up when `until` is settled. Rejects OUTSIDE_ROOT, CANNOT_LOOK, LIMIT_EXCEEDED. */
  download(path: string, until?: Promise<unknown>): Promise<StartedCopy<Download>>;
  /** The same; rejects CANNOT_CHANGE, too. */
  upload(path: string, mode: number, until?: Promise<unknown>): Promise<StartedCopy<Upload>>;
}

export interface CopierKit {
  readonly copier: Copier;
  /** Called once, when the hob ends: what is on its way is given up. Resolves when nothing is. */
  stop(): Promise<void>;
}

/** At once. */
const MOST = 16;

const givenUp = (path: string): Error =>
  makeError('SESSION_CLOSED', `${plainText(path, 200)}: the copy was given up before its end`);

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

export const makeCopier = (files: RootedFiles): CopierKit => {
  const open = new Map<() => void, Promise<unknown>>();
  let begun = 0;
  let stopped = false;

  /** Counts it until it has ended, however that is. */
  const begin = (): (() => void) => {
    if (stopped) throw makeError('HOB_UNREACHABLE', 'the hob is about to end');
    if (begun >= MOST) throw makeError('LIMIT_EXCEEDED', `${MOST} files are being copied on this host already`);
    begun += 1;
    let over = false;
    return () => {
      if (!over) begun -= 1;
      over = true;
    };
  };
  const follow = (giveUp: () => void, ended: Promise<unknown>, over: () => void, until?: Promise<unknown>): void => {
    const gone = ended.then(over, over).then(() => open.delete(giveUp));
    open.set(giveUp, gone);
    if (stopped) giveUp();
    until?.then(giveUp, giveUp);
  };

  const look: Copier['look'] = async (path) => {
    const found = await files.stat(path);
    return found === undefined ? null : harden({ type: found.type, mode: found.mode, size: found.size });
  };

  const readFrom = (path: string, { file, found }: OpenFile) => {
    const ended = Promise.withResolvers<CopyEnd>();
    let bytes = 0;
    let closed = false;
    const close = async (settle: () => void): Promise<void> => {
      if (closed) return;
      closed = true;
      await file.close().catch(() => {});
      settle();
    };
    const readOne = async (): Promise<string> => {
      if (closed) throw givenUp(path);
      // It may grow meanwhile: what is copied is what there was.
      const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(copyPieceBytes, found.size - bytes)));
      bytes += bytesRead;
      if (bytesRead === 0) await close(() => ended.resolve(harden({ bytes })));
      return buffer.toString('base64', 0, bytesRead);
    };
    let last: Promise<unknown> = Promise.resolve();
    const read = (): Promise<string> => {
      const reading = last.then(readOne);
      last = reading.catch(() => {});
      return reading;
    };
    const about = harden({ type: found.type, mode: found.mode & copiedMode, size: found.size });
    const handle = Far('Download', { about: () => about, read } as never) as unknown as Download;
    // Reading must not be under way when the descriptor is closed.
    const giveUp = (): void => void last.then(() => close(() => ended.reject(givenUp(path))));
    return { handle, ended: ended.promise, giveUp };
  };

  const download: Copier['download'] = async (path, until) => {
    const over = begin();
    try {
      const { handle, ended, giveUp } = readFrom(path, await files.open(path));
      follow(giveUp, ended, over, until);
      return harden({ handle, ended });
    } catch (error) {
      over();
      throw error;
    }
  };

  /** Of a path that may be written. Throws CANNOT_CHANGE. */
  const requirePlace = async (path: string): Promise<void> => {
    const parent = parentOf(path);
    const found = parent === '' ? { type: 'directory' } : await files.stat(parent);
    if (found?.type === 'directory') return;
    throw makeError('CANNOT_CHANGE', `${plainText(path, 200)}: there is no directory ${plainText(parent, 200)}`);
  };

  const upload: Copier['upload'] = async (path, mode, until) => {
    const over = begin();
    try {
      await files.stat(path);
      await requirePlace(path);
      await files.sweep(path);
    } catch (error) {
      over();
      throw error;
    }
    const conduit = makeConduit();
    let bytes = 0;
    const done = files.replace(path, conduit.source, { mode: mode & copiedMode });
    const ended = done.then(() => harden({ bytes }));
    // Whoever writes hears why nothing is taken any more.
    ended.catch((error: unknown) => conduit.fail(error as Error));
    const handle = {
      write: async (text: string): Promise<void> => {
        const piece = Buffer.from(text, 'base64');
        await conduit.write(piece);
        bytes += piece.length;
      },
      finish: async (): Promise<void> => {
        conduit.end();
        await done;
      },
    };
    follow(() => conduit.fail(givenUp(path)), ended, over, until);
    return harden({ handle: Far('Upload', handle as never) as unknown as Upload, ended });
  };

  return harden({
    copier: Far('Copier', { look, download, upload } as never) as unknown as Copier,
    stop: async () => {
      stopped = true;
      for (const giveUp of open.keys()) giveUp();
      await Promise.all(open.values());
    },
  });
};
harden(makeCopier);
