/**
 * A second place that remembers how many batches were acknowledged. LevelDB drops a damaged end of its log without a word, and its
 * own count with it; a file beside it tells, with the count in twenty digits, twice.
 *
 * It is written after each batch and never synced: a process that is killed leaves it right, a machine that loses power leaves it right or
 * too low, or with the two different, which says nothing: it was being written. So a store with *fewer* commits than it says has lost some; one with more is as it should be.
 */
import { makeError } from '../errors/gobs-error.ts';
import { storeFailure } from './store-failure.ts';

export interface CommitWitness {
  /** For people: the file's path. */
  readonly where: string;
  /** The highest count known when it was opened; 0 if none. */
  readonly seen: number;
  /** Called after a batch was synced, with the count it carries. Never throws. */
  note(commits: number): void;
  /** Idempotent. */
  close(): void;
}

const size = 20;

const textOf = (commits: number): string => {
  const digits = String(commits).padStart(size, '0');
  return `${digits} ${digits}\n`;
};

/** After a loss of power the file may be empty, zeros, or half written: then it has nothing to say. */
const countIn = (text: string): number => Number(/^(\d{20}) \1\n$/.exec(text)?.[1] ?? 0);

/** The count in the file of a witness; 0 if it says nothing. */
export const readCommitWitness = async (fs: typeof import('node:fs'), path: string): Promise<number> =>
  countIn(await fs.promises.readFile(path, 'utf8').catch(() => ''));
harden(readCommitWitness);

/** Throws STORE_DAMAGED if more was acknowledged than is there. `where` is what people call the store. */
export const requireNoneLost = (
  where: string,
  commits: number,
  witness: Pick<CommitWitness, 'seen' | 'where'>,
): void => {
  const { seen } = witness;
  if (seen <= commits) return;
  throw makeError(
    'STORE_DAMAGED',
    `${where}: ${seen} commits were acknowledged, ${commits} are there: the last ${seen - commits} are lost`,
    { hint: `restore a backup, or remove ${witness.where} to go on with what is left` },
  );
};
harden(requireNoneLost);

/** Opened by whoever holds the store, for as long. Throws STORE_UNUSABLE. */
export const openCommitWitness = (fs: typeof import('node:fs'), path: string): CommitWitness => {
  let file: number | undefined;
  let seen = 0;
  try {
    file = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
    seen = countIn(fs.readFileSync(file, 'utf8'));
  } catch (error) {
    if (file !== undefined) fs.closeSync(file);
    throw storeFailure(path, error);
  }
  return harden({
    where: path,
    seen,
    note(commits) {
      if (file === undefined) return;
      try {
        fs.writeSync(file, textOf(commits), 0, 'latin1');
      } catch {
        // It is then too low, which is allowed; the batch itself is written.
      }
    },
    close() {
      if (file !== undefined) fs.closeSync(file);
      file = undefined;
    },
  });
};
harden(openCommitWitness);
