/**
 * The part of the provider contract about bosses that are killed. The points are not placed by hand: each test ends the driver's life
 * in front of its first effect on the world, then of its second, and so on until it lives to the end.
 */
import { describe, expect, it } from 'vitest';
import type { ProviderDriver } from '../../src/providers/contract.ts';
import { makeLife } from '../support/life.ts';
import { expectGone, expectHonest, expectRunning, refFor, requestFor, type ProviderWorld } from './provider.ts';

/** Calls `work` with drivers that live for 0, 1, 2, … effects, until one lives on. Returns how many died. */
const withEverLongerLives = async (
  world: ProviderWorld,
  work: (driver: ProviderDriver, round: number) => Promise<void>,
  afterDeath: (round: number) => Promise<void>,
): Promise<number> => {
  for (let round = 0; ; round += 1) {
    const life = makeLife(round);
    const outcome = await work(world.makeDriver(life), round).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    if (!life.ended) {
      if (outcome !== undefined) throw outcome.error;
      return round;
    }
    await afterDeath(round);
  }
};

export const describeInterruptedProvider = (getWorld: () => ProviderWorld): void => {
  describe('whose boss is killed at every step', { timeout: 180_000 }, () => {
    const machine = (round: number) => `m${round + 1}`;
    const next = () => getWorld().makeDriver();
    const ref = (machineId: string) => refFor(getWorld(), machineId);
    const create = (machineId: string, by: ProviderDriver) => by.create(requestFor(getWorld(), machineId));

    it('shows what an interrupted create left, and a repeated one makes one machine of it', async () => {
      const world = getWorld();
      const deaths = await withEverLongerLives(
        world,
        (driver, round) => create(machine(round), driver),
        async (round) => {
          await expectHonest(world, next(), machine(round));
          await create(machine(round), next());
          await expectRunning(world, next(), machine(round));
          await next().destroy(ref(machine(round)));
        },
      );
      expect(deaths).toBeGreaterThan(1);
    });

    it('destroys whatever an interrupted create left', async () => {
      const world = getWorld();
      const deaths = await withEverLongerLives(
        world,
        (driver, round) => create(machine(round), driver),
        async (round) => {
          await next().destroy(ref(machine(round)));
          await expectGone(world, next(), machine(round));
        },
      );
      expect(deaths).toBeGreaterThan(1);
    });

    it('shows what an interrupted destroy left, and a repeated one removes it', async () => {
      const world = getWorld();
      const deaths = await withEverLongerLives(
        world,
        async (driver, round) => {
          await create(machine(round), next());
          await driver.destroy(ref(machine(round)));
        },
        async (round) => {
          await expectHonest(world, next(), machine(round));
          await next().destroy(ref(machine(round)));
          await expectGone(world, next(), machine(round));
        },
      );
      expect(deaths).toBeGreaterThan(1);
    });

    it('makes one machine again of what an interrupted destroy left', async () => {
      const world = getWorld();
      const deaths = await withEverLongerLives(
        world,
        async (driver, round) => {
          await create(machine(round), next());
          await driver.destroy(ref(machine(round)));
        },
        async (round) => {
          await create(machine(round), next());
          await expectRunning(world, next(), machine(round));
          await next().destroy(ref(machine(round)));
        },
      );
      expect(deaths).toBeGreaterThan(1);
    });

    it('stops and starts what an interrupted stop or start left', async () => {
      const world = getWorld();
      await create('m1', next());
      const deaths = await withEverLongerLives(
        world,
        async (driver) => {
          await driver.stop(ref('m1'));
          await driver.start(ref('m1'));
        },
        async () => {
          await expectHonest(world, next(), 'm1');
          await next().stop(ref('m1'));
          expect(await next().find(ref('m1'))).toEqual({ machineId: 'm1', state: 'stopped' });
          await next().start(ref('m1'));
          await expectRunning(world, next(), 'm1');
        },
      );
      expect(deaths).toBeGreaterThan(0);
    });

    it('comes to one machine, and to none, after any number of deaths on the way', async () => {
      const world = getWorld();
      const honest = () => expectHonest(world, next(), 'm1');
      await withEverLongerLives(world, (driver) => create('m1', driver), honest);
      await expectRunning(world, next(), 'm1');
      await withEverLongerLives(
        world,
        async (driver) => {
          await driver.destroy(ref('m1'));
        },
        honest,
      );
      await expectGone(world, next(), 'm1');
    });
  });
};
