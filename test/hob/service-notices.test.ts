/** What systemd is told, with a clock and a socket of the test. */
import { beforeEach, describe, expect, test } from 'vitest';
import { makeServiceNotices } from '../../src/hob/service-notices.ts';
import { makeFakeClock, type FakeClock } from '../support/fake-clock.ts';

let clock: FakeClock;
let told: string[];
let warned: string[];
beforeEach(() => {
  clock = makeFakeClock(0);
  told = [];
  warned = [];
});

const notices = (environment: Readonly<Record<string, string>>, notify = async () => {}) =>
  makeServiceNotices({
    environment,
    notify: async (assignment) => {
      told.push(`${assignment} ${clock.now() / 1_000}`);
      await notify();
    },
    setTimer: clock.setTimer,
    log: { debug: () => {}, info: () => {}, warn: (_fields, message) => void warned.push(message) },
  });

describe('notices', () => {
  test('are for nobody where systemd did not start the hob', async () => {
    const { works, ends } = notices({ WATCHDOG_USEC: '1000000' });
    await works();
    await clock.advance(10_000);
    await ends();
    expect(told).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  test('say that it works, then twice in each watch that it still does, and at last that it ends', async () => {
    const { works, ends } = notices({ NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '600000000' });
    await works();
    await clock.advance(600_000);
    await ends();
    await clock.advance(600_000);
    expect(told).toEqual(['READY=1 0', 'WATCHDOG=1 300', 'WATCHDOG=1 600', 'STOPPING=1 600']);
    expect(clock.timers).toBe(0);
  });

  test('that cannot be sent are logged, and the next are sent', async () => {
    const fails = async () => {
      throw Error('spawn systemd-notify ENOENT');
    };
    const { works } = notices({ NOTIFY_SOCKET: '@there', WATCHDOG_USEC: '2000000' }, fails);
    await works();
    await clock.advance(2_000);
    expect(told).toHaveLength(3);
    expect(warned).toEqual(Array.from({ length: 3 }, () => 'systemd cannot be told'));
  });
});
