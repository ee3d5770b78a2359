import { duplexPair } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { costOf, makeEffort } from '../../src/captp/effort.ts';
import { encodeFrames } from '../../src/captp/framing.ts';
import { makeInbox } from '../../src/captp/inbox.ts';
import { defaultLimits } from '../../src/captp/limits.ts';
import { makeFakeClock } from '../support/fake-clock.ts';
import { until } from '../support/until.ts';

const manyValues = JSON.stringify(Array.from({ length: 30_000 }, () => 1));

describe('effort', () => {
  test('costs no rest when it is little', () => {
    const effort = makeEffort();
    for (let times = 0; times < 1_000; times += 1) expect(effort.rest(2_000)).toBe(0);
  });
  test('costs the more rest, the more others rest, and no more when they have rested', () => {
    const effort = makeEffort();
    const alone = effort.rest(30_000);
    expect(alone).toBeGreaterThan(100);
    expect(effort.rest(30_000)).toBe(2 * alone);
    effort.rested();
    effort.rested();
    expect(effort.rest(30_000)).toBe(alone);
  });
  test('is known from the text: values cost, and long texts a little', () => {
    expect(costOf('[1,2,3]')).toBeLessThan(2);
    expect(costOf(manyValues)).toBeGreaterThan(29_999);
    expect(costOf(JSON.stringify('x'.repeat(1_000_000)))).toBeLessThan(10_000);
  });
});

describe('an inbox', () => {
  const make = () => {
    const [there, here] = duplexPair({ highWaterMark: 1 << 24 });
    const clock = makeFakeClock();
    const taken: number[] = [];
    const inbox = makeInbox({
      stream: here,
      limits: defaultLimits,
      effort: makeEffort(),
      powers: { now: clock.now, setTimer: clock.setTimer, soon: (callback) => void setImmediate(callback) },
      onText: (text) => void taken.push(text.length),
      onError: (error) => {
        throw error;
      },
    });
    inbox.allow(1 << 24);
    return { there, clock, taken, inbox };
  };

  test('rests after much work before it takes more', async () => {
    const { there, clock, taken } = make();
    // More than a turn's bytes in the first three, so that the rest is left for later.
    there.write(encodeFrames(Array.from({ length: 8 }, () => manyValues)));
    await until(() => clock.timers === 1);
    const first = taken.length;
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(8);
    await clock.advance(10_000);
    expect(taken.length).toBeGreaterThan(first);
  });

  test('leaves no timer when its session ends while it rests', async () => {
    const { there, clock, inbox } = make();
    there.write(encodeFrames([manyValues]));
    await until(() => clock.timers === 1);
    inbox.stop();
    expect(clock.timers).toBe(0);
  });
});
