import { describe, expect, test } from 'vitest';
import { numbersAfter, watchNumbers } from '../../src/persistence/numbers-after.ts';
import { encodeRow } from '../../src/vats/row.ts';

const header = (next: number): string =>
  encodeRow({ kind: 'vat', version: 1, change: 3, body: `#{"next":${next}}`, slots: [] });

describe('numbers after a restore', () => {
  test('begin a million above the highest of all counters that a backup has', () => {
    const watch = watchNumbers();
    watch.see(['b/listen', 'h:1']);
    watch.see(['p/peer/!', '{"next":70,"epoch":9}']);
    watch.see(['p/peer/n/vat:boss/machine/900/admin', '69']);
    watch.see(['v/boss/!', header(40)]);
    watch.see(['v/boss/a/machine/5', header(90_000)]);
    watch.see(['v/provider-local/!', header(60)]);
    expect(watch.highest()).toEqual({ numbers: 70, instances: 60 });
    expect(numbersAfter(0, watch.highest())).toEqual({ numbers: 1_000_070, instances: 1_000_060 });
  });

  test('are above those of machines, of which there are no more than of actors', () => {
    const watch = watchNumbers();
    watch.see(['v/boss/!', header(5_000)]);
    expect(watch.highest()).toEqual({ numbers: 5_000, instances: 5_000 });
  });

  test('go on from those of the restore before', () => {
    const watch = watchNumbers({ numbers: 60_000_000_000, instances: 1_000_060 });
    watch.see(['p/peer/!', '{"next":7}']);
    const { numbers, instances } = numbersAfter(0, watch.highest());
    expect([numbers, instances]).toEqual([60_001_000_000, 2_000_060]);
  });

  test('differ when one backup is restored twice', () => {
    const at = Date.UTC(2026, 10, 20);
    const [first, second] = [at, at + 60_000].map((time) => numbersAfter(time, { numbers: 70, instances: 60 }));
    expect(first!.numbers).toBe(59_443_200_001);
    // So many can be given between the two.
    expect(second!.numbers - first!.numbers).toBe(60_000);
  });

  test.each(['nothing', '{}', '{"next":"7"}', '{"next":1.5}'])('are not made of a counter that says %s', (text) => {
    expect(() => watchNumbers().see(['p/peer/!', text])).toThrow();
  });
});
