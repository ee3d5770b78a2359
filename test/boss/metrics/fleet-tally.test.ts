import { beforeEach, describe, expect, test } from 'vitest';
import { makeFleetTally, type FleetTally } from '../../../src/boss/metrics/fleet-tally.ts';
import type { Boss, MachineAdmin } from '../../../src/protocol/remotes.ts';
import { noDrift } from '../../../src/protocol/shapes.ts';
import { E } from '../../../src/vats/eventual-send.ts';
import { makeBossWorld, reach, ready, type BossWorld, type Life } from '../../support/boss-world.ts';

let world: BossWorld;
let life: Life;
let tally: FleetTally;
beforeEach(async () => {
  world = makeBossWorld();
  tally = makeFleetTally(() => life.boss);
  world.touched = (name) => tally.touched(name);
  life = await world.open();
});

const spec = harden({ provider: 'fake', resources: [{ id: 'a', type: 'noop' }] });
const create = async (...names: readonly string[]): Promise<MachineAdmin> => {
  const made = names.map((name) => E(life.boss).createMachine(name, spec));
  await Promise.all(made.map((machine) => ready(machine)));
  return made[0] as unknown as Promise<MachineAdmin>;
};

/** By walking through all. */
const walked = async () => {
  const statuses = await E(life.boss).machines();
  const online = statuses.filter((status) => status.online).length;
  return { all: statuses.length, ready: statuses.filter(({ state }) => state === 'ready').length, online };
};
const counted = async () => {
  const { machines, online } = await tally.counts();
  return { all: Object.values(machines).reduce((sum, n) => sum + n, 0), ready: machines.ready, online };
};

describe('the tally', () => {
  test('says what walking through all says, whatever happens to machines', async () => {
    expect(await counted()).toEqual({ all: 0, ready: 0, online: 0 });
    const web1 = await create('web1', 'web2', 'web3');
    expect(await counted()).toEqual({ all: 3, ready: 3, online: 3 });
    expect((await tally.counts()).resources).toEqual({ ...noDrift, ok: 3 });

    await life.disconnect(world.hobs.get('m2')!);
    expect(await counted()).toEqual(await walked());
    expect((await tally.counts()).online).toBe(2);
    await life.connect(world.hobs.get('m2')!);
    expect((await tally.counts()).online).toBe(3);

    await E(web1).stop();
    await reach(web1, 'stopped');
    expect(await counted()).toEqual(await walked());
    await E(life.boss).destroyMachine('web3');
    await reach(E(life.boss).machine('web2'), 'ready');
    await life.kernel.idle();
    expect(await counted()).toEqual(await walked());
  });

  test('looks at no machine that did not change', async () => {
    await create('web1', 'web2', 'web3');
    await tally.counts();
    expect((await tally.counts()).looked).toBe(0);
    await life.disconnect(world.hobs.get('m1')!);
    expect((await tally.counts()).looked).toBe(1);
    expect((await tally.counts()).looked).toBe(0);
  });

  test('begins with what there was before it', async () => {
    await create('web1', 'web2');
    await life.stop();
    tally = makeFleetTally(() => life.boss);
    life = await world.open();
    await ready(E(life.boss).machine('web1'));
    await ready(E(life.boss).machine('web2'));
    expect(await counted()).toEqual({ all: 2, ready: 2, online: 2 });
  });

  test('counts a machine of a name that was another’s once', async () => {
    await create('web1');
    await tally.counts();
    const gone = await E(life.boss).machine('web1');
    void E(gone).destroy();
    await reach(gone, 'gone').catch(() => undefined);
    await create('web1');
    expect(await counted()).toEqual({ all: 1, ready: 1, online: 1 });
  });

  test('that could not ask asks again', async () => {
    await create('web1');
    const failing = makeFleetTally(() => (broken ? ({} as Boss) : life.boss));
    let broken = true;
    await expect(failing.counts()).rejects.toThrow();
    broken = false;
    expect((await failing.counts()).machines.ready).toBe(1);
    broken = true;
    failing.touched('web1');
    await expect(failing.counts()).rejects.toThrow();
    broken = false;
    expect((await failing.counts()).looked).toBe(1);
  });
});
