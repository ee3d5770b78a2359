import { expect, test } from 'vitest';
import { numbersAfter } from '../../src/persistence/numbers-after.ts';
import { makeMessages, messageEpoch } from '../../src/vats/messages.ts';
import { makeMessageContext } from '../support/message-context.ts';

const at = Date.UTC(2026, 10, 20);

test('a store that was restored gives no id that the lost one gave', () => {
  const first = numbersAfter(at, { numbers: 1, instances: 1 });
  const second = numbersAfter(at + 1_000, { numbers: 1, instances: 1 });
  const again = numbersAfter(at, first);
  const lives = [undefined, first, second, again].flatMap((restored) =>
    [7, 8, 9].map((epoch) => messageEpoch({ epoch, restored })),
  );
  expect(lives.slice(0, 3)).toEqual([7, 8, 9]);
  expect(new Set(lives).size).toBe(lives.length);
});

test.each([1, at, Number.MAX_SAFE_INTEGER])('what goes on at %d has ids that others take for ids', (numbers) => {
  const ours = makeMessages({ epoch: messageEpoch({ epoch: 3, restored: { numbers } }) });
  ours.introduce('abcdefghij');
  const id = ours.newId();
  const theirs = makeMessages({ epoch: 1, context: makeMessageContext() });
  expect(theirs.arrive(id, 'host', () => theirs.take())).toEqual({ id, from: 'host' });
});
