/** A fleet that shrinks while somebody looks at it. */
import { expect, test } from 'vitest';
import { E } from '../../src/vats/eventual-send.ts';
import { makeBossWorld, ready } from '../support/boss-world.ts';

test('machines that go while a list is made are left out of it, and fail nothing', async () => {
  const world = makeBossWorld();
  const life = await world.open();
  const names = Array.from({ length: 20 }, (_, index) => `m-${index}`);
  const machines = names.map((name) => E(life.boss).createMachine(name, { provider: 'fake' }));
  await Promise.all(machines.map((machine) => ready(machine)));
  const looks = machines.flatMap((machine) => [
    E(life.boss).machines(),
    E(machine).destroy(),
    E(life.boss).machinePage({ limit: 50 }),
    E(life.boss).orphans(),
    E(life.process).revive(),
  ]);
  const failed = (await Promise.allSettled(looks)).filter(({ status }) => status === 'rejected');
  expect(failed).toEqual([]);
  await life.stop();
});
