import { describe, expect, test } from 'vitest';
import { MOST_PEERS, MOST_REFUSALS, recordRefusal } from '../../src/boss/refusals.ts';
import type { Refusal } from '../../src/protocol/shapes.ts';

const refusal = (machine: string, at = 1, code = 'ENROLMENT_SPENT', peerId = `peer ${at}`) => ({
  at,
  machine,
  peerId,
  address: `from ${at}`,
  code,
});

describe('the list of refusals', () => {
  test('has the newest last, and counts the same again, whoever it is', () => {
    let list: readonly Refusal[] = [];
    for (const one of [refusal('a'), refusal('b'), refusal('a', 3), refusal('a', 4, 'ENROLMENT_EXPIRED')]) {
      list = recordRefusal(list, one);
    }
    expect(list).toEqual([
      { ...refusal('b'), since: 1, times: 1, peers: ['peer 1'] },
      { ...refusal('a', 3), since: 1, times: 2, peers: ['peer 1', 'peer 3'] },
      { ...refusal('a', 4, 'ENROLMENT_EXPIRED'), since: 4, times: 1, peers: ['peer 4'] },
    ]);
  });

  test('is not pushed out by one locator with any number of keys', () => {
    let list: readonly Refusal[] = recordRefusal([], refusal('b'));
    for (let n = 0; n < 1_000; n += 1) list = recordRefusal(list, refusal('a', n));
    expect(list.map(({ machine, times }) => [machine, times])).toEqual([
      ['b', 1],
      ['a', 1_000],
    ]);
    expect(list[1]!.peers).toEqual(Array.from({ length: MOST_PEERS }, (_, n) => `peer ${n}`));
  });

  test('is bounded', () => {
    let list: readonly Refusal[] = [];
    for (let n = 0; n <= MOST_REFUSALS; n += 1) list = recordRefusal(list, refusal(`machine ${n}`));
    expect(list).toHaveLength(MOST_REFUSALS);
    expect(list[0]).toMatchObject({ machine: 'machine 1' });
  });
});
