import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  isKey,
  isSelected,
  isValue,
  parseSelector,
  selectorProblemText,
  selectorRule,
  type Requirement,
  type Selector,
  type Traits,
} from '../../src/protocol/selectors.ts';

const read = (text: string): Selector => {
  const { selector, problem } = parseSelector(text);
  if (problem !== undefined) throw new Error(selectorProblemText(problem));
  return selector;
};

const problemOf = (text: string): string => {
  const { problem } = parseSelector(text);
  return problem === undefined ? 'none' : selectorProblemText(problem);
};

describe('what is selected', () => {
  const web: Traits = { role: 'web', canary: 'true', zone: 'a' };

  test.each([
    ['role=web', true],
    ['role=db', false],
    ['role!=db', true],
    ['role!=web', false],
    ['tier!=gold', true],
    ['tier=gold', false],
    ['canary', true],
    ['tier', false],
    ['!tier', true],
    ['!canary', false],
    ['role in (db|web)', true],
    ['role in (db)', false],
    ['tier in (gold)', false],
    ['role=web,!canary', false],
    ['role=web,zone in (a|b),canary', true],
    [' role = web , ! tier ,zone  in(a | b ) ', true],
    ['constructor', false],
    ['!constructor', true],
  ])('%s', (text, expected) => {
    expect(isSelected(read(text), web)).toBe(expected);
  });

  test('values are compared as they are written', () => {
    expect(isSelected(read('version=12.7'), { version: '12.70' })).toBe(false);
    expect(isSelected(read('in=x'), { in: 'x' })).toBe(true);
    expect(isSelected(read('image=registry:5000/a/b@1~rc+2'), { image: 'registry:5000/a/b@1~rc+2' })).toBe(true);
  });
});

describe('what is no selector says where', () => {
  test.each([
    ['', 'at column 1: there must be a key, not the end'],
    ['role=', 'at column 6: there must be a value, not the end'],
    ['role==web', 'at column 6: one = is enough'],
    ['role=web,', 'at column 10: there must be a key, not the end'],
    ['role=web role=db', 'at column 10: there must be "," between two conditions, not "r"'],
    ['role=web & zone=a', 'at column 10: there must be "," between two conditions, not "&"'],
    ['Role=web', 'at column 1: there must be a key, not "R"'],
    ['role in web', 'at column 9: there must be "(" after in, not "w"'],
    ['role in (a,b)', 'at column 11: there must be "|" or ")" after a value, not ","'],
    ['role in ()', 'at column 10: there must be a value, not ")"'],
    ['role in (a|b', 'at column 13: there must be "|" or ")" after a value, not the end'],
    ['role notin (a)', 'at column 6: there must be "," between two conditions, not "n"'],
    ['role="web"', 'at column 6: there must be a value, not "\\""'],
    ['!!canary', 'at column 2: there must be a key, not "!"'],
    ['role=\u001b[31m', 'at column 6: there must be a value, not ""'],
    [`${'k'.repeat(64)}=x`, 'at column 1: a key must not be over 63 characters'],
    [`k=${'x'.repeat(201)}`, 'at column 3: a value must not be over 200 characters'],
    ['k,'.repeat(501), 'at column 1001: it must not be over 1000 characters'],
  ])('%s', (text, message) => {
    expect(problemOf(text)).toBe(message);
  });

  test('as a condition of a resource it completes "when: …"', () => {
    const rule = selectorRule(['system', 'architecture']);
    expect(rule('system=debian,architecture!=arm64')).toBeUndefined();
    expect(rule(true)).toBe('must be text such as "system=debian", not true');
    expect(rule('system')).toBeUndefined();
    expect(rule('system=')).toBe('is no condition: at column 8: there must be a value, not the end');
    expect(rule('sistem=debian')).toBe('there is no "sistem" to look at; there are system, architecture');
    expect(selectorRule()('anything')).toBeUndefined();
  });
});

const letters = (alphabet: string, max: number) =>
  fc.array(fc.constantFrom(...alphabet), { minLength: 1, maxLength: max }).map((characters) => characters.join(''));
const keys = letters('abcin', 3);
const values = letters('abAB01._-+:/@~', 3);
const requirements: fc.Arbitrary<Requirement> = fc.oneof(
  fc.record({ key: keys, values: fc.constant([]), negated: fc.boolean() }),
  fc.record({ key: keys, values: fc.tuple(values), negated: fc.boolean() }),
  fc.record({
    key: keys,
    values: fc.array(values, { minLength: 2, maxLength: 4 }),
    negated: fc.constant(false),
  }),
);
const blanks = fc.constantFrom('', ' ', '\t ');

const write = (selector: Selector, blank: string): string =>
  selector
    .map(({ key, values: [only, ...more], negated }) => {
      if (only === undefined) return negated ? `!${blank}${key}` : key;
      if (more.length > 0) return `${key} in${blank}(${[only, ...more].join(`${blank}|`)})`;
      return `${key}${blank}${negated ? '!=' : '='}${blank}${only}`;
    })
    .join(`${blank},`);

describe('whatever is written', () => {
  test('what is written is what is read, with blanks or without', () => {
    fc.assert(
      fc.property(fc.array(requirements, { minLength: 1, maxLength: 6 }), blanks, (selector, blank) => {
        expect(read(write(selector, blank))).toEqual(selector);
      }),
    );
  });

  test('no text throws, and a column is in the text or one behind it', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), letters('ab=!(|), in', 12));
    fc.assert(
      fc.property(text, (any) => {
        const { selector, problem } = parseSelector(any);
        expect(selector === undefined).toBe(problem !== undefined);
        if (problem === undefined) return;
        expect(problem.column).toBeGreaterThanOrEqual(1);
        expect(problem.column).toBeLessThanOrEqual(any.length + 1);
      }),
      { numRuns: 1_000 },
    );
  });

  test('a selector and the same with each condition turned round never agree on a single one', () => {
    const traits = fc.dictionary(keys, values);
    fc.assert(
      fc.property(requirements, traits, (requirement, any) => {
        const opposite = { ...requirement, negated: !requirement.negated };
        expect(isSelected([requirement], any)).not.toBe(isSelected([opposite], any));
      }),
    );
  });

  test('whatever is a key and a value can be selected by', () => {
    const any = fc.oneof(letters('abAB01._-+:/@~ ,(', 5), fc.string());
    fc.assert(
      fc.property(any, any, (key, value) => {
        fc.pre(isKey(key) && isValue(value));
        expect(isSelected(read(`${key}=${value}`), { [key]: value })).toBe(true);
      }),
    );
    expect(isKey('a'.repeat(64))).toBe(false);
    expect(isKey('')).toBe(false);
    expect(isValue('')).toBe(false);
    expect(isValue('a b')).toBe(false);
  });
});
