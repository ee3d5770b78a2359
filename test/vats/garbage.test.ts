import { expect, describe, test } from 'vitest';
import { checkPrograms } from './garbage/check.ts';

const RUNS = 40;

describe('random programs that move references about while garbage is collected', () => {
  test(`lose nothing that can be reached, and leave nothing that cannot: ${RUNS} of them`, async () => {
    const { programs, cycles, collected } = await checkPrograms({ numRuns: RUNS });
    console.log(`garbage test: ${programs} programs, ${cycles} cycles, ${collected} actors collected meanwhile`);
    expect(programs).toBe(RUNS);
    expect(cycles).toBeGreaterThan(RUNS);
    expect(collected).toBeGreaterThan(RUNS);
  }, 300_000);
});
