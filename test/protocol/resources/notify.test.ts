import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ResourceDefinition } from '../../../src/protocol/resources/definition.ts';
import { orderOf, predecessorsOf } from '../../../src/protocol/resources/order.ts';
import { findResourceProblems } from '../../../src/protocol/resources/resource-problems.ts';
import { noopDefinition } from '../../../src/protocol/resources/noop.ts';

const bell: ResourceDefinition = { type: 'bell', required: {}, optional: {}, effect: () => 'ring' };
const definitions = { noop: noopDefinition, bell };

const noop = (id: string, more: object = {}) => ({ id, type: 'noop', ...more });
const rung = (id: string, more: object = {}) => ({ id, type: 'bell', ...more });
const problems = (...resources: readonly object[]) =>
  findResourceProblems(resources, definitions).map(({ path, message, hint }) =>
    hint === undefined ? `${path}: ${message}` : `${path}: ${message} (${hint})`,
  );
const order = (...resources: readonly { readonly id: string }[]) =>
  orderOf(predecessorsOf(resources))
    .order.map((index) => resources[index]!.id)
    .join(' ');

describe('notify', () => {
  it('puts who is told behind those that tell it, whoever names whom', () => {
    expect(order(rung('b'), noop('a', { notify: ['b'] }))).toBe('a b');
    expect(order(rung('b', { after: ['c'] }), noop('x'), noop('a', { notify: ['b'] }), noop('c'))).toBe('c a b x');
    expect(order(rung('b', { after: ['a'] }), noop('a', { notify: ['b'] }))).toBe('a b');
  });

  it('names only what there is, and what does something when it is told', () => {
    expect(problems(noop('a', { notify: ['b'] }), rung('b'))).toEqual([]);
    expect(problems(noop('a', { notify: 'b' }), rung('b'))).toEqual([
      'resources[0].notify: must be a list of ids, not "b"',
    ]);
    expect(problems(noop('a', { notify: ['bel'] }), rung('bell'))).toEqual([
      'resources[0].notify: this machine has no resource "bel" (did you mean "bell"?)',
    ]);
    expect(problems(rung('b', { notify: ['b'] }))).toEqual(['resources[0].notify: must not name the resource itself']);
    expect(problems(noop('a', { notify: ['b', 'n'] }), rung('b'), noop('n'))).toEqual([
      'resources[0].notify: "n" is a noop, and does nothing when it is told (to come before it only, write after there)',
    ]);
  });

  it('may name one that has a problem of its own', () => {
    expect(problems(noop('a', { notify: ['bad'] }), noop('bad', { x: 1 }))).toEqual([
      expect.stringMatching(/^resources\[1\]\.x: /),
    ]);
  });

  it('goes in no circle, alone or with after; whoever closes it has the problem', () => {
    expect(problems(rung('a', { notify: ['b'] }), rung('b', { notify: ['a'] }))).toEqual([
      'resources[0].notify: must not go in a circle: a → b → a',
    ]);
    expect(problems(rung('a', { notify: ['b'], after: ['b'] }), rung('b'))).toEqual([
      'resources[0].notify: must not go in a circle: a → b → a',
    ]);
    expect(problems(rung('b', { after: ['a'] }), noop('a', { after: ['b'] }))).toEqual([
      'resources[1].after: must not go in a circle: b → a → b',
    ]);
    expect(problems(rung('x', { notify: ['a'] }), rung('a', { notify: ['b'] }), rung('b'))).toEqual([]);
    expect(problems(rung('x', { notify: ['a'] }), rung('a', { notify: ['b'] }), rung('b', { notify: ['x'] }))).toEqual([
      'resources[0].notify: must not go in a circle: x → b → a → x',
    ]);
  });

  it('with after: a list is sound exactly if there is an order that respects both', () => {
    const names = fc.uniqueArray(fc.nat({ max: 5 }), { maxLength: 2 });
    const lists = fc.array(fc.record({ after: names, notify: names }), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(lists, (list) => {
        const resources = list.map(({ after, notify }, index) =>
          rung(`r${index}`, { after: after.map((at) => `r${at}`), notify: notify.map((at) => `r${at}`) }),
        );
        const place = new Map(
          order(...resources)
            .split(' ')
            .map((id, at) => [Number(id.slice(1)), at]),
        );
        const respected = list.every(
          ({ after, notify }, index) =>
            after.every((at) => place.get(at)! < place.get(index)!) &&
            notify.every((at) => place.get(index)! < place.get(at)!),
        );
        expect(problems(...resources).length === 0).toBe(respected);
      }),
      { numRuns: 1_000 },
    );
  });
});
