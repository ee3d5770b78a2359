/**
 * The contract of every provider (src/providers/contract.ts), and of the fake. A provider's test file makes a world and calls
 * `describeProvider`; docs/how-to/write-a-provider.md walks through one.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { passStyleOf } from '@endo/far';
import type { CreateRequest, MachineRef, ProviderDriver, ProviderOptions } from '../../src/providers/contract.ts';
import { codeOf, describeError } from '../../src/errors/gobs-error.ts';
import type { Life } from '../support/life.ts';
import { describeInterruptedProvider } from './provider-interrupted.ts';

/** Where machines are made: one cloud, one host, one directory. It must start empty. */
export interface ProviderWorld {
  /**
   * As a boss that was just started makes it. `life.effect()` must be called in front of everything that changes the world, `life.look()`
   * in front of everything else that the driver asks of it.
   */
  makeDriver(life?: Life): ProviderDriver;
  /** Options of this machine that `validate` accepts, and that need no confirmation. */
  optionsOf(machineId: string): ProviderOptions;
  /** Where hobs dial their boss. Default: the loopback interface. */
  readonly bossHost?: string;
  /** The hobs that run for a machine, found without the driver. A hob that was started again has another name. */
  hobs(machineId: string): Promise<readonly string[]>;
  /** Everything that there is of a machine, in words, found without the driver: hobs, directories, containers. */
  traces(machineId: string): Promise<readonly string[]>;
  /** As by `kill -9`; resolves when they are gone. */
  killHobs(machineId: string): Promise<void>;
  /** The locator that the machine's hob found, or is going to find. */
  received(machineId: string): Promise<string | undefined>;
  /** Ends and removes everything. */
  close(): Promise<void>;
}

export const requestFor = (world: ProviderWorld, machineId: string): CreateRequest =>
  harden({
    machineId,
    name: `name-of-${machineId}`,
    options: world.optionsOf(machineId),
    // Well-formed, and nobody is there.
    locator: `gobs://${'a'.repeat(52)}.tls/s/${machineId.padEnd(43, 'A')}?host=${world.bossHost ?? '127.0.0.1'}&port=1`,
  });

/** A machine as the boss names it. */
export const refFor = (world: ProviderWorld, machineId: string): MachineRef =>
  harden({ machineId, options: world.optionsOf(machineId) });

/** What the driver says of a machine must be what there is. */
export const expectHonest = async (world: ProviderWorld, driver: ProviderDriver, machineId: string): Promise<void> => {
  const [hobs, traces] = [await world.hobs(machineId), await world.traces(machineId)];
  const { state } = await driver.find(refFor(world, machineId));
  const listed = (await driver.list()).filter((instance) => instance.machineId === machineId);
  expect(hobs.length).toBeLessThanOrEqual(1);
  expect(listed.map((instance) => instance.machineId)).toEqual(traces.length === 0 ? [] : [machineId]);
  // A list need not look at each.
  for (const instance of listed) expect([state, 'unknown']).toContain(instance.state);
  expect((await driver.remains(refFor(world, machineId))).length === 0).toBe(traces.length === 0);
  expect(state === 'absent').toBe(traces.length === 0);
  if (state === 'running') expect(hobs).toHaveLength(1);
  if (state === 'stopped') expect(hobs).toEqual([]);
};

export const expectRunning = async (world: ProviderWorld, driver: ProviderDriver, machineId: string): Promise<void> => {
  expect(await driver.find(refFor(world, machineId))).toEqual({ machineId, state: 'running' });
  expect(await world.hobs(machineId)).toHaveLength(1);
  await expectHonest(world, driver, machineId);
};

export const expectGone = async (world: ProviderWorld, driver: ProviderDriver, machineId: string): Promise<void> => {
  expect(await driver.find(refFor(world, machineId))).toEqual({ machineId, state: 'absent' });
  expect(await world.traces(machineId)).toEqual([]);
  await expectHonest(world, driver, machineId);
};

