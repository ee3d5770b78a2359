/**
 * Files below one root directory, and nothing outside it.
 *
 * A hob may be root, and others may write below the machine's root while it works: a path that was looked at can be a link to
 * `/etc` when it is used. So no path is ever handed to the system whole. Each operation starts at the root's own descriptor
 * and opens one directory after the other, each *in the one before* and never through a symlink:
 *
 *     "/etc/app/motd"       root ──▶ etc ──▶ app      then one operation on "motd" in app
 *                            7        9       11      /proc/self/fd/11/motd
 *
 * Node has no openat(2); `/proc/self/fd/<descriptor>/<one name>` does the same: the system goes to the very directory that is
 * open, wherever it has been moved to and whatever has its name now. What is left of a race is this: a directory
 * that was below the root when it was opened is worked in, even if it is moved away meanwhile. Mounts are followed: who may mount may all.
 *
 * Content is replaced, never written in place (replace-file.ts): whoever reads sees the old file or the new one, and a hard link
 * elsewhere keeps the old content.
 *
 * Every method takes a path as src/protocol/resources/host-path.ts describes it, and throws OUTSIDE_ROOT if the path would lead out or a
 * parent is a symlink, BAD_DESIRED_STATE if it is no path, CANNOT_LOOK or CANNOT_CHANGE if the system refuses. Linux only.
 */
import type { FileHandle } from 'node:fs/promises';
import { posix } from 'node:path';
import { makeError } from '../errors/gobs-error.ts';
import { randomName, sweepLeftovers } from './rooted-files/leftovers.ts';
import { replaceFile, type FileContent } from './rooted-files/replace-file.ts';
import { readLinkEntry, replaceLinkEntry, type LinkOwner } from './rooted-files/replace-link.ts';
import {
  changeEntry,
  lookIntoEntry,
  makeDirectoryIn,
  openEntry,
  readEntry,
  removeEntry,
  statEntry,
} from './rooted-files/entry.ts';
import { openRoot, type Place, type RootDirectory } from './rooted-files/walk.ts';

export type EntryType = 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'character device' | 'block device';

export interface EntryStat {
  readonly type: EntryType;
  /** The lowest twelve bits: permissions, sticky, setgid, setuid. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes. */
  readonly size: number;
  /** How many names it has; more than one: somewhere else too, perhaps outside the root. */
  readonly links: number;
}

