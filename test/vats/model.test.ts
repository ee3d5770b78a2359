import { describe, expect, test } from 'vitest';
import { missedBugs, runWithBug } from '../support/planted-bugs.ts';
import { checkPrograms } from './model/check.ts';
import { endings } from './model/endings.ts';
import { plantedBugs } from './model/planted.ts';
import { MOST_STEPS } from './model/program.ts';

const RUNS = 300;
/** Enough for every planted bug, by far. */
const RUNS_FOR_A_BUG = 400;
const child = 'test/vats/model/child.ts';

test(`${RUNS} random programs lead to the same answers, messages and rows as in a plain model`, async () => {
  const { programs, steps, collected } = await checkPrograms({ numRuns: RUNS });
  const all = [...steps.values()].reduce((sum, count) => sum + count, 0);
  const each = [...steps].sort().map(([step, count]) => `${step} ${count}`);
  console.log(
    `model test: ${programs} random programs of up to ${MOST_STEPS} steps, no difference\n` +
      `  ${all} steps: ${each.join(', ')}; ${collected} actors collected`,
  );
  expect(programs).toBe(RUNS);
  for (const step of ['upgrade', 'older', 'collect', 'clean', 'backup', 'restore']) {
    expect([step, steps.get(step)! > RUNS / 10]).toEqual([step, true]);
  }
  expect(collected).toBeGreaterThan(RUNS);
}, 300_000);

describe('planted bugs', () => {
  test('are told from none: where nothing was planted, nothing is found', async () => {
    const { code, words } = await runWithBug(child, 50);
    expect(words).toContain('50 programs, no difference');
    expect(code).toBe(endings.noDifference);
  });

  test(`are all found: ${plantedBugs.length}`, async () => {
    const found: string[] = [];
    const missed = await missedBugs(child, RUNS_FOR_A_BUG, plantedBugs, (line) => found.push(line));
    console.log(`model test: ${found.length} of ${plantedBugs.length} planted bugs found\n  ${found.join('\n  ')}`);
    expect(missed).toEqual([]);
  }, 600_000);
});
