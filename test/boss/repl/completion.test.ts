import { Far } from '@endo/far';
import { describe, expect, test } from 'vitest';
import { makeCompletion, methodBeforeCursor } from '../../../src/boss/repl/completion.ts';

describe('what stands before the cursor', () => {
  test.each([
    ['E(boss).cr', { target: 'boss', prefix: 'cr' }],
    ['const m = await E( boss ).', { target: 'boss', prefix: '' }],
    ['E(held.web1).st', { target: 'held.web1', prefix: 'st' }],
    ["E(machine('web1')).dr", { target: "machine('web1')", prefix: 'dr' }],
    ['f(E(a).x(), E($b_1).y', { target: '$b_1', prefix: 'y' }],
  ])('%s', (line, expected) => {
    expect(methodBeforeCursor(line)).toEqual(expected);
  });

  test.each([
    'boss.cr',
    'E(boss)',
    'E(boss).createMachine(',
    'myE(boss).cr',
    'E(destroy()).x',
    "E(machine(evil('x'))).x",
    'x.E(boss).y',
  ])('%s is none of ours, and nothing in it is run', (line) => {
    expect(methodBeforeCursor(line)).toBeUndefined();
  });
});

/** Answers like a guarded object in a vat, and counts how often it was asked. */
const makeAsked = (names: readonly unknown[]) => {
  let asked = 0;
  const target = {
    __getMethodNames__: () => {
      asked += 1;
      return names;
    },
  };
  return { target, asked: () => asked };
};

const never = { setTimer: () => () => {}, patience: 1 };

describe('the methods of a reference', () => {
  test('are those that begin so, sorted, without the internal ones', async () => {
    const { methods } = makeCompletion(never);
    const remote = Far('Thing', { stop: () => {}, start: () => {}, look: () => {} });
    expect(await methods(remote, 'st')).toEqual(['start', 'stop']);
    expect(await methods(remote, '')).toEqual(['look', 'start', 'stop']);
  });

  test('are asked for once', async () => {
    const { methods } = makeCompletion(never);
    const { target, asked } = makeAsked(['a', 'b']);
    await methods(target, '');
    expect(await methods(target, 'a')).toEqual(['a']);
    expect(asked()).toBe(1);
  });

  test('of a promise are those of what it is for', async () => {
    const { methods } = makeCompletion(never);
    expect(await methods(Promise.resolve(Far('Thing', { stop: () => {} })), '')).toEqual(['stop']);
  });

  test('are none where the other side answers nonsense, fails or is silent', async () => {
    let ring = () => {};
    const setTimer = (callback: () => void) => {
      ring = callback;
      return () => {};
    };
    const { methods } = makeCompletion({ setTimer, patience: 1 });
    expect(await methods(makeAsked(['ok', '\u001b[2J', 7, 'x'.repeat(500)]).target, '')).toEqual(['ok']);
    expect(await methods({ __getMethodNames__: () => Promise.reject(Error('lost')) }, '')).toEqual([]);
    expect(await methods(7, '')).toEqual([]);
    const silent = methods({ __getMethodNames__: () => new Promise(() => {}) }, '');
    ring();
    expect(await silent).toEqual([]);
  });

  test('are asked for again after a failure', async () => {
    const { methods } = makeCompletion(never);
    let up = false;
    const target = { __getMethodNames__: () => (up ? ['back'] : Promise.reject(Error('lost'))) };
    expect(await methods(target, '')).toEqual([]);
    up = true;
    expect(await methods(target, '')).toEqual(['back']);
  });
});
