import { mustMatch } from '@endo/patterns';
import { describe, expect, test } from 'vitest';
import { isWithinLimits, shortened, SHORTEST } from '../../src/protocol/report-size.ts';
import { reportLimits, ReportShape } from '../../src/protocol/shapes.ts';
import type { Report, ResourceReport, ResourceState } from '../../src/protocol/shapes.ts';

const change = { what: 'content', from: 'x'.repeat(4_000), to: 'y'.repeat(4_000) };
const of = (count: number, state: ResourceState, more: Partial<ResourceReport> = {}): ResourceReport[] =>
  Array.from({ length: count }, (_, n) => ({ id: `${state}-${n}`, type: 'file', state, ...more }));
const report = (...resources: ResourceReport[][]): Report => ({
  generation: 1,
  digest: '',
  reason: 'interval',
  at: 1,
  resources: resources.flat(),
});

describe('a report', () => {
  test('that has room is as it was', () => {
    const whole = report(of(10_000, 'ok'), of(100, 'drifted', { changes: [change] }), of(10, 'released'));
    expect(shortened(whole)).toEqual(whole);
  });

  test('that is too long loses its changes first', () => {
    const shorter = shortened(report(of(10, 'ok'), of(300, 'drifted', { changes: [change] })));
    expect(shorter).toEqual(report(of(10, 'ok'), of(300, 'drifted')));
  });

  test('then lists only what is not as wanted, and counts the rest', () => {
    const id = 'x'.repeat(190);
    const long = of(9_990, 'ok').map((one) => ({ ...one, id: `${id}${one.id}` }));
    const shorter = shortened(report(long, of(10, 'failed', { why: 'no' }), of(5, 'released')));
    expect(shorter.resources).toEqual([...of(10, 'failed', { why: 'no' }), ...of(5, 'released')]);
    expect(shorter.omitted).toEqual({ ok: 9_990, drifted: 0, corrected: 0, failed: 0, unknown: 0, skipped: 0 });
  });

  test('then counts alone, which is always allowed', () => {
    const shorter = shortened(report(of(10_000, 'failed', { why: 'é'.repeat(4_000) }), of(10_000, 'ok')));
    expect(shorter.resources).toEqual([]);
    expect(shorter.omitted).toEqual({ ok: 10_000, drifted: 0, corrected: 0, failed: 10_000, unknown: 0, skipped: 0 });
    mustMatch(shorter, ReportShape);
    expect(isWithinLimits(shorter)).toBe(true);
    expect(shortened(report(of(1, 'drifted')), SHORTEST).omitted).toMatchObject({ drifted: 1 });
  });

  test('of more resources than a report may list is cut, too', () => {
    const shorter = shortened(report(of(reportLimits.resources, 'ok'), of(1, 'drifted')));
    expect(shorter.resources).toEqual(of(1, 'drifted'));
  });
});
