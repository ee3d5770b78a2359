import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderOf, predecessorsOf } from '../../../src/protocol/resources/order.ts';

const order = (after: Readonly<Record<string, readonly string[]>>): string => {
  const links = Object.entries(after).map(([id, names]) => ({ id, after: names }));
  return orderOf(predecessorsOf(links))
    .order.map((index) => links[index]!.id)
    .join(' ');
};

describe('the order of resources', () => {
  it('is that of the document where nothing else is said, or where it is right already', () => {
    expect(order({ b: [], a: [], c: [] })).toBe('b a c');
    expect(order({ b: [], a: ['b'], c: ['a', 'b'] })).toBe('b a c');
  });
  it('has in front of each what it comes after, and leaves the others where they are', () => {
    expect(order({ page: ['app'], motd: [], app: ['db'], db: [] })).toBe('db app page motd');
    expect(order({ a: ['z', 'y'], b: [], y: [], z: [] })).toBe('z y a b');
  });
  it('goes down a chain as long as a list may be', () => {
    const links = Array.from({ length: 10_000 }, (_, index) => ({ id: `${index}`, after: [`${index + 1}`] }));
    expect(orderOf(predecessorsOf(links)).order).toEqual(links.map((_, index) => 9_999 - index));
  });
  it('of two with one id means the first, and leaves out names that there are not', () => {
    expect(predecessorsOf([{ id: 'a' }, { id: 'a' }, { after: ['none', 'a'] }, {}])).toEqual([[], [], [0], []]);
  });

  it('has each once; without the after of those that close a circle there is none, and everything is respected', () => {
    const graph = fc
      .integer({ min: 1, max: 12 })
      .chain((count) =>
        fc.array(fc.uniqueArray(fc.nat({ max: count - 1 }), { maxLength: 3 }), { minLength: count, maxLength: count }),
      );
    fc.assert(
      fc.property(graph, (predecessors) => {
        const { circles } = orderOf(predecessors);
        const closing = new Set(circles.map(({ index }) => index));
        const open = predecessors.map((before, index) => (closing.has(index) ? [] : before));
        const again = orderOf(open);
        expect(again.circles).toEqual([]);
        expect([...again.order].toSorted((a, b) => a - b)).toEqual([...predecessors.keys()]);
        const place = new Map(again.order.map((index, at) => [index, at]));
        for (const [index, before] of open.entries()) {
          for (const other of before) expect(place.get(other)!).toBeLessThan(place.get(index)!);
        }
        // Each circle that is told of is one.
        for (const { index, to } of circles) expect(predecessors[index]).toContain(to);
      }),
    );
  });
});