const expectRejection = async (promise: Promise<unknown>, code: string): Promise<string> => {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(codeOf(error)).toBe(code);
  expect(passStyleOf(error)).toBe('error');
  return describeError(error).message;
};

/** `killBoss: false` leaves out what takes long: the boss killed at every step. Once for each driver it must be there. */
export const describeProvider = (
  name: string,
  makeWorld: () => Promise<ProviderWorld>,
  { killBoss = true } = {},
): void => {
  describe(`the provider ${name}`, () => {
    let world: ProviderWorld;
    let driver: ProviderDriver;
    const create = (machineId: string, by = driver) => by.create(requestFor(world, machineId));
    const ref = (machineId: string) => refFor(world, machineId);

    beforeEach(async () => {
      world = await makeWorld();
      driver = world.makeDriver();
    });
    afterEach(() => world.close());

    it('can be sent to a vat', () => {
      expect(passStyleOf(driver)).toBe('remotable');
    });

    it('has nothing at first, and says so of any machine', async () => {
      expect(await driver.list()).toEqual([]);
      await expectGone(world, driver, 'm1');
    });

    it('creates a machine with one running hob', async () => {
      await create('m1');
      await expectRunning(world, driver, 'm1');
      expect(passStyleOf(await driver.list())).toBe('copyArray');
    });

    it('gives the enrolment locator to the hob', async () => {
      await create('m1');
      expect(await world.received('m1')).toBe(requestFor(world, 'm1').locator);
    });

    it('makes nothing anew when create is repeated', async () => {
      await create('m1');
      const hobs = await world.hobs('m1');
      await create('m1');
      await create('m1', world.makeDriver());
      expect(await world.hobs('m1')).toEqual(hobs);
      await expectRunning(world, driver, 'm1');
    });

    it('makes one machine of creates that come at once', async () => {
      await Promise.all([create('m1'), create('m1'), create('m2'), create('m1')]);
      await expectRunning(world, driver, 'm1');
      await expectRunning(world, driver, 'm2');
      expect((await driver.list()).map(({ machineId }) => machineId)).toEqual(['m1', 'm2']);
    });

    it('does what comes at once for one machine in the order of the calls', async () => {
      await Promise.all([create('m1'), driver.destroy(ref('m1')), create('m1'), driver.stop(ref('m1'))]);
      expect(await driver.find(ref('m1'))).toEqual({ machineId: 'm1', state: 'stopped' });
      await Promise.all([driver.start(ref('m1')), driver.destroy(ref('m1'))]);
      await expectGone(world, driver, 'm1');
    });

    it('stops and starts as often as it is asked', async () => {
      await create('m1');
      for (const _ of [1, 2]) {
        await driver.stop(ref('m1'));
        await driver.stop(ref('m1'));
        expect(await driver.find(ref('m1'))).toEqual({ machineId: 'm1', state: 'stopped' });
        expect(await world.hobs('m1')).toEqual([]);
        await expectHonest(world, driver, 'm1');
        await driver.start(ref('m1'));
        const hobs = await world.hobs('m1');
        await driver.start(ref('m1'));
        expect(await world.hobs('m1')).toEqual(hobs);
        await expectRunning(world, driver, 'm1');
      }
    });

    it('starts a machine whose hob was killed', async () => {
      await create('m1');
      await world.killHobs('m1');
      expect(await driver.find(ref('m1'))).toEqual({ machineId: 'm1', state: 'stopped' });
      await driver.start(ref('m1'));
      await expectRunning(world, driver, 'm1');
    });

    it('starts a stopped machine that is created again', async () => {
      await create('m1');
      await driver.stop(ref('m1'));
      await create('m1');
      await expectRunning(world, driver, 'm1');
    });

    it('stops what is not there, and does not start it', async () => {
      await driver.stop(ref('m1'));
      await expectRejection(driver.start(ref('m1')), 'PROVIDER_FAILED');
      await expectGone(world, driver, 'm1');
    });

    it('destroys a machine that runs, one that is stopped, one that is gone and one that never was', async () => {
      await create('m1');
      await create('m2');
      await driver.stop(ref('m2'));
      for (const machineId of ['m1', 'm2', 'm1', 'm3']) {
        await driver.destroy(ref(machineId));
        await expectGone(world, driver, machineId);
      }
      expect(await driver.list()).toEqual([]);
    });

    it('creates a machine again after it was destroyed', async () => {
      await create('m1');
      await driver.destroy(ref('m1'));
      await create('m1');
      await expectRunning(world, driver, 'm1');
    });

    it('leaves other machines alone, also those whose id begins or ends alike', async () => {
      const others = ['m1', 'm10', 'm1-0', 'am1'];
      for (const machineId of ['m', ...others]) await create(machineId);
      const hobs = await Promise.all(others.map((machineId) => world.hobs(machineId)));
      await driver.stop(ref('m'));
      await driver.destroy(ref('m'));
      expect(await Promise.all(others.map((machineId) => world.hobs(machineId)))).toEqual(hobs);
      await driver.destroy(ref('m1'));
      await expectRunning(world, driver, 'm10');
      expect((await driver.list()).map(({ machineId }) => machineId)).toEqual(['am1', 'm1-0', 'm10']);
    });

    it('knows its machines after the boss was started again', async () => {
      await create('m1');
      const hobs = await world.hobs('m1');
      const next = world.makeDriver();
      await expectRunning(world, next, 'm1');
      await next.start(ref('m1'));
      expect(await world.hobs('m1')).toEqual(hobs);
      await next.stop(ref('m1'));
      expect(await world.makeDriver().find(ref('m1'))).toEqual({ machineId: 'm1', state: 'stopped' });
      await world.makeDriver().start(ref('m1'));
      await world.makeDriver().destroy(ref('m1'));
      await expectGone(world, world.makeDriver(), 'm1');
    });

    it('asks for no confirmation where nothing is to be confirmed, and changes nothing by being asked', async () => {
      expect(await driver.confirmations(world.optionsOf('m1'))).toEqual([]);
      expect(passStyleOf(await driver.confirmations(world.optionsOf('m1')))).toBe('copyArray');
      await expectGone(world, driver, 'm1');
    });

    it('says in words what a destroy leaves', async () => {
      await create('m1');
      for (const left of [await driver.destroy(ref('m1')), await driver.destroy(ref('m1'))]) {
        expect(passStyleOf(left)).toBe('copyArray');
        expect(left.every((words) => typeof words === 'string')).toBe(true);
      }
    });

    it('takes up what goes on after the boss was started again, and changes no machine by that', async () => {
      await driver.resume();
      await create('m1');
      const hobs = await world.hobs('m1');
      const next = world.makeDriver();
      await next.resume();
      expect(await world.hobs('m1')).toEqual(hobs);
      await expectRunning(world, next, 'm1');
    });

    it('refuses an option that it does not have, by name, and makes nothing', async () => {
      await driver.validate(world.optionsOf('m1'));
      const options = harden({ ...world.optionsOf('m1'), colour: 'green' });
      expect(await expectRejection(driver.validate(options), 'BAD_SPEC')).toContain('colour');
      expect(await expectRejection(driver.confirmations(options), 'BAD_SPEC')).toContain('colour');
      const request = harden({ ...requestFor(world, 'm1'), options });
      expect(await expectRejection(driver.create(request), 'BAD_SPEC')).toContain('colour');
      await expectGone(world, driver, 'm1');
    });

    it('refuses machine ids that are no names, everywhere', async () => {
      await create('m1');
      for (const machineId of ['', '.', '..', '../m1', 'm1/root', 'm1.making', 'M1', 'm 1', 'm1\n']) {
        await expectRejection(create(machineId), 'BAD_SPEC');
        for (const method of ['find', 'start', 'stop', 'destroy', 'remains'] as const) {
          await expectRejection(driver[method](ref(machineId)), 'BAD_SPEC');
        }
      }
      await expectRunning(world, driver, 'm1');
    });

    if (killBoss) describeInterruptedProvider(() => world);
  });
};
