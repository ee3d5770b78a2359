/**
 * Runs a test program in copies of the tree with a bug in each: a test that cannot fail proves nothing. The program is told how many runs
 * to make and a seed; `endings` are how it ends.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { endings } from '../vats/model/endings.ts';
import { makePlantedTree } from './planted-tree.ts';

export interface PlantedBug {
  readonly name: string;
  /** From src/vats. */
  readonly file: string;
  /** Occurs once in the file; where the source has changed so that it does not, the bug must be planted anew. */
  readonly find: string;
  readonly replace: string;
}

export interface Outcome {
  readonly code: number | null;
  readonly words: string;
}

/** A bug may be a loop without end, which stops every timer of its process. In milliseconds. */
const LONGEST = 300_000;

const parts = ['test/vats', 'test/boss/gone', 'test/support'];

const runIn = (tree: string, program: string, runs: number): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(tree, program), String(runs), '1'], {
      cwd: tree,
      timeout: LONGEST,
      killSignal: 'SIGKILL',
    });
    let words = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (words += String(chunk)));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, words }));
  });

/** What comes of a program, such as `test/vats/model/child.ts`, in a tree that has the bug; and that is gone then. */
export const runWithBug = async (program: string, runs: number, bug?: PlantedBug): Promise<Outcome> => {
  const tree = await mkdtemp(join(tmpdir(), 'gobs-planted-'));
  try {
    await makePlantedTree(tree, parts, bug && { ...bug, file: join('src/vats', bug.file) });
    return await runIn(tree, program, runs);
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
};

/** Those that the program did not find, with what it said instead. */
export const missedBugs = async (
  program: string,
  runs: number,
  bugs: readonly PlantedBug[],
  onFound: (line: string) => void,
): Promise<readonly string[]> => {
  const left = [...bugs];
  const missed: string[] = [];
  const work = async (): Promise<void> => {
    for (let bug = left.shift(); bug !== undefined; bug = left.shift()) {
      const { code, words } = await runWithBug(program, runs, bug).catch((error: Error) => ({
        code: 'not planted',
        words: error.message,
      }));
      if (code === endings.difference) onFound(`${bug.name}\n    ${words.split('\n')[0]!.slice(0, 150)}`);
      else missed.push(`${bug.name}: ${code} ${words.slice(0, 300)}`);
    }
  };
  // Two processes: as many as there are cores where this runs.
  await Promise.all([work(), work()]);
  return missed;
};
