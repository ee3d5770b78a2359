import { describe, expect, test } from 'vitest';
import { boundedRequest, isTracePage, joinTrace, type TraceRecord } from '../../src/protocol/trace.ts';
import { aRecord } from '../cli/near-traces.ts';

const page = (record: object) => harden({ records: [{ ...aRecord, ...record }], last: 1, cut: false });

describe('what a hob answers', () => {
  test('is a trace if it is one', () => {
    expect(isTracePage(page({}))).toBe(true);
    expect(isTracePage(page({ error: { code: 'BAD_NAME', message: '' }, cause: 'abcdefgh-1-2' }))).toBe(true);
  });

  test.each([
    ['a record with more in it', page({ extra: 1 })],
    ['a long method', page({ method: 'x'.repeat(101) })],
    ['a number as id', page({ id: 7 })],
    ['a long message', page({ error: { code: 'X_Y', message: 'x'.repeat(301) } })],
    ['many names', page({ changed: Array(101).fill('vat:hob/hob/1/self') })],
    ['many records', harden({ records: Array(301).fill(aRecord), last: 1, cut: false })],
    ['a time that is no number', page({ at: NaN })],
    ['a number without end', page({ number: Infinity })],
    ['less than nothing omitted', page({ omitted: -1 })],
    ['half a record', page({ number: 1.5 })],
    ['an end without end', harden({ records: [], last: Infinity, cut: false })],
    ['an end that cannot be counted on', harden({ records: [], last: 2 ** 53, cut: false })],
    ['a promise', harden({ records: Promise.resolve([]), last: 1, cut: false })],
    ['nothing', undefined],
  ])('is none if it is %s', (_what, value) => {
    expect(isTracePage(value)).toBe(false);
  });
});

test('what is asked for is bounded', () => {
  expect(boundedRequest({})).toEqual({ limit: 100, wait: false });
  expect(boundedRequest({ after: -1, limit: 1e9, wait: true })).toEqual({ limit: 300, wait: true });
  expect(boundedRequest({ after: 7, limit: NaN })).toEqual({ after: 7, limit: 100, wait: false });
});

describe('two sides', () => {
  const hobId = `hobhobho${'a'.repeat(44)}`;
  const bossId = `bossboss${'a'.repeat(44)}`;
  const turn = (id: string, at: number, more: Partial<TraceRecord> = {}): TraceRecord => ({
    ...aRecord,
    id,
    at,
    ...more,
  });
  const sends = (...ids: string[]) => ({ effects: ids.map((id) => ({ id, target: 'x', method: 'y' })) });
  const join = (boss: TraceRecord[], hob: TraceRecord[]) =>
    joinTrace([
      { where: 'boss', records: boss },
      { where: 'web1', records: hob },
    ]).map(({ where, id, cause }) => [where, id, cause]);

  test('are joined by the ids of messages, and each turn tells the message that caused it', () => {
    const boss = [
      turn('bossboss-1-1', 10, sends('bossboss-1-2')),
      turn('bossboss-1-9', 30, { from: 'vat:boss', cause: 'bossboss-1-1' }),
      turn('hobhobho-1-5', 40, { from: `peer:${hobId}` }),
    ];
    const hob = [
      turn('bossboss-1-2', 20, { from: `peer:${bossId}`, ...sends('hobhobho-1-4') }),
      turn('hobhobho-1-4', 25, { from: 'vat:hob', ...sends('hobhobho-1-5') }),
    ];
    expect(join(boss, hob)).toEqual([
      ['boss', 'bossboss-1-1', null],
      ['web1', 'bossboss-1-2', 'bossboss-1-1'],
      ['web1', 'hobhobho-1-4', 'bossboss-1-2'],
      ['boss', 'bossboss-1-9', 'bossboss-1-1'],
      ['boss', 'hobhobho-1-5', 'hobhobho-1-4'],
    ]);
  });

  test('keep their order, and a turn stands behind the one that sent it, whatever the clocks say', () => {
    const boss = [turn('bossboss-1-1', 1_000, sends('bossboss-1-2')), turn('bossboss-1-3', 900)];
    const hob = [turn('bossboss-1-2', 5, { from: `peer:${bossId}` }), turn('hobhobho-1-1', 6)];
    expect(join(boss, hob).map(([, id]) => id)).toEqual([
      'bossboss-1-1',
      'bossboss-1-2',
      'hobhobho-1-1',
      'bossboss-1-3',
    ]);
  });

  test('do not wait for each other for ever, if what they say makes no sense', () => {
    const boss = [turn('bossboss-1-1', 1, { cause: 'hobhobho-1-1' })];
    const hob = [turn('hobhobho-1-1', 2, { cause: 'bossboss-1-1' })];
    expect(join(boss, hob)).toHaveLength(2);
    expect(join([turn('bossboss-1-1', 1, { cause: 'bossboss-1-1' })], [])).toHaveLength(1);
  });

  test('cannot claim what another side or a client sent', () => {
    const boss = [turn('bossboss-1-1', 1), turn('clientcl-1-1', 2), turn('otherhob-1-1', 3, { from: `peer:${hobId}` })];
    const hob = [turn('hobhobho-1-1', 0, sends('bossboss-1-1', 'clientcl-1-1', 'otherhob-1-1'))];
    expect(join(boss, hob).map(([, , cause]) => cause)).toEqual([null, null, null, null]);
  });
});
