import { expect, test } from 'vitest';
import { driftText, type DriftAnswer } from '../../../src/cli/views/drift.ts';

test.each([
  { online: true, words: 'it never reported' },
  { online: false, words: 'offline; it never reported' },
])('a machine that never reported is unknown, and said to be offline if it is: $words', ({ online, words }) => {
  const answer: DriftAnswer = { name: 'web1', online, receivedAt: null, resources: null };
  expect(driftText([answer], 0).split('\n')[1]).toMatch(new RegExp(`^web1 +- +unknown +${words} +-`));
});
