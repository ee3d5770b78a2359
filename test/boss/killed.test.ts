/**
 * The boss is killed at every point of create, stop, start, destroy and forget. The points are not placed by hand: a run that is left alone
 * says how many there are, and one run for each ends there.
 */
import { describe, expect, test } from 'vitest';
import { codeOf } from '../../src/errors/gobs-error.ts';
import type { Boss, MachineAdmin } from '../../src/protocol/remotes.ts';
import type { MachineStatus } from '../../src/protocol/shapes.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { makeBossWorld, reach, ready, type BossWorld, type Life } from '../support/boss-world.ts';
import { makeDoom, type Doom } from '../support/doom.ts';

const spec = harden({ provider: 'fake', resources: [{ id: 'a', type: 'noop' }] });
const create = (boss: Boss): Promise<MachineAdmin> => E(boss).createMachine('web1', spec, { requestId: 'r1' });

interface Story {
  /** By a boss that is left alone. */
  readonly before?: (life: Life, world: BossWorld) => Promise<unknown>;
  /** By the boss that is killed. */
  readonly tell: (life: Life, world: BossWorld) => Promise<unknown>;
  /** By the one after it, which has been asked nothing yet. */
  readonly after: (life: Life, world: BossWorld) => Promise<unknown>;
}

/** A boss lives in a world until it has told its story, or dies at a point. */
const liveUntil = async (
  world: BossWorld,
  at: number | undefined,
  story: (life: Life) => Promise<unknown>,
): Promise<Doom> => {
  const doom = makeDoom(world.store, world.cloud.makeDriver, at);
  const live = async (): Promise<void> => {
    const life = await world.open(doom);
    await story(life);
    await life.stop();
  };
  await Promise.race([live(), doom.died]);
  return doom;
};

/** The world after the boss of a story was killed at a point. */
const tell = async (story: Story, at?: number) => {
  const world = makeBossWorld();
  if (story.before !== undefined) {
    const first = await world.open();
    await story.before(first, world);
    await first.stop();
  }
  const doom = await liveUntil(world, at, (life) => story.tell(life, world));
  return { world, doom };
};

const bearings = async (life: Life, world: BossWorld) => ({
  machines: await E(life.boss).machines(),
  hosts: [...world.cloud.hosts.keys()],
  hobs: [...world.cloud.hosts.values()].filter(({ hob }) => hob !== undefined).length,
  orphans: await E(life.boss).orphans(),
});

/** Everything that is on its way comes to its end by itself. */
const settle = async (life: Life): Promise<MachineStatus | undefined> => {
  const [machine] = await E(life.boss).machines();
  if (machine === undefined) return undefined;
  const settled = ({ state, online }: MachineStatus): boolean =>
    (state === 'ready' && online) || ['stopped', 'failed', 'gone'].includes(state);
  try {
    return await reach(await E(life.boss).machine(machine.name), settled);
  } catch (error) {
    // It went between the two questions.
    if (!['MACHINE_GONE', 'NO_SUCH_MACHINE'].includes(codeOf(error))) throw error;
    return undefined;
  }
};

const expectOne = async (life: Life, world: BossWorld, state: 'ready' | 'stopped' = 'ready'): Promise<void> => {
  const { machines, hosts, hobs, orphans } = await bearings(life, world);
  expect(machines).toMatchObject([{ name: 'web1', state, online: state === 'ready' }]);
  expect(hosts).toEqual([machines[0]!.id]);
  expect(hobs).toBe(state === 'ready' ? 1 : 0);
  expect(orphans).toEqual([]);
};
const expectNone = async (life: Life, world: BossWorld): Promise<void> =>
  expect(await bearings(life, world)).toEqual({ machines: [], hosts: [], hobs: 0, orphans: [] });

/** A hob may be told that its machine goes away; and hobs of the test hear of the end of a boss that is dead. */
const surprises = ({ hobErrors }: BossWorld): unknown[] =>
  hobErrors.filter((error) => codeOf(error) !== 'MACHINE_GONE' && !String(error).includes('was killed'));

