import { expect, test } from 'vitest';
import { joinUndelivered } from '../../src/hob/undelivered.ts';
import type { Report, ReportReason, ResourceState } from '../../src/protocol/shapes.ts';

const report = (generation: number, reason: ReportReason, states: Record<string, ResourceState>): Report => ({
  generation,
  digest: `${generation}`,
  reason,
  at: generation,
  resources: Object.entries(states).map(([id, state]) => ({ id, type: 'noop', state })),
});
const kept = report(1, 'interval', {
  a: 'corrected',
  b: 'corrected',
  c: 'corrected',
  left: 'released',
  back: 'released',
});

test('a correction is kept across generations, unless there is something newer to say', () => {
  const joined = joinUndelivered(kept, report(2, 'applied', { a: 'ok', b: 'failed', back: 'ok' }));
  expect(joined).toEqual(report(2, 'interval', { a: 'corrected', b: 'failed', back: 'ok', left: 'released' }));
});

test('nothing kept changes nothing', () => {
  const latest = report(2, 'applied', { a: 'corrected' });
  expect(joinUndelivered(null, latest)).toEqual(latest);
  expect(joinUndelivered(report(1, 'interval', { a: 'ok' }), latest)).toEqual(latest);
});
