import { describe, expect, test } from 'vitest';
import { makePatientDriver, REMAINS_DEADLINE } from '../../src/boss/patient-driver.ts';
import { codeOf, makeError } from '../../src/errors/gobs-error.ts';
import { makeFakeCloud } from '../support/fake-provider.ts';
import { Far } from '@endo/far';
import type { ProviderDriver } from '../../src/providers/contract.ts';
import { machineRef } from '../support/machine-ref.ts';

const makeTimers = () => {
  const timers: { callback: () => void; milliseconds: number }[] = [];
  const setTimer = (callback: () => void, milliseconds: number) => {
    const timer = { callback, milliseconds };
    timers.push(timer);
    return () => void timers.splice(timers.indexOf(timer), 1);
  };
  return { timers, setTimer };
};

const untold = (reason: unknown): never => {
  throw reason;
};

describe('a driver that is waited for', () => {
  test('has a deadline to say what remains', async () => {
    const { timers, setTimer } = makeTimers();
    const silent = Far('Silent', { remains: () => new Promise<never>(() => {}) }) as unknown as ProviderDriver;
    const answer = makePatientDriver(silent, setTimer, untold).remains(machineRef('m1'));
    expect(timers.map(({ milliseconds }) => milliseconds)).toEqual([REMAINS_DEADLINE]);
    timers[0]!.callback();
    expect(await answer.then(() => 'done', codeOf)).toBe('PROVIDER_FAILED');
  });

  test('leaves no timer when it answers, and does all else as it is', async () => {
    const { timers, setTimer } = makeTimers();
    const cloud = makeFakeCloud({ hobStarted: () => {}, hobEnded: () => {} });
    const driver = makePatientDriver(cloud.makeDriver(), setTimer, untold);
    await driver.create(harden({ machineId: 'm1', name: 'web1', options: {}, locator: 'gobs://x.tls/s/y' }));
    expect(await driver.list()).toMatchObject([{ machineId: 'm1' }]);
    expect(await driver.remains(machineRef('m1'))).toHaveLength(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(timers).toEqual([]);
  });

  test('tells what it could not take up, for nobody waits for that', async () => {
    const cloud = makeFakeCloud();
    const told: string[] = [];
    const driver = makePatientDriver(cloud.makeDriver(), makeTimers().setTimer, (reason) => told.push(codeOf(reason)));
    cloud.failNext('resume', makeError('PROVIDER_FAILED', 'the cloud is down'));
    expect(await driver.resume().then(() => 'done', codeOf)).toBe('PROVIDER_FAILED');
    await driver.resume();
    expect(told).toEqual(['PROVIDER_FAILED']);
  });
});
