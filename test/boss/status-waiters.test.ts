import { makePromiseKit } from '@endo/promise-kit';
import { describe, expect, test } from 'vitest';
import { makeStatusWaiters } from '../../src/boss/status-waiters.ts';
import type { MachineStatus } from '../../src/protocol/shapes.ts';

const makeKit = () => makePromiseKit<MachineStatus>() as never;
const status = (revision: number) => harden({ revision }) as unknown as MachineStatus;

describe('who waits for a status', () => {
  test('shares one promise with all who wait at the same revision, and it is let go of when it is kept', async () => {
    const waiters = makeStatusWaiters();
    const first = waiters.waitBeyond('m1', 3, makeKit);
    expect(waiters.waitBeyond('m1', 3, makeKit)).toBe(first);
    expect(waiters.waitBeyond('m1', 4, makeKit)).not.toBe(first);
    expect(waiters.waitBeyond('m2', 3, makeKit)).not.toBe(first);
    expect(waiters.open()).toBe(3);
    waiters.leave('m1', 3, status(4));
    expect(await first).toEqual(status(4));
    expect(waiters.open()).toBe(2);
  });

  test('is told again if the turn that told it first was undone', async () => {
    const waiters = makeStatusWaiters();
    let undone = true;
    const kit = makePromiseKit<MachineStatus>();
    const waiting = waiters.waitBeyond(
      'm1',
      3,
      () =>
        ({
          ...kit,
          resolve: (value: MachineStatus) => (undone ? undefined : kit.resolve(value)),
        }) as never,
    );
    waiters.leave('m1', 3, status(4));
    undone = false;
    waiters.leave('m1', 3, status(5));
    expect(await waiting).toEqual(status(5));
  });

  test('may be nobody', () => {
    expect(() => makeStatusWaiters().leave('m1', 1, status(2))).not.toThrow();
  });
});
