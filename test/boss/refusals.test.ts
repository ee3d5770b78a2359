import { describe, expect, test } from 'vitest';
import { MOST_REFUSALS, recordRefusal } from '../../src/boss/refusals.ts';
import type { Refusal } from '../../src/protocol/shapes.ts';

const refusal = (peerId: string, at = 1, code = 'ENROLMENT_SPENT') => ({
  at,
  machine: 'web1',
  peerId,
  address: `from ${at}`,
  code,
});

describe('the list of refusals', () => {
  test('has the newest last, and counts the same again', () => {
    let list: readonly Refusal[] = [];
    for (const one of [refusal('a'), refusal('b'), refusal('a', 3), refusal('a', 4, 'ENROLMENT_EXPIRED')]) {
      list = recordRefusal(list, one);
    }
    expect(list).toEqual([
      { ...refusal('b'), times: 1 },
      { ...refusal('a', 3), times: 2 },
      { ...refusal('a', 4, 'ENROLMENT_EXPIRED'), times: 1 },
    ]);
  });

  test('is bounded; who comes again and again pushes nobody out', () => {
    let list: readonly Refusal[] = [];
    for (let n = 0; n < MOST_REFUSALS; n += 1) list = recordRefusal(list, refusal(`peer ${n}`));
    for (let n = 0; n < 10; n += 1) list = recordRefusal(list, refusal('peer 7', n));
    expect(list).toHaveLength(MOST_REFUSALS);
    expect(list[0]).toMatchObject({ peerId: 'peer 0' });
    list = recordRefusal(list, refusal('another'));
    expect(list).toHaveLength(MOST_REFUSALS);
    expect(list[0]).toMatchObject({ peerId: 'peer 1' });
  });
});
