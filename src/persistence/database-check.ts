/**
 * What LevelDB's files must be before LevelDB may open them. It believes some of them blindly, and throws away what they do not speak of:
 *
 *   CURRENT ──▶ MANIFEST ──▶ tables (.ldb), by number and size; the log that is not in them yet
 *
 * If the end of a MANIFEST cannot be read, it takes what is before that for all, deletes the tables that were made since, and does not ask where
 * the log is. So here CURRENT must name a MANIFEST, no entry of that may be bad before another, each table must be there in its
 * size, and the log too. A bad last entry that was never synced passes: what is before it is still all there then.
 *
 * Of the tables the newest are read whole, up to a bound: all of a small store, and of a large one those that LevelDB merges with others soon, so that
 * what is wrong in them would be in others too. `checkTables` reads all, and takes longer the more there is.
 */
import type { Buffer } from 'node:buffer';
import { join } from 'node:path';
import { makeError } from '../errors/gobs-error.ts';
import { readCommitWitness, requireNoneLost } from './commit-witness.ts';
import { checkLogs, readNow } from './log-check.ts';
import { readLogContent } from './log-records.ts';
import { tablesIn, type Tables } from './manifest.ts';
import { stateKey } from './row-checksum.ts';
import type { StatePaths } from './state-directory.ts';
import { checkTable, type TableFinding } from './table-check.ts';
import { newestChange, type Change } from './table-value.ts';
import { valueIn } from './write-batch.ts';

type Fs = typeof import('node:fs');

const damaged = (what: string): Error =>
  makeError('STORE_DAMAGED', what, { hint: 'nothing was changed; restore a backup' });

const currentManifest = async (fs: Fs, database: string): Promise<string> => {
  const path = join(database, 'CURRENT');
  const bytes = await readNow(fs, path);
  // It was there a moment ago: somebody took the directory away.
  if (bytes === undefined) throw makeError('STORE_UNUSABLE', `${path}: is gone`);
  const content = bytes.toString('latin1');
  const name = /^(MANIFEST-\d+)\n$/.exec(content)?.[1];
  if (name !== undefined) return name;
  throw damaged(`${path}: the name of a MANIFEST expected, ${JSON.stringify(content.slice(0, 40))} found`);
};

const readTables = (path: string, content: Buffer): Tables => {
  const { entries, bad, goesOn } = readLogContent(content);
  if (goesOn) throw damaged(`${path}: the entry at byte ${bad} fails its checksum, and whole ones follow`);
  try {
    return tablesIn(entries);
  } catch (error) {
    throw damaged(`${path}: ${(error as Error).message}`);
  }
};

/** The size of a table, under either of the names that LevelDB has for one; undefined if there is none. */
const sizeOf = async (fs: Fs, database: string, number: number): Promise<number | undefined> => {
  for (const ending of ['ldb', 'sst']) {
    const path = join(database, `${fileNumber(number)}.${ending}`);
    const size = await fs.promises.stat(path).then(
      (found) => found.size,
      () => undefined,
    );
    if (size !== undefined) return size;
  }
  return undefined;
};

const fileNumber = (number: number): string => String(number).padStart(6, '0');

/** The tables that LevelDB will read. Rejects STORE_DAMAGED, STORE_UNUSABLE. */
export const requireTables = async (fs: Fs, database: string): Promise<Tables> => {
  const name = await currentManifest(fs, database);
  const path = join(database, name);
  const content = await readNow(fs, path);
  if (content === undefined) throw damaged(`${database}: ${name}, which CURRENT names, is missing`);
  const tables = readTables(path, content);
  for (const [number, bytes] of tables.bytes) {
    const found = await sizeOf(fs, database, number);
    if (found === bytes) continue;
    const is = found === undefined ? 'is missing' : `has ${found} bytes`;
    throw damaged(`${join(database, `${fileNumber(number)}.ldb`)}: ${is}, of ${bytes} that ${name} speaks of`);
  }
  // The very first MANIFEST, of a database that is only being made: its log comes with the second.
  if (tables.log === 0) return tables;
  const log = join(database, `${fileNumber(tables.log)}.log`);
  if (!fs.existsSync(log)) throw damaged(`${log}: is missing, and ${name} speaks of it`);
  return tables;
};
harden(requireTables);

/** Bytes of tables that are read at an opening: about 35 ms of processor time. */
const tableBudget = 4 << 20;

