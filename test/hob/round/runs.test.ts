import { describe, expect, it } from 'vitest';
import { runsOf } from '../../../src/hob/round/runs.ts';
import { orderOf, predecessorsOf } from '../../../src/protocol/resources/order.ts';
import { reconcile } from '../../../src/hob/reconcile.ts';
import type { Host } from '../../../src/hob/resources/contract.ts';
import type { Findings, Resource } from '../../../src/protocol/shapes.ts';
import { hostForEach } from '../each-host.ts';
import { openOwed, type TemporaryRoot } from '../temporary-root.ts';
import { makeBellTower } from './bells.ts';

let place: TemporaryRoot;
let host: Host;
hostForEach((...made) => ([place, host] = made));

const resource = (id: string, type: string, after: readonly string[] = []): Resource => ({
  id,
  type,
  after,
  text: 'x',
});
const runs = (...resources: readonly Resource[]): string => {
  const predecessors = predecessorsOf(resources);
  return runsOf(orderOf(predecessors).order, predecessors, resources, makeBellTower().types)
    .map((run) => run.map((index) => resources[index]!.id).join(''))
    .join(' ');
};

describe('a run', () => {
  it('is a stretch of one type that is made for it; every other resource is one of its own', () => {
    expect(runs(resource('a', 'many'), resource('b', 'many'), resource('c', 'page'), resource('d', 'page'))).toBe(
      'ab c d',
    );
    expect(runs(resource('a', 'parallel'), resource('b', 'many'), resource('c', 'many'))).toBe('a bc');
    expect(runs(resource('a', 'many'), resource('b', 'page'), resource('c', 'many'))).toBe('a b c');
    expect(runs(resource('a', 'nothing'), resource('b', 'nothing'), resource('c', 'toString'))).toBe('a b c');
  });

  it('has none that comes after another', () => {
    expect(runs(resource('a', 'many'), resource('b', 'many', ['a']), resource('c', 'many'))).toBe('a bc');
    expect(runs(resource('b', 'many', ['c']), resource('a', 'many'), resource('c', 'many'))).toBe('c ba');
  });
});

describe('a round', () => {
  const round = async (resources: readonly Resource[], tower: ReturnType<typeof makeBellTower>): Promise<Findings> =>
    reconcile({
      desired: { generation: 1, policy: 'correct', resources },
      ...{ mode: 'converge', reason: 'interval', types: tower.types, host, now: () => 5 },
      owed: await openOwed(place.root),
    } as const);

  it('works on at most eight of a parallel run at once, and on no other resource meanwhile', async () => {
    let [now, most] = [0, 0];
    const full = Promise.withResolvers<void>();
    const tower = makeBellTower(async (step) => {
      if (step.startsWith('change p')) {
        now += 1;
        most = Math.max(most, now);
        if (now === 8) full.resolve();
        await full.promise;
        now -= 1;
      } else if (!step.startsWith('look p')) expect(now).toBe(0);
    });
    const ids = Array.from({ length: 20 }, (_, index) => `p${index}`);
    const resources = [resource('a', 'page'), ...ids.map((id) => resource(id, 'parallel')), resource('z', 'page')];
    const { resources: reports } = await round(resources, tower);
    expect(most).toBe(8);
    expect(reports.map(({ id, state }) => `${id} ${state}`)).toEqual(resources.map(({ id }) => `${id} corrected`));
  });

  it('has an outcome for each of a run: what one does costs no other', async () => {
    const tower = makeBellTower();
    tower.failing.set('change b', new TypeError('x is not a function'));
    const { resources } = await round([resource('a', 'many'), resource('b', 'many'), resource('c', 'many')], tower);
    expect(resources.map(({ state, why }) => [state, why])).toEqual([
      ['corrected', undefined],
      ['failed', 'UNEXPECTED: x is not a function'],
      ['corrected', undefined],
    ]);
  });

  it('has one too if the type answers with something else, or throws', async () => {
    const tower = makeBellTower();
    const { many } = tower.types;
    for (const convergeTogether of [async () => [], () => Promise.reject(Error('no'))]) {
      const types = { many: { ...many!, convergeTogether } };
      const { resources } = await round([resource('a', 'many'), resource('b', 'many')], { ...tower, types });
      expect(resources).toMatchObject([{ state: 'failed' }, { state: 'failed' }]);
    }
  });
});
