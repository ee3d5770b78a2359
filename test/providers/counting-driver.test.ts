import { describe, expect, it } from 'vitest';
import { describeProvider } from '../contracts/provider.ts';
import { countingDriver } from '../support/counting-driver.ts';
import { makeFakeCloud } from '../support/fake-provider.ts';
import { machineRef } from '../support/machine-ref.ts';

describeProvider('fake behind a counting driver', async () => {
  const cloud = makeFakeCloud();
  return {
    makeDriver: (life) => countingDriver(cloud.makeDriver(life)).driver,
    optionsOf: () => harden({}),
    hobs: async (machineId) =>
      cloud.hosts.get(machineId)?.hob === undefined ? [] : [`${cloud.hosts.get(machineId)?.hob}`],
    traces: async (machineId) => (cloud.hosts.has(machineId) ? ['host'] : []),
    killHobs: async (machineId) => cloud.killHob(machineId),
    received: async (machineId) => cloud.hosts.get(machineId)?.locator,
    close: async () => {},
  };
});

describe('a counting driver', () => {
  const request = harden({ machineId: 'm1', name: 'web1', options: {}, locator: 'gobs://x.tls/s/secret' });

  it('tells of each call before and after, with its machine', async () => {
    const { driver, steps } = countingDriver(makeFakeCloud().makeDriver());
    await driver.create(request);
    await driver.list();
    await expect(driver.start(machineRef('m2'))).rejects.toThrow('PROVIDER_FAILED');
    expect(steps).toEqual([
      { number: 1, method: 'create', moment: 'before', machineId: 'm1' },
      { number: 2, method: 'create', moment: 'after', machineId: 'm1' },
      { number: 3, method: 'list', moment: 'before', machineId: undefined },
      { number: 4, method: 'list', moment: 'after', machineId: undefined },
      { number: 5, method: 'start', moment: 'before', machineId: 'm2' },
      { number: 6, method: 'start', moment: 'after', machineId: 'm2' },
    ]);
  });

  it('lets its hook end things before a call is made, and after it was', async () => {
    for (const [fatal, made] of [
      [1, false],
      [2, true],
    ] as const) {
      const cloud = makeFakeCloud();
      const { driver } = countingDriver(cloud.makeDriver(), ({ number }) => {
        if (number === fatal) throw Error('killed');
      });
      await expect(driver.create(request)).rejects.toThrow('killed');
      expect(cloud.hosts.has('m1')).toBe(made);
    }
  });
});
