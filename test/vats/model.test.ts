import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { plantedBugs as goneBugs } from '../boss/gone/planted.ts';
import { runWithBug } from '../support/planted-bugs.ts';
import { plantedBugs as garbageBugs } from './garbage/planted.ts';
import { checkPrograms } from './model/check.ts';
import { endings } from './model/endings.ts';
import { plantedBugs } from './model/planted.ts';
import { MOST_STEPS } from './model/program.ts';

const RUNS = 300;
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

  test('are found, of which the first stands here for all: npm run test:planted', async () => {
    const [bug] = plantedBugs;
    const { code, words } = await runWithBug(child, RUNS_FOR_A_BUG, bug);
    expect({ bug: bug!.name, code, words }).toMatchObject({ code: endings.difference });
  });

  test.each([...plantedBugs, ...garbageBugs, ...goneBugs])('can all be planted: $name', ({ file, find }) => {
    // Where the source has changed so that this fails, the bug must be planted anew.
    const pieces = readFileSync(new URL(`../../src/vats/${file}`, import.meta.url), 'utf8').split(find);
    expect(pieces).toHaveLength(2);
  });
});
