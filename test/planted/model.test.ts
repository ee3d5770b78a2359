import { expect, test } from 'vitest';
import { missedBugs } from '../support/planted-bugs.ts';
import { plantedBugs } from '../vats/model/planted.ts';

/** Enough for every planted bug, by far. */
const RUNS_FOR_A_BUG = 400;

test(`the model test finds every planted bug: ${plantedBugs.length}`, async () => {
  const found: string[] = [];
  const missed = await missedBugs('test/vats/model/child.ts', RUNS_FOR_A_BUG, plantedBugs, (line) => found.push(line));
  console.log(`model test: ${found.length} of ${plantedBugs.length} planted bugs found\n  ${found.join('\n  ')}`);
  expect(missed).toEqual([]);
}, 600_000);
