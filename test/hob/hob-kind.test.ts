import { Far } from '@endo/pass-style';
import { beforeEach, describe, expect, test } from 'vitest';
import { hobKind, type HobFacets, type HostDriver } from '../../src/hob/hob-kind.ts';
import { newHobPortrait } from '../../src/hob/hob-portrait.ts';
import { makeError } from '../../src/errors/gobs-error.ts';
import type { Facts, Report, ReportAnswer, ResourceState, WantedState } from '../../src/protocol/shapes.ts';
import { makeMemoryStore, type MemoryStore } from '../../src/persistence/memory-store.ts';
import { cellKind } from '../../src/vats/actor-lib/cell.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { until } from '../support/until.ts';
import { openTestKernel, type TestKernel } from '../support/test-kernel.ts';

const facts: Facts = harden({
  os: 'Debian',
  system: 'debian',
  release: '12',
  codename: 'bookworm',
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
const desiredState = (
  generation: number,
  policy: 'report' | 'correct' = 'report',
  ids = ['a'],
  digest = `digest of ${generation}`,
): WantedState => harden({ generation, digest, policy, resources: ids.map(resource) });

type Job = Parameters<HostDriver['reconcile']>[0];
interface World {
  readonly jobs: Job[];
  readonly told: Report[];
  readonly driver: HostDriver;
  side: object;
  wanted: WantedState;
  state: ResourceState;
  bossIsAway: boolean;
  /** What the boss says to a report; it may throw. */
  answer: (report: Report) => ReportAnswer | Promise<ReportAnswer>;
  /** What the boss answers to a pull, and when. */
  pulled: () => WantedState | Promise<WantedState>;
  /** Methods that the boss was called by, with their arguments. */
  readonly heard: (readonly [method: string, args: readonly unknown[]])[];
  readonly logged: string[];
  /** Of the hob's clock; undefined: it goes on. */
  time: number | undefined;
}

/** The host and the boss of a hob: the boss's side stands for a durable reference, so it is an actor of another vat. */
const makeWorld = (): World => {
  const world: World = {
    jobs: [],
    told: [],
    wanted: desiredState(1),
    state: 'ok',
    bossIsAway: false,
    answer: () => 'newest',
    pulled: () => world.wanted,
    heard: [],
    logged: [],
    time: undefined,
    side: {},
    driver: Far('HostDriver', {
      reconcile: (job: Job) => {
        world.jobs.push(job);
        const { generation, resources } = job.desired;
        const reports = resources.map(({ id, type }) => ({ id, type, state: world.state }));
        return harden({ generation, reason: job.reason, at: world.time ?? world.jobs.length, resources: reports });
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
      if (world.bossIsAway) throw makeError('PEER_UNREACHABLE', 'the boss is away');
      world.heard.push([method, args]);
      if (method === 'pull') return world.pulled();
      if (method !== 'report') return method === 'attach' ? world.wanted : undefined;
      const answer = await world.answer(args[0] as Report);
      world.told.push(args[0] as Report);
      return answer;
    },
  });
  const vat = kernel.openVat('hob');
  const log = Far('HobLog', { warn: (_fields: object, message: string) => void world.logged.push(message) });
  vat.register(hobKind, { driver: world.driver, log: log as never });
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
    world.wanted = desiredState(3);
    expect(await E(hob).push(desiredState(3))).toBe(3);
    expect(await E(hob).push(desiredState(2))).toBe(3);
    await reported(2);
    expect(world.jobs.at(-1)?.desired.generation).toBe(3);
  });

  test('only looks on its interval with policy report, and mends with policy correct', async () => {
    await enrol();
    await E(control).tick();
    world.wanted = desiredState(2, 'correct');
    await E(hob).push(world.wanted);
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

  test('lists all its bindings, however many', async () => {
    const far = kernel.refOf(`peer:${peer}/9`);
    const names = Array.from({ length: 1_001 }, (_, n) => `b${String(n).padStart(4, '0')}`);
    await Promise.all(names.map((name) => E(hob).bind(name, far)));
    expect(await E(hob).bindings()).toEqual(names);
  });

  test('tells how its host is with each interval', async () => {
    await enrol();
    await E(control).tick();
    await reported(2);
    expect(world.heard).toContainEqual(['tellFacts', [facts]]);
  });
});

/** Ids and states in the last report. */
const lastTold = (): string[] => world.told.at(-1)!.resources.map(({ id, state }) => `${id} ${state}`);

describe('a hob whose boss wants something else than it holds', () => {
  const putBack = (generation: number) => desiredState(generation, 'report', ['b'], 'another');

  test.each([6, 8])(
    'of generation %i, from a store that was put back, takes it when it attaches',
    async (generation) => {
      world.wanted = desiredState(8);
      await enrol();
      world.wanted = putBack(generation);
      await E(control).attach();
      await reported(2);
      expect(world.heard.findLast(([method]) => method === 'attach')![1].slice(1)).toEqual([
        facts,
        { generation: 8, digest: 'digest of 8' },
      ]);
      expect(world.jobs.at(-1)).toMatchObject({ apply: true, desired: putBack(generation) });
      expect(world.told.at(-1)).toMatchObject({ generation, digest: 'another' });
    },
  );

  test('takes it when it pulls', async () => {
    world.wanted = desiredState(8);
    await enrol();
    world.wanted = putBack(6);
    await E(control).tick();
    await until(() => world.told.at(-1)?.generation === 6);
    expect(world.told.at(-1)!.digest).toBe('another');
  });

  test('takes it when the boss does not know what it reports on', async () => {
    world.wanted = desiredState(8);
    await enrol();
    world.answer = ({ generation }) => (generation === 6 ? 'newest' : 'unknown');
    // Its pull comes first, and finds nothing new yet.
    world.pulled = () => (world.told.length > 1 ? putBack(6) : world.wanted);
    await E(control).tick();
    await until(() => world.told.at(-1)?.generation === 6);
  });

  test('asks what is true when something is pushed that is not newer, and does not take that', async () => {
    world.wanted = desiredState(8);
    await enrol();
    expect(await E(hob).push(putBack(7))).toBe(8);
    await kernel.idle();
    expect(world.jobs).toHaveLength(1);
    world.wanted = putBack(6);
    expect(await E(hob).push(putBack(6))).toBe(8);
    await reported(2);
    expect(world.told.at(-1)).toMatchObject({ generation: 6 });
  });

  test('does not go back to an answer that is older than what was pushed meanwhile', async () => {
    await enrol();
    const answers = [Promise.withResolvers<WantedState>(), Promise.withResolvers<WantedState>()];
    let pulls = 0;
    world.pulled = () => answers[(pulls += 1) - 1]!.promise;
    await E(control).tick();
    await until(() => pulls === 1);
    await E(hob).push(desiredState(3));
    answers[0]!.resolve(desiredState(2));
    await until(() => pulls === 2);
    answers[1]!.resolve(desiredState(3));
    await reported(3);
    expect(world.jobs.map(({ desired }) => desired.generation)).toEqual([1, 1, 3]);
  });
});

describe('what left the document', () => {
  test('is listed until it was heard, and then no more', async () => {
    world.wanted = desiredState(1, 'report', ['a', 'b', 'c']);
    await enrol();
    world.bossIsAway = true;
    await E(hob).push(desiredState(2, 'report', ['a', 'c']));
    await until(() => world.jobs.length === 2);
    await kernel.idle();
    await E(hob).push(desiredState(3, 'report', ['a']));
    await until(() => world.jobs.length === 3);
    await kernel.idle();
    await E(control).tick();
    await restart();
    world.bossIsAway = false;
    world.wanted = desiredState(3, 'report', ['a']);
    await E(control).attach();
    await reported(2);
    expect(lastTold()).toEqual(['a ok', 'b released', 'c released']);
    await E(control).tick();
    await reported(3);
    expect(lastTold()).toEqual(['a ok']);
  });

  test('and is back in it, is not released', async () => {
    world.wanted = desiredState(1, 'report', ['a', 'b']);
    await enrol();
    world.bossIsAway = true;
    await E(hob).push(desiredState(2, 'report', ['a']));
    await until(() => world.jobs.length === 2);
    await kernel.idle();
    world.bossIsAway = false;
    world.wanted = desiredState(3, 'report', ['a', 'b']);
    await E(hob).push(world.wanted);
    await reported(2);
    expect(lastTold()).toEqual(['a ok', 'b ok']);
  });
});

describe('a new generation', () => {
  test.each(['failed', 'unknown'] as const)(
    'of which something is %s is applied again at each interval',
    async (state) => {
      world.state = state;
      await enrol();
      await E(control).tick();
      world.state = 'ok';
      await E(control).tick();
      await E(control).tick();
      await reported(4);
      expect(world.jobs.map(({ apply, reason }) => [apply, reason])).toEqual([
        [true, 'applied'],
        [true, 'applied'],
        [true, 'applied'],
        [false, 'interval'],
      ]);
    },
  );
});

describe('a report that the boss refuses', () => {
  test('is logged, and made shorter until it is taken', async () => {
    world.state = 'drifted';
    world.answer = ({ resources }) => {
      if (resources.length > 0) throw makeError('LIMIT_EXCEEDED', 'too much');
      return 'newest';
    };
    await enrol();
    expect(world.told).toMatchObject([{ resources: [], omitted: { drifted: 1, ok: 0 } }]);
    expect(world.logged).toEqual(Array.from({ length: 3 }, () => 'the boss did not take a report'));
  });

  test('whatever is done is let go of', async () => {
    world.answer = () => {
      throw makeError('BAD_REPORT', 'no');
    };
    await E(control).enrolled(kernel.refOf(`peer:${peer}/1`) as never, where);
    await E(control).attach();
    await until(() => world.logged.length === 4);
    await kernel.idle();
    expect(world.heard.filter(([method]) => method === 'report')).toHaveLength(4);
    world.heard.length = 0;
    await E(control).attach();
    await kernel.idle();
    expect(world.heard.map(([method]) => method)).toEqual(['attach']);
  });

  test('for another reason stays as it is', async () => {
    await enrol();
    world.answer = () => {
      throw makeError('MACHINE_GONE', 'it is being destroyed');
    };
    await E(control).tick();
    await until(() => world.logged.length === 1);
    world.answer = () => 'newest';
    await E(control).attach();
    await reported(2);
    expect(lastTold()).toEqual(['a ok']);
  });
});

test('two reports of one moment are told apart', async () => {
  await enrol();
  const gates = [Promise.withResolvers<ReportAnswer>(), Promise.withResolvers<ReportAnswer>()];
  let sent = 0;
  world.answer = () => gates[(sent += 1) - 1]?.promise ?? 'newest';
  world.time = 5;
  await E(control).tick();
  world.state = 'corrected';
  await E(control).tick();
  await until(() => sent === 2);
  gates[0]!.resolve('newest');
  await reported(2);
  // The second was not heard: it is sent again.
  gates[1]!.reject(makeError('SESSION_CLOSED', 'lost'));
  await kernel.idle();
  world.answer = () => 'newest';
  await E(control).attach();
  await reported(3);
  expect(lastTold()).toEqual(['a corrected']);
});
