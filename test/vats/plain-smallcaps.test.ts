import { Far } from '@endo/far';
import { makeMarshal, makeTagged } from '@endo/marshal';
import fc from 'fast-check';
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { decodePlain, encodePlain, type CapData } from '../../src/vats/plain-smallcaps.ts';

const references = [Far('One', {}), Far('Two', {})];
const slotOf = (reference: object): string => `slot ${references.indexOf(reference as never)}`;
const referenceOf = (slot: string): object => references[Number(slot.slice(5))]!;
const marshal = makeMarshal(slotOf, (slot) => referenceOf(slot as string), {
  serializeBodyFormat: 'smallcaps',
  errorTagging: 'off',
});

const text = fc.oneof(
  fc.string({ maxLength: 4 }),
  fc.constantFrom('!', '!x', '"', '#undefined', '$0', '%a', '&0', '+1', '-1', ',', '.', '\ud800', '\u2028', '\n'),
);
const { plain } = fc.letrec<{ plain: unknown }>((tie) => ({
  plain: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.oneof(
      text,
      fc.double(),
      fc.integer(),
      fc.bigInt(),
      fc.constantFrom<unknown[]>(true, false, null, undefined, -0, NaN, Infinity, -Infinity),
      fc.constantFrom<unknown[]>(...references),
    ),
    fc.array(tie('plain'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(text, fc.constantFrom('2', '10', 'a', 'length', '__proto__', 'constructor')), tie('plain'), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  ),
}));

const isFrozenThroughout = (value: unknown): boolean =>
  Object(value) !== value ||
  (Object.isFrozen(value) &&
    (references.includes(value as never) || Object.values(value as object).every(isFrozenThroughout)));

describe('plain data', () => {
  test('is written letter by letter as marshal writes it', () => {
    fc.assert(
      fc.property(plain, (value) => {
        expect(encodePlain(harden(value), slotOf)).toEqual(marshal.toCapData(value as never));
      }),
      { numRuns: 5_000 },
    );
  });

  test('is read as marshal reads it, or left to marshal', () => {
    let read = 0;
    fc.assert(
      fc.property(plain, (value) => {
        const data = marshal.toCapData(harden(value) as never) as CapData<string>;
        const decoded = decodePlain(data, referenceOf);
        if (decoded === undefined) return;
        read += 1;
        expect(marshal.toCapData(decoded.value as never)).toEqual(data);
        expect(isFrozenThroughout(decoded.value)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
    expect(read).toBeGreaterThan(2_000);
  });
});

test.each<[string, unknown]>([
  ['a tagged value', makeTagged('tag', 'x')],
  ['an error', Error('x')],
  ['a promise', Promise.resolve()],
  ['a symbol', Symbol.for('x')],
])('%s is left to marshal', (_what, value) => {
  expect(encodePlain(harden({ value }), slotOf)).toBeUndefined();
});

test.each<[string, string]>([
  ['a tagged value', '#{"#tag":"tag","payload":"x"}'],
  ['an error', '#{"#error":"x","name":"Error"}'],
  ['a promise', '#"&0"'],
  ['a symbol', '#"%x"'],
  ['a bigint', '#["+1"]'],
  ['an unknown constant', '#"#what"'],
  ['a reference to a slot that there is not', '#"$7.Alleged: One"'],
  ['a reference to no slot', '#"$length"'],
  ['a property called __proto__', '#{"__proto__":{"a":1}}'],
  ['a property whose name is quoted', '#{"!#a":1}'],
  ['another encoding', '{"a":1}'],
])('%s is left to marshal', (_what, body) => {
  expect(decodePlain({ body, slots: ['slot 0'] }, referenceOf)).toBeUndefined();
});

test('names of what every object inherits can be written under the lockdown of production', () => {
  const { stdout, stderr } = spawnSync(process.execPath, [
    fileURLToPath(new URL('inherited-names.ts', import.meta.url)),
  ]);
  expect(String(stderr)).toBe('');
  const { plain, marshalled } = JSON.parse(String(stdout)) as { plain: string; marshalled: string };
  expect(plain).toContain('"hasOwnProperty":"x"');
  expect(plain).toBe(marshalled);
});

test('what is no JSON is an error', () => {
  expect(() => decodePlain({ body: '#{"a', slots: [] }, referenceOf)).toThrow(SyntaxError);
});
