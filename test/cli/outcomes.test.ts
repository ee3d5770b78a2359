import { describe, expect, test } from 'vitest';
import { judgeApplied } from '../../src/cli/outcomes.ts';
import type { MachineStatus } from '../../src/protocol/shapes.ts';

const none = { ok: 0, drifted: 0, corrected: 0, failed: 0, unknown: 0, skipped: 0 };
const status = (change: Partial<MachineStatus>): MachineStatus =>
  ({ name: 'web1', state: 'ready', online: true, generation: 2, reported: 2, drift: none, ...change }) as MachineStatus;
const judge = (change: Partial<MachineStatus>) => judgeApplied(2)(status(change));

describe('an apply', () => {
  test('is done when its generation was reported, and not before', () => {
    expect(judge({})).toEqual({ outcome: 'done' });
    expect(judge({ reported: 1 })).toBe(undefined);
    expect(judge({ online: false })).toBe(undefined);
  });
  test('failed if a resource did', () => {
    expect(judge({ drift: { ...none, failed: 1, unknown: 1 } })).toMatchObject({ outcome: 'failed' });
  });
  test('is unknown if a resource cannot be looked at', () => {
    const why = { code: 'CANNOT_LOOK' };
    expect(judge({ drift: { ...none, unknown: 2 } })).toMatchObject({ outcome: 'unknown', why });
  });
  test('waits for no machine that is stopped, unless it runs all the same', () => {
    expect(judge({ state: 'stopped', online: false })).toMatchObject({ outcome: 'unknown' });
    expect(judge({ state: 'stopped' })).toEqual({ outcome: 'done' });
    expect(judge({ state: 'stopped', reported: 1 })).toBe(undefined);
  });
});
