import { matches } from '@endo/patterns';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isReport } from '../../src/protocol/report-check.ts';
import { FactsShape, ReportShape, resourceStates } from '../../src/protocol/shapes.ts';

const change = { what: 'mode', from: '0644', to: '0600' };
const resource = { id: 'a', type: 'file', state: 'corrected', changes: [change], why: 'no', at: 1 };
const omitted = { ok: 1, drifted: 2, corrected: 3, failed: 4, unknown: 5, skipped: 0 };
const report = { generation: 1, digest: 'd', reason: 'interval', at: 5, resources: [resource], omitted };
const withResource = (update: object) => ({ ...report, resources: [{ ...resource, ...update }] });

const wrong: Readonly<Record<string, unknown>> = {
  'a text': 'report',
  'an array': [],
  nothing: null,
  'a property too many': { ...report, more: 1 },
  'one too few': { generation: 1, digest: 'd', reason: 'interval', at: 5 },
  'another reason': { ...report, reason: 'constructor' },
  'no number': { ...report, at: '5' },
  'no finite number': { ...report, at: Infinity },
  'no number at all': { ...report, generation: NaN },
  'too many resources': { ...report, resources: Array(20_001).fill({ id: 'a', type: 'b', state: 'ok' }) },
  'no counts': { ...report, omitted: { ok: 1 } },
  'a long id': withResource({ id: 'x'.repeat(201) }),
  'another state': withResource({ state: 'constructor' }),
  'a long why': withResource({ why: 'x'.repeat(4_001) }),
  'no time': withResource({ at: NaN }),
  'too many changes': withResource({ changes: Array(101).fill(change) }),
  'a change of something else': withResource({ changes: [{ ...change, from: 1 }] }),
  'a change with more': withResource({ changes: [{ ...change, more: '' }] }),
};

describe('a report', () => {
  test('is told from all else', () => {
    expect(isReport(harden(report))).toBe(true);
    expect(isReport(harden({ ...report, omitted: undefined }))).toBe(false);
    expect(isReport(harden({ generation: 0, digest: '', reason: 'asked', at: 0, resources: [] }))).toBe(true);
    for (const [what, value] of Object.entries(wrong)) expect([what, isReport(harden(value))]).toEqual([what, false]);
  });

  test('is what its pattern says', () => {
    const text = fc.oneof(fc.string({ maxLength: 20 }), fc.constant('x'.repeat(201)), fc.constant(1 as never));
    const resources = fc.array(
      fc.record(
        {
          id: text,
          type: fc.string({ maxLength: 61 }),
          state: fc.constantFrom(...resourceStates, 'other'),
          changes: fc.array(fc.record({ what: text, from: text, to: text }, { requiredKeys: ['what', 'from'] })),
          why: text,
          at: fc.integer(),
          more: fc.integer(),
        },
        { requiredKeys: ['id', 'type', 'state'], noNullPrototype: true },
      ),
      { maxLength: 2 },
    );
    fc.assert(
      fc.property(resources, (some) => {
        const value = harden({ ...report, resources: JSON.parse(JSON.stringify(some)) as object[] });
        expect(isReport(value)).toBe(matches(value as never, ReportShape));
      }),
    );
  });
});

describe('facts', () => {
  const facts = {
    ...{
      os: 'x',
      system: 'x',
      release: 'x',
      codename: 'x',
      kernel: 'x',
      architecture: 'x',
      hostname: 'h',
      cpu: { model: 'm', count: 2 },
    },
    ...{ memory: { total: 5, free: 0 }, disk: { total: 1.5, free: 1 }, addresses: [], bootTime: 1, hob: '0' },
  };
  const areFacts = (value: object) => matches(harden({ ...facts, ...value }) as never, FactsShape);

  test('have no amount that is none', () => {
    expect(areFacts({})).toBe(true);
    for (const number of [NaN, Infinity, -Infinity, -1, 5n]) {
      expect(areFacts({ memory: { total: number, free: 0 } })).toBe(false);
      expect(areFacts({ cpu: { model: 'm', count: number } })).toBe(false);
    }
    for (const number of [NaN, Infinity, -Infinity]) expect(areFacts({ bootTime: number })).toBe(false);
  });
});
