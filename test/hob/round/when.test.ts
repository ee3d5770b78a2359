import { describe, expect, it } from 'vitest';
import { reconcile } from '../../../src/hob/reconcile.ts';
import type { Host } from '../../../src/hob/resources/contract.ts';
import { conditionHolds } from '../../../src/protocol/resources/condition.ts';
import { findResourceProblems } from '../../../src/protocol/resources/resource-problems.ts';
import type { Facts, Findings, Resource } from '../../../src/protocol/shapes.ts';
import { hostForEach } from '../each-host.ts';
import { openOwed, type TemporaryRoot } from '../temporary-root.ts';
import { makeBellTower, type BellTower } from './bells.ts';

let place: TemporaryRoot;
let host: Host;
hostForEach((...made) => ([place, host] = made));

const facts: Facts = {
  ...{ os: 'Debian GNU/Linux 12 (bookworm)', system: 'debian', release: '12', codename: 'bookworm', kernel: '6.1' },
  ...{ architecture: 'x64', hostname: 'web1', cpu: { model: 'x', count: 2 }, memory: { total: 2, free: 1 } },
  ...{ disk: { total: 2, free: 1 }, addresses: [], bootTime: 1, hob: '0.0.0' },
};

const round = async (
  resources: readonly Resource[],
  { types }: BellTower,
  gather: () => Promise<Facts> = async () => facts,
  mode: 'check' | 'converge' = 'converge',
): Promise<Findings> =>
  reconcile({
    desired: { generation: 1, policy: 'correct', resources },
    ...{ mode, reason: 'interval', types, now: () => 5 },
    host: { ...host, facts: gather },
    owed: await openOwed(place.root),
  } as const);
const page = (id: string, when: string, more: object = {}): Resource => ({
  id,
  type: 'page',
  text: 'x',
  when,
  ...more,
});

describe('a condition', () => {
  it('compares what a host is, and what it does not know of itself is not there', () => {
    expect(conditionHolds('system=debian,release in (11|12),architecture!=arm64', facts)).toBe(true);
    expect(conditionHolds('system=alpine', facts)).toBe(false);
    expect(conditionHolds('codename', { ...facts, codename: 'unknown' })).toBe(false);
    expect(conditionHolds('!codename', { ...facts, codename: 'unknown' })).toBe(true);
  });

  it('names nothing that no host says of itself', () => {
    const [problem] = findResourceProblems([{ id: 'a', type: 'noop', when: 'sytem=debian' }]);
    expect(`${problem!.path}: ${problem!.message}`).toBe(
      'resources[0].when: there is no "sytem" to look at; there are architecture, codename, hob, hostname, kernel, release, system',
    );
  });
});

describe('a resource whose condition does not hold', () => {
  it('is skipped: neither looked at nor touched, and whoever comes after it does not wait', async () => {
    for (const mode of ['check', 'converge'] as const) {
      const tower = makeBellTower();
      const resources = [page('a', 'system=alpine'), page('b', 'system=debian', { after: ['a'] })];
      expect((await round(resources, tower, undefined, mode)).resources).toMatchObject([
        { id: 'a', type: 'page', state: 'skipped', why: 'when: system=alpine does not hold here' },
        { id: 'b', state: mode === 'check' ? 'drifted' : 'corrected' },
      ]);
      expect(tower.steps.filter((step) => step.endsWith(' a'))).toEqual([]);
    }
  });

  it('tells nobody, and is owed nothing any more', async () => {
    const tower = makeBellTower();
    tower.failing.set('ring bell', Error('it hangs'));
    const bell = { id: 'bell', type: 'bell' };
    const told = page('a', 'system=debian', { notify: ['bell'] });
    await round([told, bell], tower);
    tower.failing.clear();
    await round([told, { ...bell, when: '!system' }], tower);
    expect((await round([told, bell], tower)).resources).toMatchObject([{ state: 'ok' }, { state: 'ok' }]);
  });

  it('is judged by what the host is now, which is asked once in a round, and only where there is a condition', async () => {
    let asked = 0;
    const gather = async () => {
      asked += 1;
      return { ...facts, release: `${asked}` };
    };
    const tower = makeBellTower();
    await round([page('a', 'release'), page('b', 'release')], tower, gather);
    expect(asked).toBe(1);
    expect((await round([page('a', 'release=2')], tower, gather)).resources).toMatchObject([{ state: 'ok' }]);
    await round([{ id: 'a', type: 'page', text: 'x' }], tower, gather);
    expect(asked).toBe(2);
  });

  it('is unknown where the host cannot say what it is', async () => {
    const gather = () => Promise.reject(Error('no'));
    const tower = makeBellTower();
    expect((await round([page('a', 'system'), page('b', '', { when: undefined })], tower, gather)).resources).toEqual([
      { id: 'a', type: 'page', state: 'unknown', why: 'CANNOT_LOOK: when: system cannot be looked at: no' },
      expect.objectContaining({ id: 'b', state: 'failed' }),
    ]);
  });
});
