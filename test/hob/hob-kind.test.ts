import { Far } from '@endo/pass-style';
import { beforeEach, describe, expect, test } from 'vitest';
import { hobKind, newHobPortrait, type HobFacets, type HostDriver } from '../../src/hob/hob-kind.ts';
import type { DesiredState, Facts, Report, ResourceState } from '../../src/protocol/shapes.ts';
import { makeMemoryStore, type MemoryStore } from '../../src/persistence/memory-store.ts';
import { cellKind } from '../../src/vats/actor-lib/cell.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { until } from '../support/until.ts';
import { openTestKernel, type TestKernel } from '../support/test-kernel.ts';

const facts: Facts = harden({
  os: 'Debian',
  kernel: '6.1',
  architecture: 'x64',
  hostname: 'web1',
  cpu: { model: 'some', count: 2 },
  memory: { total: 2, free: 1 },
  disk: { total: 2, free: 1 },
  addresses: [],
  bootTime: 1,
  hob: '0',
});
const resource = (id: string) => ({ id, type: 'noop' });
const desiredState = (generation: number, policy: 'report' | 'correct' = 'report', ids = ['a']): DesiredState =>
  harden({ generation, policy, resources: ids.map(resource) });

type Job = Parameters<HostDriver['reconcile']>[0];
interface World {
  readonly jobs: Job[];
  readonly told: Report[];
  readonly driver: HostDriver;
  side: object;
  wanted: DesiredState;
  state: ResourceState;
  bossIsAway: boolean;
}

/** The host and the boss of a hob: the boss's side stands for a durable reference, so it is an actor of another vat. */
const makeWorld = (): World => {
  const world: World = {
    jobs: [],
    told: [],
    wanted: desiredState(1),
    state: 'ok',
    bossIsAway: false,
    side: {},
    driver: Far('HostDriver', {
      reconcile: (job: Job) => {
        world.jobs.push(job);
        const { generation, resources } = job.desired;
        const reports = resources.map(({ id, type }) => ({ id, type, state: world.state }));
        return harden({ generation, reason: job.reason, at: world.jobs.length, resources: reports });
      },
      facts: () => facts,
    }) as unknown as HostDriver,
  };
  return world;
};

let store: MemoryStore;
let kernel: TestKernel;
let world: World;
let control: HobFacets['control'];
let hob: HobFacets['hob'];
const peer = 'a'.repeat(52);
const where = harden({ peerId: peer, scheme: 'tls', address: { host: 'h', port: '1' } });

const open = async (): Promise<void> => {
  kernel = openTestKernel(store);
  kernel.setRouter('peer', {
    deliver: async (_name, method, args) => {
      if (world.bossIsAway) throw Error('PEER_UNREACHABLE: the boss is away');
      if (method === 'report') world.told.push(args[0] as Report);
      return method === 'report' ? undefined : world.wanted;
    },
  });
  const vat = kernel.openVat('hob');
  vat.register(hobKind, { driver: world.driver });
  vat.register(cellKind, {});
  control = (await vat.makeOnce(
    'hob',
    ({ spawn, makeMap }) => spawn(hobKind, newHobPortrait(makeMap)).control,
  )) as HobFacets['control'];
  hob = kernel.refOf(kernel.nameOf(control)!.replace('/control', '/hob')) as HobFacets['hob'];
};
const restart = async (): Promise<void> => {
  await kernel.stop();
  await open();
};
const enrol = async (): Promise<void> => {
  await E(control).enrolled(kernel.refOf(`peer:${peer}/1`) as never, where);
  await E(control).attach();
  await reported(1);
};
/** Waits until the boss was told so many times in all, and knows that it was heard. */
const reported = async (times: number): Promise<void> => {
  await until(() => world.told.length >= times);
  await kernel.idle();
};

beforeEach(async () => {
  store = makeMemoryStore();
  world = makeWorld();
  await open();
});

describe('a hob', () => {
  test('knows its boss after a restart', async () => {
    expect(await E(control).boss()).toBe(null);
    await expect(E(control).attach()).rejects.toThrow(/^NOT_ENROLLED/);
    await enrol();
    await restart();
    expect(await E(control).boss()).toEqual(where);
  });

  test('applies what attaching brings, once, and reports it', async () => {
    await enrol();
    expect(world.jobs.map(({ apply, reason }) => [apply, reason])).toEqual([[true, 'applied']]);
    await E(control).apply();
    await E(control).attach();
    await kernel.idle();
    expect(world.jobs).toHaveLength(1);
    expect(world.told).toHaveLength(1);
  });

  test('killed between holding and applying, applies when it is back', async () => {
    await enrol();
    world.jobs.length = 0;
    const held = await E(hob).push(desiredState(2));
    expect(held).toBe(2);
    await kernel.idle();
    const crashed = makeMemoryStore(await store.page({ gt: '', lt: '\u{10ffff}', limit: 10_000 }));
    store = crashed;
    await restart();
    await E(control).apply();
    expect(world.jobs.at(-1)?.desired.generation).toBe(2);
  });

  test('ignores an older generation', async () => {
    await enrol();
    expect(await E(hob).push(desiredState(3))).toBe(3);
    expect(await E(hob).push(desiredState(2))).toBe(3);
    await reported(2);
    expect(world.jobs.at(-1)?.desired.generation).toBe(3);
  });

  test('only looks on its interval with policy report, and mends with policy correct', async () => {
    await enrol();
    await E(control).tick();
    await E(hob).push(desiredState(2, 'correct'));
    await reported(3);
    await E(control).tick();
    expect(world.jobs.map(({ apply, reason }) => [apply, reason])).toEqual([
      [true, 'applied'],
      [false, 'interval'],
      [true, 'applied'],
      [true, 'interval'],
    ]);
  });

  test('pulls on its interval what no push brought', async () => {
    await enrol();
    world.wanted = desiredState(7);
    await E(control).tick();
    await until(() => world.jobs.at(-1)?.desired.generation === 7);
  });

  test('tells of what it corrected while the boss was away, also after a restart', async () => {
    world.wanted = desiredState(1, 'correct');
    await enrol();
    world.told.length = 0;
    world.bossIsAway = true;
    world.state = 'corrected';
    await E(control).tick();
    world.state = 'ok';
    await E(control).tick();
    await restart();
    expect(world.told).toEqual([]);
    world.bossIsAway = false;
    await E(control).attach();
    await reported(1);
    expect(world.told.map(({ resources }) => resources[0]?.state)).toEqual(['corrected']);
    await E(control).attach();
    expect(world.told).toHaveLength(1);
  });

  test('keeps bindings to durable references, and no others', async () => {
    const far = kernel.refOf(`peer:${peer}/9`);
    await E(hob).bind('db', far);
    await expect(E(hob).bind('x', Far('Heap', {}))).rejects.toThrow(/^NOT_DURABLE/);
    await expect(E(hob).bind('No Name', far)).rejects.toThrow(/^BAD_NAME/);
    await restart();
    expect(kernel.nameOf(await E(hob).lookup('db'))).toBe(`peer:${peer}/9`);
    expect(await E(hob).bindings()).toEqual(['db']);
    await E(hob).unbind('db');
    await expect(E(hob).lookup('db')).rejects.toThrow(/^NO_SUCH_BINDING/);
  });
});
