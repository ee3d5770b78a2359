import { Far } from '@endo/far';
import { makeTagged } from '@endo/pass-style';
import { describe, expect, test } from 'vitest';
import { showError, showValue } from '../../../src/boss/repl/writer.ts';
import { makeError } from '../../../src/errors/gobs-error.ts';

const tables = { machines: () => 'TABLE', rows: () => 'ROWS', trace: () => 'TRACE', graph: () => 'GRAPH' };
const show = (value: unknown) => showValue(value, tables);
const status = { name: 'web1', id: 'm1', provider: 'local', state: 'ready', revision: 1, drift: {} };

describe('a value', () => {
  test.each<[string, unknown, string]>([
    ['a reference', Far('MachineAdmin', { stop: () => {} }), 'MachineAdmin {…}'],
    ['a reference in data', { at: [Far('Hob', {})] }, '{ at: [ Hob {…} ] }'],
    ['a list of machines', [status, status], 'TABLE'],
    ['an empty list', [], '[]'],
    ['one machine', { name: 'web1', id: 'm1' }, "{ name: 'web1', id: 'm1' }"],
    [
      'a list that only begins like machines',
      [status, 1],
      expect.stringContaining("name: 'web1'") as unknown as string,
    ],
    ['text', 'a\nb', "'a\\nb'"],
    ['an error in data', [makeError('NAME_TAKEN', 'web1')], '[ [NAME_TAKEN: web1] ]'],
    ['a bigint', 3n, '3n'],
    ['tagged data', makeTagged('copySet', ['a']), "copySet [ 'a' ]"],
  ])('%s', (_, value, expected) => {
    expect(show(value)).toEqual(expected);
  });

  test('text and names from elsewhere reach the terminal without control characters', () => {
    const evil = '\u001b[2J\u009b\u202e\nforged';
    const texts = [
      evil,
      [evil],
      { [evil]: evil },
      Far(evil, {}),
      new Map([[evil, evil]]),
      Error(evil),
      Symbol(evil),
      [Symbol.for(evil)],
      makeTagged(evil, evil),
      [makeError('BAD_NAME', evil)],
    ];
    const deep = (value: unknown, depth: number): unknown => (depth === 0 ? value : [deep(value, depth - 1)]);
    const depths = Array.from({ length: 12 }, (_, depth) =>
      deep(makeTagged('copySet', [deep(Far(evil, {}), depth) as string]), 11 - depth),
    );
    for (const value of [...texts, ...depths]) {
      expect(show(value)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
      expect(show(value)).not.toMatch(/^forged/m);
    }
    expect(showError(Error(evil))).not.toMatch(/[\u0000-\u001f\u0080-\u009f\u202e]/);
  });

  test('a getter is not called, and an object that cannot be shown is said to be one', () => {
    let called = 0;
    const spied = {
      get secret() {
        called += 1;
        return 1;
      },
    };
    show(spied);
    expect(called).toBe(0);
    const hostile = new Proxy(
      {},
      {
        getPrototypeOf: () => {
          throw Error('no');
        },
      },
    );
    expect(show([hostile])).toEqual(expect.any(String));
  });

  test('a circle is shown as one', () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    expect(show(circle)).toEqual(expect.any(String));
  });
});
