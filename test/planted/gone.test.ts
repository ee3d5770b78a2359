import { expect, test } from 'vitest';
import { missedBugs } from '../support/planted-bugs.ts';
import { plantedBugs } from '../boss/gone/planted.ts';

const ROUNDS_FOR_A_BUG = 8;

test(`a boss whose machines come and go would have more if anything stayed: ${plantedBugs.length} planted bugs are found`, async () => {
  const missed = await missedBugs('test/boss/gone/child.ts', ROUNDS_FOR_A_BUG, plantedBugs, (line) =>
    console.log(line),
  );
  expect(missed).toEqual([]);
}, 300_000);
