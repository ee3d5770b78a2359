/**
 * Who holds the store. LevelDB's own lock decides; it ends with its process, however that ends, but does not say whose it is. So
 * whoever gets the lock writes a note beside it, and whoever is refused reads that. The note is never believed without the lock:
 * one of a killed process means nothing, and is written over.
 */
import { makeError } from '../errors/gobs-error.ts';
import { storeFailure } from './store-failure.ts';
import type { StatePaths } from './state-directory.ts';

/** The part of node:process that is needed: who we are, and whether another process lives (`kill(pid, 0)`). */
export interface ProcessPowers {
  readonly pid: number;
  kill(pid: number, signal: 0): true;
}

export interface HolderPowers {
  readonly fs: typeof import('node:fs');
  readonly process: ProcessPowers;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** `started`: when it opened the store, ISO 8601. */
interface Holder {
  readonly pid: number;
  readonly started: string;
}

const isHolder = (value: unknown): value is Holder =>
  typeof value === 'object' &&
  value !== null &&
  Number.isSafeInteger((value as Holder).pid) &&
  (value as Holder).pid > 0 &&
  typeof (value as Holder).started === 'string';

/** Undefined if there is no note, or half of one. */
const readHolder = async (fs: typeof import('node:fs'), path: string): Promise<Holder | undefined> => {
  try {
    const note: unknown = JSON.parse(await fs.promises.readFile(path, 'utf8'));
    return isHolder(note) ? note : undefined;
  } catch {
    return undefined;
  }
};

const isAlive = (process: ProcessPowers, pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process lives too.
    return (error as { code?: unknown }).code === 'EPERM';
  }
};

/** Called by whoever has the lock, at once. Rejects STORE_UNUSABLE. A reader sees the old note or the new one, whole. */
export const writeHolder = async ({ fs, process, now }: HolderPowers, path: string): Promise<void> => {
  const note: Holder = { pid: process.pid, started: new Date(now()).toISOString() };
  const draft = `${path}.new`;
  try {
    await fs.promises.writeFile(draft, `${JSON.stringify(note)}\n`, { mode: 0o600 });
    await fs.promises.rename(draft, path);
  } catch (error) {
    await fs.promises.rm(draft, { force: true }).catch(() => {});
    throw storeFailure(path, error);
  }
};
harden(writeHolder);

/** Called before the lock is given back: after it, the note could be another's. */
export const removeHolder = async ({ fs }: HolderPowers, path: string): Promise<void> => {
  // A note that stays behind does no harm.
  await fs.promises.rm(path, { force: true }).catch(() => {});
};
harden(removeHolder);

/** STORE_IN_USE for whoever did not get the lock, naming the holder as far as it is known. */
export const inUse = async (
  { fs, process }: HolderPowers,
  { directory, holder: path }: StatePaths,
  hint: string,
): Promise<Error> => {
  const holder = await readHolder(fs, path);
  // Between taking the lock and writing the note the last holder's note is there, or none.
  const known = holder !== undefined && isAlive(process, holder.pid);
  const who = !known
    ? 'another process, which has not left its number yet,'
    : holder.pid === process.pid
      ? `this process (${holder.pid}, since ${holder.started})`
      : `process ${holder.pid} (since ${holder.started})`;
  return makeError('STORE_IN_USE', `${directory}: ${who} has the store open`, { hint });
};
harden(inUse);
