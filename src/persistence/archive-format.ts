/**
 * A backup file: the rows of a store as they were at one moment, as text, a line each.
 *
 *   {"gobs-backup":1,"format":1,"store":"…","epoch":7,"commits":1234,"taken":"2026-11-20T11:00:00.000Z","gobs":"0.1.0"}
 *   ["!format","1f0c77aa {\"format\":1,…}"]
 *   ["!state","…"]                               key and value as they lie on disk, in key order
 *   …
 *   {"rows":4711,"sha256":"…","mac":"…"}         of every byte before this line
 *
 * A file that was cut short has no last line; one that was added to has something after it; one that was edited has another digest, and most
 * often a row whose own checksum says which. Who edits the digest as well has no `mac` for it: that wants the sealing key (src/sealing/backup-mac.ts).
 */
import { makeError } from '../errors/gobs-error.ts';
import { isCount } from '../vats/counts.ts';
import { parseStored } from '../vats/json-shape.ts';
import type { StoreEntry } from '../vats/store.ts';
import { brief } from './brief.ts';
import { whyNoKey } from './store-arguments.ts';

/** Of the file. What the rows say is the store's format. */
export const backupFormat = 1;
harden(backupFormat);

/** Bytes of a line. A row is in memory whole, by whoever writes or reads one; this bounds what an altered file can cost. */
export const longestLine = 64 * 1024 * 1024;
harden(longestLine);
export const longestHeader = 64 * 1024;
harden(longestHeader);

export interface BackupHeader {
  /** Of the store. */
  readonly format: number;
  /** The store's id. */
  readonly store: string;
  readonly epoch: number;
  readonly commits: number;
  /** When, by the clock of whoever wrote it, ISO 8601. */
  readonly taken: string;
  /** The version of gobs that wrote it. */
  readonly gobs: string;
}

export interface BackupTrailer {
  readonly rows: number;
  /** In hexadecimal digits. */
  readonly sha256: string;
  /** Of the digest, by who has the sealing key. Not of a store that nothing was sealed in. */
  readonly mac?: string;
}

const line = (record: unknown): string => `${JSON.stringify(record)}\n`;

export const formatBackupHeader = ({ format, store, epoch, commits, taken, gobs }: BackupHeader): string =>
  line({ 'gobs-backup': backupFormat, format, store, epoch, commits, taken, gobs });
harden(formatBackupHeader);

export const formatBackupRow = ([key, value]: StoreEntry): string => line([key, value]);
harden(formatBackupRow);

export const formatBackupTrailer = ({ rows, sha256, mac }: BackupTrailer): string => line({ rows, sha256, mac });
harden(formatBackupTrailer);

/** BACKUP_DAMAGED. `at`: the line, counted from 1, and the byte where it begins, counted from 0. */
export const backupDamaged = (
  where: string,
  at: { readonly line: number; readonly byte: number },
  what: string,
): Error =>
  makeError('BACKUP_DAMAGED', `${where}: line ${at.line}, byte ${at.byte}: ${what}`, {
    hint: 'use another backup; nothing was changed',
  });
harden(backupDamaged);

/** A word of somebody else's, such as a version. */
const isShort = (value: unknown): value is string => typeof value === 'string' && value.length <= 200;

/** As it is written by us. */
const isMoment = (value: unknown): boolean => {
  const at = isShort(value) ? Date.parse(value) : NaN;
  return !Number.isNaN(at) && new Date(at).toISOString() === value;
};

const recordIn = (text: string): Readonly<Record<string, unknown>> => {
  const value = parseStored(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw Error('it is no record');
  return value as Readonly<Record<string, unknown>>;
};

/** Throws an Error that says why not, or NEWER_FORMAT. */
export const parseBackupHeader = (where: string, text: string): BackupHeader => {
  let record: Readonly<Record<string, unknown>>;
  try {
    record = recordIn(text);
  } catch {
    throw Error('this is not how a backup of gobs begins');
  }
  const { 'gobs-backup': version, format, store, epoch, commits, taken, gobs } = record;
  if (!isCount(version, 1)) throw Error('this is not how a backup of gobs begins');
  if (version > backupFormat) {
    throw makeError('NEWER_FORMAT', `${where}: the backup has format ${version}, this gobs knows ${backupFormat}`, {
      hint: 'use the gobs that wrote it, or a newer one; nothing was changed',
    });
  }
  const counts = [format, epoch, commits].every((count) => isCount(count, 1));
  if (!counts || !isShort(store) || !isMoment(taken) || !isShort(gobs)) {
    throw Error('the first line lacks something that a backup says of itself');
  }
  return harden({ format, store, epoch, commits, taken, gobs } as BackupHeader);
};
harden(parseBackupHeader);

/** Throws an Error that says why not. */
export const parseBackupRow = (text: string): StoreEntry => {
  const row = parseStored(text);
  if (!Array.isArray(row) || row.length !== 2 || !row.every((part) => typeof part === 'string')) {
    throw Error('it is not a row');
  }
  const [key, value] = row as unknown as StoreEntry;
  const why = whyNoKey(key);
  if (why !== undefined) throw Error(`key ${JSON.stringify(brief(key, 80))} ${why}`);
  if (!value.isWellFormed()) throw Error(`the value of ${JSON.stringify(key)} has an unpaired surrogate`);
  // Pairs of texts that are frozen are hardened; harden would take longer than all the rest.
  return Object.freeze(row) as unknown as StoreEntry;
};
harden(parseBackupRow);

/** Throws an Error that says why not. */
export const parseBackupTrailer = (text: string): BackupTrailer => {
  const { rows, sha256, mac } = recordIn(text);
  if (!isCount(rows) || !isShort(sha256) || !(mac === undefined || isShort(mac))) {
    throw Error('it is not the last line of a backup');
  }
  return { rows, sha256, ...(mac === undefined ? {} : { mac }) };
};
harden(parseBackupTrailer);