/** What is left out stays as it is or, for something new, is the process's own user and group. */
export interface Attributes {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** A regular file, open for reading. */
export interface OpenFile {
  readonly file: Pick<FileHandle, 'read' | 'close'>;
  /** As it was when it was opened. */
  readonly found: EntryStat;
}

/** A regular file as it was when it was read. */
export interface ReadFile {
  readonly found: EntryStat;
  /** Undefined if it is longer than the limit. */
  readonly content: Uint8Array | undefined;
}

export interface RootedFiles {
  /** Where the root is on the host: for messages only. */
  readonly root: string;
  /** Of the entry itself, if it is a symlink. Undefined if there is none, or a parent is missing or no directory. */
  stat(path: string): Promise<EntryStat | undefined>;
  /**
   * All of a regular file, or undefined if it is longer than `limit` bytes; never reads more than that. Anything else
   * than a regular file is CANNOT_LOOK, and is not opened: that could block, or do something.
   */
  read(path: string, limit: number): Promise<Uint8Array | undefined>;
  /**
   * As `read`, with what the file is that the content is of: for whoever gives the content on, and minds whose it is. What `stat` said before may be
   * about another.
   */
  lookInto(path: string, limit: number): Promise<ReadFile | undefined>;
  /** A regular file, for the caller to read and close; what `read` says of other things goes for it too. Nothing there is CANNOT_LOOK. */
  open(path: string): Promise<OpenFile>;
  /**
   * Puts a new file in the place of whatever is there, whole or not at all, and synced when it resolves. Missing parents are made with
   * mode 0755. A directory in its place is CANNOT_CHANGE. `accept` is called with the path on the host of the candidate, which is whole, synced, and beside the
   * place; if it rejects, so does this, the candidate is gone, and the place is as it was.
   */
  replace(
    path: string,
    content: FileContent,
    attributes: Attributes & { readonly mode: number },
    accept?: (candidate: string) => Promise<void>,
  ): Promise<void>;
  /** What a symlink says, byte for byte. Undefined if there is nothing; anything else than a symlink is CANNOT_LOOK. */
  readLink(path: string): Promise<Uint8Array | undefined>;
  /**
   * Puts a new symlink where there is a symlink or nothing, whole or not at all, and synced when it resolves. Missing parents are made with mode
   * 0755. Anything else in its place is CANNOT_CHANGE, and stays.
   */
  replaceLink(path: string, target: Uint8Array, owner: Pick<Attributes, 'uid' | 'gid'>): Promise<void>;
  /** Makes a directory where there is nothing; missing parents with mode 0755. */
  makeDirectory(path: string, attributes: Attributes & { readonly mode: number }): Promise<void>;
  /**
   * Of a directory, or of a regular file with one name: one with more is CANNOT_CHANGE, for it would change elsewhere too.
   * A new owner takes setuid and setgid from a file, unless `mode` gives them.
   */
  change(path: string, attributes: Attributes): Promise<void>;
  /** Anything but a directory. Resolves if there is nothing. */
  removeFile(path: string): Promise<void>;
  /** An empty directory. Resolves if there is nothing. */
  removeDirectory(path: string): Promise<void>;
  /**
   * Takes away what a killed process left half-written in the directory of `path`. Each directory once per RootedFiles: what this one
   * leaves, it takes away itself.
   */
  sweep(path: string): Promise<void>;
  /** Waits for what is under way. After it every method throws CANNOT_LOOK. Idempotent. */
  close(): Promise<void>;
}

export interface RootedFilesPowers {
  readonly fs: typeof import('node:fs');
  /** Unguessable bytes, for the names of temporary files. */
  randomBytes(count: number): Uint8Array;
}

const rootedFilesOf = (root: string, top: RootDirectory, { fs, randomBytes }: RootedFilesPowers): RootedFiles => {
  const ours = new Set<string>();
  const swept = new Set<string>();
  const look = top.look;
  const change = <T>(path: string, work: (place: Place) => Promise<T>) =>
    top.change(path, { makeParents: false }, work);
  const make = <T>(path: string, work: (place: Place) => Promise<T>) => top.change(path, { makeParents: true }, work);
  /** With a fresh name for something temporary, which is not swept as long as it is in use. */
  const makeBeside = async (path: string, work: (place: Place, temporary: string) => Promise<void>): Promise<void> => {
    const temporary = randomName(randomBytes);
    ours.add(temporary);
    await make(path, (place) => work(place, temporary)).finally(() => ours.delete(temporary));
  };
  return harden({
    root,
    stat: (path: string) => look(path, (place) => statEntry(fs, place)),
    read: (path: string, limit: number) => look(path, (place) => readEntry(fs, place, limit)),
    lookInto: (path: string, limit: number) => look(path, (place) => lookIntoEntry(fs, place, limit)),
    open: async (path: string) => {
      const opened = await look(path, (place) => openEntry(fs, place));
      if (opened !== undefined) return opened;
      throw makeError('CANNOT_LOOK', `${path}: it is not there`);
    },
    readLink: (path: string) => look(path, (place) => readLinkEntry(fs, place)),
    replace: (
      path: string,
      content: FileContent,
      attributes: Attributes & { readonly mode: number },
      accept?: (candidate: string) => Promise<void>,
    ) =>
      makeBeside(path, (place, temporary) => {
        const candidate = posix.join(root, posix.dirname(path), temporary);
        return replaceFile(fs, place, temporary, content, attributes, () => accept?.(candidate));
      }),
    replaceLink: (path: string, target: Uint8Array, owner: LinkOwner) =>
      makeBeside(path, (place, temporary) => replaceLinkEntry(fs, place, temporary, target, owner)),
    makeDirectory: async (path: string, attributes: Attributes & { readonly mode: number }) => {
      await make(path, (place) => makeDirectoryIn(fs, place, attributes));
    },
    change: async (path: string, attributes: Attributes) => {
      await change(path, (place) => changeEntry(fs, place, attributes));
    },
    removeFile: async (path: string) => {
      await change(path, (place) => removeEntry(fs, place, fs.promises.unlink));
    },
    removeDirectory: async (path: string) => {
      await change(path, (place) => removeEntry(fs, place, fs.promises.rmdir));
    },
    sweep: async (path: string) => {
      await look(path, (place) => sweepLeftovers(fs, place, { ours, swept }));
    },
    close: () => top.close(),
  });
};

/**
 * The hob opens one for its machine, and owns it. `root` is trusted: what it is on the host when it is opened, it stays, even if it is
 * renamed. Throws CANNOT_LOOK if it is no directory, or /proc is not there.
 */
export const openRootedFiles = async (root: string, powers: RootedFilesPowers): Promise<RootedFiles> =>
  rootedFilesOf(root, await openRoot(root, powers.fs), powers);
harden(openRootedFiles);
