import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePlantedTree } from '../support/planted-tree.ts';
import { checkPrograms } from './model/check.ts';
import { endings } from './model/endings.ts';
import { plantedBugs, type PlantedBug } from './model/planted.ts';

const RUNS = 300;
/** Enough for every planted bug, by far. */
const RUNS_FOR_A_BUG = 400;

test(`${RUNS} random programs lead to the same answers, messages and rows as in a plain model`, async () => {
  const ran = await checkPrograms({ numRuns: RUNS });
  console.log(`model test: ${ran} random programs, no difference`);
  expect(ran).toBe(RUNS);
}, 180_000);

describe('planted bugs', () => {
  let base: string;
  beforeAll(async () => {
    base = await mkdtemp(join(tmpdir(), 'gobs-planted-'));
  });
  afterAll(() => rm(base, { recursive: true, force: true }));

  /** A tree with what the model test needs, in which vats may have a bug. */
  const makeTree = (name: string, bug?: PlantedBug): Promise<string> =>
    makePlantedTree(join(base, name), ['test/vats/model'], bug && { ...bug, file: join('src/vats', bug.file) });

  const runIn = (tree: string, runs = RUNS_FOR_A_BUG): Promise<{ code: number | null; words: string }> =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [join(tree, 'test/vats/model/child.ts'), String(runs), '1'], { cwd: tree });
      let words = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (words += String(chunk)));
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, words }));
    });

  test('are told from none: where nothing was planted, nothing is found', async () => {
    const { code, words } = await runIn(await makeTree('none'), 50);
    expect(words).toContain('50 programs, no difference');
    expect(code).toBe(endings.noDifference);
  });

  test(`are all found: ${plantedBugs.length}`, async () => {
    const left = [...plantedBugs.entries()];
    const found: string[] = [];
    const missed: string[] = [];
    const work = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const [number, bug] = next;
        const { code, words } = await makeTree(String(number), bug)
          .then((tree) => runIn(tree))
          .catch((error: Error) => ({
            code: 'not planted',
            words: error.message,
          }));
        if (code === endings.difference) found.push(`${bug.name}\n    ${words.split('\n')[0]!.slice(0, 150)}`);
        else missed.push(`${bug.name}: ${code} ${words.slice(0, 300)}`);
      }
    };
    // Two processes: as many as there are cores where this runs.
    await Promise.all([work(), work()]);
    console.log(`model test: ${found.length} of ${plantedBugs.length} planted bugs found\n  ${found.join('\n  ')}`);
    expect(missed).toEqual([]);
  }, 300_000);
});
