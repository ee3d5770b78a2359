import { Far } from '@endo/far';
import { describe, expect, test } from 'vitest';
import { makeSessionHooks } from '../../src/boss/session-hooks.ts';
import type { SessionInfo } from '../../src/captp/peer-hooks.ts';
import { until } from '../support/until.ts';

const hob = 'the hob';
const session = (peerId: string): SessionInfo =>
  ({ peerId, remoteAddress: '192.0.2.1:5', durable: true }) as unknown as SessionInfo;

const makeScene = () => {
  const lines: (readonly [message: string, fields: { readonly left?: number }])[] = [];
  const write = (fields: object, message: string) => void lines.push([message, fields]);
  const clock = { time: 1 };
  const seen = { arrived: 0, left: 0 };
  const process = Far('BossProcess', {
    arrived: ({ peerId }: { peerId: string }) => {
      seen.arrived += 1;
      return peerId === hob;
    },
    left: (peerId: string) => {
      seen.left += 1;
      return peerId === hob;
    },
    copied: () => undefined,
    older: (peerId: string) => peerId === hob,
  });
  const hooks = makeSessionHooks({
    now: () => clock.time,
    log: { info: write, warn: write },
    closeSession: () => {},
    process: () => process as never,
    proven: new Set(),
  });
  return { hooks, lines, clock, seen };
};

const settled = (condition: () => boolean): Promise<void> => until(condition);

describe('the log of who comes and goes', () => {
  test('has one line of each kind for any number of strangers, and tells a hob apart', async () => {
    const { hooks, lines, clock, seen } = makeScene();
    for (let n = 0; n < 500; n += 1) {
      hooks.onUp(session(`stranger ${n}`));
      hooks.onDown(session(`stranger ${n}`), Error('gone'));
      hooks.onGuess({ peerId: `stranger ${n}`, remoteAddress: 'x' } as never);
      hooks.onMismatch('x', Error(`version ${n}`));
      hooks.onOlderEpoch({ peerId: `stranger ${n}`, remoteAddress: 'x', seen: 2, shown: 1 });
      hooks.onRefused({ peerId: `stranger ${n}`, first: 'a', second: 'b' } as never);
    }
    hooks.onUp(session(hob));
    hooks.onDown(session(hob), Error('gone'));
    await settled(() => seen.arrived === 501 && seen.left === 501 && lines.length >= 8);
    expect(lines).toHaveLength(8);
    expect(lines.filter(([, fields]) => 'peer' in fields && fields.peer === hob)).toHaveLength(2);

    clock.time += 60_000;
    hooks.onGuess({ peerId: 'one more', remoteAddress: 'x' } as never);
    expect(lines.at(-1)![1]).toMatchObject({ left: 499 });
  });
});
