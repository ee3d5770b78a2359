import { describe, expect, test } from 'vitest';
import { isDue, startGarbageRounds } from '../../src/boss/garbage-rounds.ts';
import { makeError } from '../../src/errors/gobs-error.ts';
import type { Collected } from '../../src/vats/collector.ts';

const HOUR = 60 * 60_000;
const found: Collected = { marked: 10_000, inMemory: 0, collected: 3, entries: 0, vats: 0 };

describe('a cycle is due', () => {
  test.each([
    ['when a thousand rows were written', true, { changes: 1_000, waited: 0, last: undefined }],
    ['not for fewer', false, { changes: 999, waited: HOUR - 1, last: undefined }],
    ['of many actors only when half as many rows were written', false, { changes: 4_999, waited: 0, last: found }],
    ['then', true, { changes: 5_000, waited: 0, last: found }],
    ['after an hour for anything', true, { changes: 1, waited: HOUR, last: found }],
    ['not if nothing was written', false, { changes: 0, waited: HOUR, last: found }],
    ['after an hour if memory held something', true, { changes: 0, waited: HOUR, last: { ...found, inMemory: 1 } }],
    ['an hour after the start', true, { changes: 0, waited: HOUR, last: undefined }],
  ])('%s', (_when, due, situation) => expect(isDue(situation)).toBe(due));
});

/** A clock that rings when the test says so. */
const start = (collect: () => Promise<Collected>) => {
  const lines: [string, string, object][] = [];
  const rounds = { changes: 0, time: 0, timers: [] as (() => void)[], lines, stop: (): void => {} };
  const log = (level: string) => (fields: object, message: string) => void lines.push([level, message, fields]);
  rounds.stop = startGarbageRounds({
    collector: {
      collect,
      get changes() {
        return rounds.changes;
      },
    },
    now: () => rounds.time,
    setTimer: (callback) => {
      rounds.timers.push(callback);
      return () => void rounds.timers.splice(rounds.timers.indexOf(callback), 1);
    },
    log: { info: log('info'), warn: log('warn') },
  });
  const ring = async (): Promise<void> => {
    rounds.timers.shift()!();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { rounds, ring };
};

describe('rounds', () => {
  test('collect when it is due, say what was done, and go on', async () => {
    const { rounds, ring } = start(async () => found);
    await ring();
    expect(rounds.lines).toEqual([]);
    rounds.changes = 1_000;
    await ring();
    expect(rounds.lines).toEqual([['info', 'garbage was collected', found]]);
    expect(rounds.timers).toHaveLength(1);
  });

  test('say what went wrong, and go on', async () => {
    const { rounds, ring } = start(() => Promise.reject(makeError('ROW_DAMAGED', 'row v/boss/a/x/1: gone')));
    rounds.changes = 1_000;
    await ring();
    expect(rounds.lines).toEqual([
      ['warn', 'collecting garbage', expect.objectContaining({ code: 'ROW_DAMAGED' }) as object],
    ]);
    expect(rounds.timers).toHaveLength(1);
  });

  test('that were ended wait for nothing, and do not complain of a cycle that was ended with them', async () => {
    const { promise, reject } = Promise.withResolvers<Collected>();
    const { rounds, ring } = start(() => promise);
    rounds.changes = 1_000;
    await ring();
    rounds.stop();
    reject(makeError('COLLECTION_STOPPED', 'the process is ending'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(rounds.lines).toEqual([]);
    expect(rounds.timers).toEqual([]);
  });
});
