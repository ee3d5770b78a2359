/** The daemon, with an actor, a boss and a clock of the test. */
import { Far } from '@endo/pass-style';
import { beforeEach, describe, expect, test } from 'vitest';
import { makeError } from '../../src/errors/gobs-error.ts';
import { startDaemon, type Daemon } from '../../src/hob/daemon.ts';
import type { HobFacets } from '../../src/hob/hob-kind.ts';
import type { BossAddress } from '../../src/hob/hob-portrait.ts';
import { makeFakeClock, type FakeClock } from '../support/fake-clock.ts';

const where: BossAddress = harden({ peerId: 'a'.repeat(52), scheme: 'tls', address: { host: 'h', port: '1' } });
const INTERVAL = 300_000;
const DEADLINE = 3_600_000;

let clock: FakeClock;
/** Calls of the actor, with the time since the start, in seconds. */
let calls: string[];
let lines: string[];
let session: { up(): void; down(): void };
let enrolled: BossAddress | null;
let tick: () => Promise<void>;
let attach: () => Promise<void>;
let logs: () => void;
let remove: () => Promise<void>;
let report: () => Promise<boolean>;
let takeOver: { done(): Promise<void> } | undefined;

beforeEach(() => {
  clock = makeFakeClock(0);
  calls = [];
  lines = [];
  enrolled = where;
  tick = async () => {};
  attach = async () => {};
  remove = async () => {};
  report = async () => true;
  takeOver = undefined;
  logs = () => {};
});

const called = <T>(what: string, result: T): T => {
  calls.push(`${what} ${clock.now() / 1000}`);
  return result;
};
const say = (_fields: object, message: string): void => {
  lines.push(message);
  logs();
};
const fails = async (): Promise<never> => {
  throw makeError('HOB_UNREACHABLE', 'no');
};
const never = (): Promise<void> => new Promise(() => {});

const start = async (): Promise<Daemon> => {
  const daemon = startDaemon({
    control: Far('HobControl', {
      boss: () => enrolled,
      enrolled: () => void (enrolled = where),
      attach: () => called('attach', attach()),
      tick: () => called('tick', tick()),
      apply: () => called('apply', undefined),
      report: () => called('report', report()),
    } as never) as unknown as HobFacets['control'],
    link: {
      enrol: async () => called('enrol', { side: Far('Side', {} as never), where }),
      keepConnected: (_where, up, down) => {
        session = { up, down };
        return { stop: () => {} };
      },
    },
    enrolment: { read: async () => 'a locator', remove: () => called('remove', remove()) },
    takeOver,
    interval: INTERVAL,
    deadline: DEADLINE,
    setTimer: clock.setTimer,
    random: () => 0.5,
    log: { debug: say, info: say, warn: say },
  });
  await clock.advance(0);
  return daemon;
};

describe('ticks', () => {
  test('come round, one at a time, and no more once it was stopped', async () => {
    const daemon = await start();
    await clock.advance(2 * INTERVAL);
    expect(calls).toEqual(['remove 0', 'apply 0', 'tick 300', 'tick 600']);
    daemon.stop();
    await clock.advance(DEADLINE);
    expect(calls).toHaveLength(4);
    expect(clock.timers).toBe(0);
  });

  test('go on when one fails, and when what they are logged to does', async () => {
    tick = fails;
    logs = () => {
      throw Error('no space left');
    };
    await start();
    await clock.advance(3 * INTERVAL);
    expect(calls.slice(2)).toEqual(['tick 300', 'tick 600', 'tick 900']);
    expect(lines).toEqual(Array.from({ length: 3 }, () => 'the interval came round'));
  });

  test('go on when one never ends, after its deadline and not before; if it ends then, nothing is doubled', async () => {
    const lost = Promise.withResolvers<void>();
    tick = () => lost.promise;
    await start();
    await clock.advance(INTERVAL + DEADLINE - 1);
    expect(calls.slice(2)).toEqual(['tick 300']);
    tick = async () => {};
    await clock.advance(1);
    lost.resolve();
    await clock.advance(2 * INTERVAL);
    expect(calls.slice(3)).toEqual(['tick 4200', 'tick 4500']);
    expect(lines).toEqual(['the interval came round: not done in time; going on without it']);
  });
});

describe('telling the boss that the hob is here', () => {
  test('is tried again, with growing pauses, until it is done', async () => {
    attach = fails;
    await start();
    session.up();
    await clock.advance(7_500);
    attach = async () => {};
    await clock.advance(60_000);
    expect(calls.slice(2)).toEqual(['attach 0', 'attach 1', 'attach 3', 'attach 7', 'attach 15']);
    expect(lines.at(-1)).toBe('the boss knows that this hob is here');
  });

  test('ends with the session, and begins anew with the next', async () => {
    attach = fails;
    const daemon = await start();
    session.up();
    await clock.advance(2_000);
    session.down();
    await clock.advance(60_000);
    expect(calls.slice(2)).toEqual(['attach 0', 'attach 1']);
    session.up();
    await clock.advance(1_000);
    expect(calls.slice(4)).toEqual(['attach 62', 'attach 63']);
    daemon.stop();
    await clock.advance(60_000);
    expect(calls).toHaveLength(6);
  });

  test('is tried again if there is no answer', async () => {
    attach = never;
    await start();
    session.up();
    await clock.advance(61_000);
    expect(calls.slice(2)).toEqual(['attach 0', 'attach 61']);
  });
});

test.each([null, where])(
  'an enrolment file that cannot be removed is no reason not to work (boss: %j)',
  async (boss) => {
    enrolled = boss;
    remove = fails;
    await start();
    await clock.advance(INTERVAL);
    expect(calls).toEqual([...(boss === null ? ['enrol 0'] : []), 'remove 0', 'apply 0', 'tick 300']);
    expect(lines.at(-1)).toBe('removing the enrolment file, which is of no use any more');
  },
);

describe('taking over', () => {
  const done = async () => called('taken over', undefined);

  test('is done once the boss has a report, and tried as long as it has none', async () => {
    takeOver = { done };
    report = async () => false;
    await start();
    session.up();
    await clock.advance(3_500);
    report = async () => true;
    await clock.advance(60_000);
    session.down();
    session.up();
    await clock.advance(60_000);
    const proofs = calls.filter((call) => /^(attach|report|taken)/.test(call));
    expect(proofs).toEqual(['attach 0', 'report 0', 'report 1', 'report 3', 'report 7', 'taken over 7', 'attach 63.5']);
  });

  test('waits for the boss, and for that the boss knows who is here', async () => {
    takeOver = { done };
    attach = fails;
    await start();
    session.up();
    await clock.advance(1_500);
    session.down();
    await clock.advance(60_000);
    expect(calls.filter((call) => /^(report|taken)/.test(call))).toEqual([]);
  });

  test('is nothing that a hob does that has nobody to take over from', async () => {
    await start();
    session.up();
    await clock.advance(60_000);
    expect(calls.filter((call) => /^(report|taken)/.test(call))).toEqual([]);
  });
});
