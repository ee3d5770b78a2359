import { expect, test } from 'vitest';
import { makeHostDriver } from '../../src/hob/host-driver.ts';
import { shippedDefinitions } from '../../src/protocol/resources/shipped.ts';
import { E } from '../../src/vats/eventual-send.ts';

test('a host that hangs piles up no jobs, and goes on when it hangs no more', async () => {
  const gate = Promise.withResolvers<void>();
  const { driver, idle } = makeHostDriver({
    types: { noop: { definition: shippedDefinitions.noop, converge: () => gate.promise.then(() => []) } },
    unseal: (_context, sealed) => sealed,
    host: { facts: async () => ({}) } as never,
    owed: {
      damage: undefined,
      becauseOf: () => [],
      ids: () => [],
      owe: async () => async () => {},
      settle: async () => {},
    },
    now: () => 1,
  });
  const desired = harden({ generation: 1, policy: 'report', resources: [{ id: 'a', type: 'noop' }] } as const);
  const look = () => E(driver).reconcile(harden({ desired, apply: false, reason: 'interval' }));
  const jobs = Array.from({ length: 16 }, look);
  await expect(look()).rejects.toThrow(/^MACHINE_BUSY/);
  gate.resolve();
  await Promise.all(jobs);
  await idle();
  expect((await look()).resources).toEqual([{ id: 'a', type: 'noop', state: 'ok' }]);
});
