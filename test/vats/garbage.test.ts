import { expect, describe, test } from 'vitest';
import { missedBugs } from '../support/planted-bugs.ts';
import { checkPrograms } from './garbage/check.ts';
import { plantedBugs } from './garbage/planted.ts';

const RUNS = 40;
/** Enough for every planted bug, by far. */
const RUNS_FOR_A_BUG = 300;

describe('random programs that move references about while garbage is collected', () => {
  test(`lose nothing that can be reached, and leave nothing that cannot: ${RUNS} of them`, async () => {
    const { programs, cycles, collected } = await checkPrograms({ numRuns: RUNS });
    console.log(`garbage test: ${programs} programs, ${cycles} cycles, ${collected} actors collected meanwhile`);
    expect(programs).toBe(RUNS);
    expect(cycles).toBeGreaterThan(RUNS);
    expect(collected).toBeGreaterThan(RUNS);
  }, 300_000);

  test(`find every planted bug: ${plantedBugs.length}`, async () => {
    const found: string[] = [];
    const missed = await missedBugs('test/vats/garbage/child.ts', RUNS_FOR_A_BUG, plantedBugs, (line) =>
      found.push(line),
    );
    console.log(`garbage test: ${found.length} of ${plantedBugs.length} planted bugs found\n  ${found.join('\n  ')}`);
    expect(missed).toEqual([]);
  }, 600_000);
});
