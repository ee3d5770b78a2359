import { matches } from '@endo/patterns';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordRule, textsRule, textRule } from '../../../src/protocol/resources/property-rules.ts';
import { canonicalResource, canonicalValue, valueText } from '../../../src/protocol/resources/values.ts';
import { ResourceShape, type ResourceValue } from '../../../src/protocol/shapes.ts';

const fits = (value: unknown): boolean =>
  matches(harden({ id: 'a', type: 'noop', value } as never), ResourceShape as never);

const scalars = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
);
const lists = fc.array(fc.string(), { maxLength: 5 });
const records = fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.oneof(scalars, lists), { maxKeys: 5 });
const values = fc.oneof(scalars, lists, records) as fc.Arbitrary<ResourceValue>;

describe('the value of a property', () => {
  it('is a scalar, a list of texts or a flat record of those, with secrets in their place', () => {
    for (const value of ['text', 1, false, ['a', 'b'], [], {}, { secret: 'token' }]) expect(fits(value)).toBe(true);
    expect(fits({ port: 80, names: ['a'], on: true, password: { secret: 'token' } })).toBe(true);
  });

  it('is nothing deeper than that', () => {
    for (const value of [null, [1], [['a']], { a: { b: 1 } }, { a: { secret: 'token', b: 1 } }, { a: [{ b: 1 }] }]) {
      expect(fits(value)).toBe(false);
    }
    expect(fits(Array.from({ length: 101 }, () => ''))).toBe(false);
    expect(fits(Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`k${index}`, 1])))).toBe(false);
  });

  it('is compared whatever the order of its keys, and equal to no other', () => {
    expect(canonicalValue({ a: 1, b: ['x'] })).toBe(canonicalValue({ b: ['x'], a: 1 }));
    expect(canonicalResource({ type: 'noop', id: 'a', data: { b: 1, a: 2 } })).toEqual(
      canonicalResource({ data: { a: 2, b: 1 }, id: 'a', type: 'noop' }),
    );
    const all = ['1', 1, true, 'true', ['a', 'b'], ['a, b'], 'a, b', [], {}, { a: '1' }, { a: 1 }, { a: ['1'] }];
    expect(new Set(all.map((value) => canonicalValue(value))).size).toBe(all.length);
    fc.assert(
      fc.property(values, values, (one, other) => {
        const same = JSON.stringify(one) === JSON.stringify(other);
        if (same) expect(canonicalValue(one)).toBe(canonicalValue(other));
        else if (typeof one !== 'object') expect(canonicalValue(one)).not.toBe(canonicalValue(other));
      }),
    );
  });

  it('is shown on one line, as it would be written', () => {
    expect(['text', 1, true, ['a', 'b']].map(valueText)).toEqual(['text', '1', 'true', 'a, b']);
    expect(valueText({})).toBe('{}');
    expect(valueText({ title: 'hello', port: 80, names: ['a', 'b'] })).toBe(
      '{ names: ["a", "b"], port: 80, title: "hello" }',
    );
    expect(valueText({ password: { secret: 'token' } })).toBe('{ password: { secret: "token" } }');
  });
});

describe('the rule of a record', () => {
  it('takes scalars and lists of texts under names that a template can write', () => {
    expect(recordRule({})).toBeUndefined();
    expect(recordRule({ port: 80, names: ['a'], on: true, server_name: 'x' })).toBeUndefined();
  });

  it('says of which key it is that something is wrong', () => {
    expect(recordRule('x')).toBe('must be a mapping, not "x"');
    expect(recordRule([])).toBe('must be a mapping, not a list');
    expect(recordRule({ 'a-b': 1 })).toBe('has a key "a-b", and keys are letters, digits and underscores');
    expect(recordRule({ a: null })).toBe('a must be a text, a number, true, false or a list of texts, not null');
    expect(recordRule({ a: { b: 1 } })).toMatch(/^a must be .*, not a mapping$/);
    expect(recordRule({ a: ['x', 1] })).toBe('a item 2 must be text, not the number 1');
    expect(recordRule({ a: Number.NaN })).toMatch(/not the number NaN$/);
  });
});

describe('the rule of a list of texts', () => {
  it('looks at each text, and says which is wrong', () => {
    const rule = textsRule('groups', textRule(3));
    expect(rule([])).toBeUndefined();
    expect(rule(['a', 'b'])).toBeUndefined();
    expect(rule('a')).toBe('must be a list of groups, not "a"');
    expect(rule(['a', 'long'])).toBe('item 2 must not be over 3 characters; it has 4');
    expect(rule(Array.from({ length: 101 }, () => ''))).toBe('must not be over 100 groups; there are 101');
  });
});