const requireSoundTables = async (fs: Fs, database: string, { bytes }: Tables): Promise<void> => {
  let budget = tableBudget;
  for (const [number, size] of [...bytes].sort(([a], [b]) => b - a)) {
    budget -= size;
    if (budget < 0) return;
    const finding = await checkTable(fs, database, `${fileNumber(number)}.ldb`);
    if (finding !== undefined) throw damaged(finding.message);
  }
};

/**
 * Every byte of every table that LevelDB will read; takes longer the more there is. Whoever has the database open may take some away meanwhile, and does not
 * change one. Rejects STORE_DAMAGED, STORE_UNUSABLE.
 */
export const checkTables = async (fs: Fs, database: string): Promise<readonly TableFinding[]> => {
  const findings: TableFinding[] = [];
  const { bytes } = await requireTables(fs, database);
  for (const number of [...bytes.keys()].sort((a, b) => a - b)) {
    const finding = await checkTable(fs, database, `${fileNumber(number)}.ldb`);
    if (finding !== undefined) findings.push(finding);
  }
  return harden(findings);
};
harden(checkTables);

/** The logs that LevelDB will read, oldest first. */
const logsSince = async (fs: Fs, database: string, oldest: number): Promise<readonly string[]> =>
  (await fs.promises.readdir(database))
    .filter((name) => /^\d+\.log$/.test(name) && Number.parseInt(name, 10) >= oldest)
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
    .map((name) => join(database, name));

const countIn = (state: string | undefined): number | undefined => {
  const count = /^[0-9a-f]{8} .*"commits":(\d+)/.exec(state ?? '')?.[1];
  return count === undefined ? undefined : Number(count);
};

/** How many commits there were with the last of these batches that says so. */
const commitsInLogs = (batches: readonly Buffer[]): number | undefined => {
  for (let at = batches.length - 1; at >= 0; at -= 1) {
    const count = countIn(valueIn(batches[at]!, stateKey));
    if (count !== undefined) return count;
  }
  return undefined;
};

/** The same of the tables: few have the key, one of each level and those that were made last. */
const commitsInTables = async (fs: Fs, database: string, { smallest }: Tables): Promise<number> => {
  let newest: Change | undefined;
  for (const [number, key] of smallest) {
    if (key > stateKey) continue;
    const path = join(database, `${fileNumber(number)}.ldb`);
    const table = await readNow(fs, path);
    if (table === undefined) continue;
    try {
      const change = newestChange(table, stateKey);
      if (change !== undefined && (newest === undefined || change.number > newest.number)) newest = change;
    } catch (error) {
      throw damaged(`${path}: ${(error as Error).message}`);
    }
  }
  return countIn(newest?.value) ?? 0;
};

/**
 * LevelDB throws the damaged end of a log away, and then the log; so before that a batch that is missing there is noticed. Where nothing at all can
 * be read of the log (it may be one that was only begun), the tables say how many commits there are.
 */
const requireEnd = async (fs: Fs, paths: StatePaths, seen: number, tables: Tables): Promise<void> => {
  const { directory, database, commits } = paths;
  const batches = await checkLogs(fs, await logsSince(fs, database, tables.log));
  const found = commitsInLogs(batches) ?? (seen === 0 ? 0 : await commitsInTables(fs, database, tables));
  requireNoneLost(directory, found, { seen, where: commits });
};

const check = async (fs: Fs, paths: StatePaths): Promise<Error | undefined> => {
  const { database } = paths;
  try {
    // First, so that it is never more than what is there, whoever writes meanwhile.
    const seen = await readCommitWitness(fs, paths.commits);
    const tables = await requireTables(fs, database);
    await requireSoundTables(fs, database, tables);
    await requireEnd(fs, paths, seen, tables);
    return undefined;
  } catch (error) {
    return error as Error;
  }
};

/** Somebody who has the database open changes it while we look. */
const tries = 5;

/**
 * Called before LevelDB opens a database that is there. Rejects STORE_DAMAGED or STORE_UNUSABLE, twice found the same. If it is never the
 * same twice, somebody writes; then it is for LevelDB's lock to say so.
 */
export const checkDatabase = async (fs: Fs, paths: StatePaths): Promise<void> => {
  let before = await check(fs, paths);
  for (let attempt = 1; attempt < tries && before !== undefined; attempt += 1) {
    const now = await check(fs, paths);
    if (now !== undefined && now.message === before.message) throw now;
    before = now;
  }
};
harden(checkDatabase);
