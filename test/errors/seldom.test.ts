import { describe, expect, test } from 'vitest';
import { makeSeldom } from '../../src/errors/seldom.ts';
import { makeTurnErrorLog } from '../../src/errors/turn-errors.ts';

const at = (start = 0) => {
  const clock = { time: start };
  return { clock, now: () => clock.time };
};

describe('what happens again and again', () => {
  test('is told once in a while, with how much was left out', () => {
    const { clock, now } = at();
    const seldom = makeSeldom({ now, every: 60 });
    expect([seldom('a'), seldom('a'), seldom('a'), seldom('b')]).toEqual([0, undefined, undefined, 0]);
    clock.time = 59;
    expect(seldom('a')).toBeUndefined();
    clock.time = 60;
    expect([seldom('a'), seldom('b')]).toEqual([3, 0]);
  });

  test('counts as one where there are too many of it, until there is room', () => {
    const { clock, now } = at();
    const seldom = makeSeldom({ now, every: 60, keys: 2 });
    expect(['a', 'b', 'c', 'd', 'e'].map(seldom)).toEqual([0, 0, 0, undefined, undefined]);
    clock.time = 60;
    expect(['f', 'g', 'h', 'i'].map(seldom)).toEqual([0, 0, 2, undefined]);
  });

  test('is told all the same when the clock was set back', () => {
    const { clock, now } = at(1_000);
    const seldom = makeSeldom({ now, every: 60 });
    seldom('a');
    clock.time = 0;
    expect(seldom('a')).toBe(0);
  });
});

describe('the log of undone turns', () => {
  const run = (code: string, times: number) => {
    const lines: string[] = [];
    const write = (level: string) => (fields: object, message: string) =>
      void lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
    const { clock, now } = at();
    const record = makeTurnErrorLog({ debug: write('debug'), warn: write('warn') }, now);
    const event = { target: 'boss/1', method: 'status', code, message: 'no' };
    for (let n = 0; n < times; n += 1) record(event);
    clock.time = 60_000;
    record(event);
    return lines;
  };

  test('has no warning of what a caller caused, however often', () => {
    for (const code of ['NO_SUCH_METHOD', 'BAD_ARGUMENTS', 'NO_SUCH_MACHINE']) {
      expect(run(code, 1_000).filter((line) => !line.startsWith('debug '))).toEqual([]);
    }
  });

  test('warns of what nobody meant, at a bounded rate', () => {
    const fields = '{"target":"boss/1","method":"status","code":"UNEXPECTED","message":"no"';
    expect(run('UNEXPECTED', 1_000)).toEqual([
      `warn a turn was undone ${fields}}`,
      `warn a turn was undone ${fields},"left":999}`,
    ]);
    expect(run('ROW_DAMAGED', 10)).toHaveLength(2);
  });
});
