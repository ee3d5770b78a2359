/**
 * Whoever holds a store appends its number to one file before everything that it does with it, by no leave but that of the store. With two holders at once
 * the numbers alternate.
 */
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

export const bearWitness = (witness: string): void => appendFileSync(witness, `${process.pid}\n`);

export interface Testimony {
  /** One after the other; one that is in it twice has held it together with another. */
  readonly holders: readonly number[];
  readonly lines: number;
}

export const readWitness = (witness: string): Testimony => {
  const text = existsSync(witness) ? readFileSync(witness, 'utf8').trim() : '';
  const pids = text === '' ? [] : text.split('\n').map(Number);
  return { holders: pids.filter((pid, at) => pid !== pids[at - 1]), lines: pids.length };
};

/**
 * A bug that is planted. LevelDB's lock is one of this file, so the next one who comes makes another and locks that; and the count of commits, by which he
 * would see that somebody goes on writing, goes too.
 */
export const takeLockAway = (directory: string): void => {
  for (const path of ['store/LOCK', 'commits']) rmSync(join(directory, path), { force: true });
};

/** Another one: whoever has the store open does not see that somebody else has opened it since. */
export const blind = (fs: typeof import('node:fs')): typeof import('node:fs') => {
  const statSync = () => ({ dev: 0, ino: 0 });
  return { ...fs, statSync: statSync as unknown as (typeof fs)['statSync'] };
};