const stories: Readonly<Record<string, Story>> = {
  create: {
    tell: async ({ boss }) => ready(create(boss)),
    after: async (life, world) => {
      if ((await settle(life)) === undefined) await expectNone(life, world);
      else await expectOne(life, world);
      await ready(create(life.boss));
      await expectOne(life, world);
    },
  },
  destroy: {
    before: async ({ boss }) => ready(create(boss)),
    tell: async ({ boss }) => {
      const machine = await E(boss).machine('web1');
      await E(machine).destroy();
      await reach(machine, 'gone');
    },
    after: async (life, world) => {
      const status = await settle(life);
      if (status === undefined || status.state === 'gone') return expectNone(life, world);
      await expectOne(life, world);
      const machine = await E(life.boss).machine('web1');
      await E(machine).destroy();
      await reach(machine, 'gone');
      return expectNone(life, world);
    },
  },
  'destroy while it is being made': {
    tell: async ({ boss }) => {
      const machine = await create(boss);
      await reach(machine, 'creating');
      await E(machine).destroy();
      await reach(machine, 'gone');
    },
    after: async (life, world) => {
      const status = await settle(life);
      if (status?.state === 'ready') return expectOne(life, world);
      return expectNone(life, world);
    },
  },
  forget: {
    before: async ({ boss }, world) => {
      const machine = await create(boss);
      await ready(machine);
      world.cloud.killHob('m1');
      await reach(machine, ({ online }) => !online);
    },
    tell: async ({ boss }) => E(boss).forget('web1'),
    after: async (life, world) => {
      const { machines, hosts, orphans } = await bearings(life, world);
      // Either it was forgotten, and what remains is known, or nothing happened.
      if (machines.length === 0) expect(orphans).toMatchObject([{ machineId: 'm1' }]);
      else expect(machines).toMatchObject([{ name: 'web1', state: 'ready', online: false }]);
      expect(hosts).toEqual(['m1']);
      if (machines.length === 0) return;
      expect(await E(life.boss).forget('web1')).toEqual({ remains: ['host m1 of the fake cloud'] });
      expect(await E(life.boss).machines()).toEqual([]);
    },
  },
  'stop and start': {
    before: async ({ boss }) => ready(create(boss)),
    tell: async ({ boss }) => {
      const machine = await E(boss).machine('web1');
      await E(machine).stop();
      await reach(machine, 'stopped');
      await E(machine).start();
      await ready(machine);
    },
    after: async (life, world) => {
      const status = await settle(life);
      await expectOne(life, world, status!.state as 'ready' | 'stopped');
      const machine = await E(life.boss).machine('web1');
      await E(machine).start();
      await ready(machine);
      await expectOne(life, world);
    },
  },
};

describe.each(Object.entries(stories))('a boss that is killed at every point of %s', (_name, story) => {
  test('leaves a fleet that the next one brings in order', async () => {
    const { doom: recorded, world: whole } = await tell(story);
    expect(recorded.met).toBe(false);
    const kinds = new Set(recorded.points.map((point) => point.replace(/ [0-9]+/, '')));
    expect([...kinds]).toEqual(expect.arrayContaining(['write before', 'write after']));
    expect(kinds.size).toBeGreaterThan(3);
    expect(surprises(whole)).toEqual([]);

    for (let at = 1; at <= recorded.points.length; at += 1) {
      const where = `point ${at} of ${recorded.points.length}: ${recorded.points[at - 1]}`;
      const { world, doom } = await tell(story, at);
      expect(doom.met, `${where} was not met`).toBe(true);
      const next = await world.open();
      try {
        await story.after(next, world);
        expect(surprises(world)).toEqual([]);
      } catch (error) {
        throw Error(`${where}: ${(error as Error).message}`, { cause: error });
      }
      await next.stop();
    }
  });
});

describe.each(['create', 'destroy'] as const)('a boss that is killed at every point of %s', (name) => {
  test('may be followed by one that is killed at every point of bringing it in order', async () => {
    const story = stories[name]!;
    const { doom: recorded } = await tell(story);
    let deaths = 0;
    for (let at = 1; at <= recorded.points.length; at += 1) {
      for (let then = 1, met = true; met; then += 1) {
        const { world } = await tell(story, at);
        const second = await liveUntil(world, then, settle);
        met = second.met;
        deaths += met ? 1 : 0;
        const third = await world.open();
        try {
          await story.after(third, world);
        } catch (error) {
          throw Error(`points ${at} and ${then}: ${(error as Error).message}`, { cause: error });
        }
        await third.stop();
      }
    }
    expect(deaths).toBeGreaterThan(recorded.points.length);
  });
});
