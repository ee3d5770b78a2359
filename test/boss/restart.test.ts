/** Every kind of the boss is persisted, found again by the next boss, and says the same. */
import { describe, expect, test } from 'vitest';
import { bossKinds } from '../../src/boss/kinds.ts';
import { codeOf, makeError } from '../../src/errors/gobs-error.ts';
import type { MachineAdmin, MachineObserver } from '../../src/protocol/remotes.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { requireKnownKinds } from '../../src/vats/known-kinds.ts';
import type { Provider } from '../../src/boss/provider.ts';
import { hashOf, makeBossWorld, reach, ready, secretIn, type BossWorld, type Life } from '../support/boss-world.ts';

const spec = harden({ provider: 'fake', policy: 'correct', resources: [{ id: 'a', type: 'noop' }] } as const);
const names = ['ready', 'stopped', 'failed', 'booting'];

/** One machine in each state that lasts, a refusal, and one that is gone. */
const makeFleet = async (world: BossWorld, life: Life): Promise<void> => {
  const create = (name: string) => E(life.boss).createMachine(name, spec, { requestId: `for ${name}` });
  const [first, stopped, gone] = await Promise.all(['ready', 'stopped', 'gone'].map(create));
  await Promise.all([ready(first!), ready(stopped!), ready(gone!)]);
  await E(stopped!).stop();
  await reach(stopped!, 'stopped');
  await E(gone!).destroy();
  await reach(gone!, 'gone');
  world.cloud.failNext('create', makeError('PROVIDER_FAILED', 'no room', { hint: 'buy more' }));
  await reach(create('failed'), 'failed');
  world.automatic = false;
  await reach(create('booting'), 'booting');
  const secretHash = hashOf(secretIn(world.cloud.hosts.get('m1')!.locator!));
  const thief = { peerId: world.makeHob('thief').peerId, address: 'there' };
  await E(life.process)
    .present(secretHash, thief)
    .catch(() => undefined);
};

const lookAt = async (life: Life, name: string): Promise<unknown> => {
  const machine = await E(life.boss).machine(name);
  const { revision: _revision, online: _online, ...status } = await E(machine).status();
  const { online: _too, ...drift } = await E(machine).drift();
  const [desired, facts, log] = await Promise.all([E(machine).desired(), E(machine).facts(), E(machine).log()]);
  return { status, drift, desired, facts, log };
};
const lookAtAll = async (life: Life): Promise<unknown> => ({
  machines: await Promise.all(names.map((name) => lookAt(life, name))),
  listed: (await E(life.boss).machines()).map(({ name, id }) => `${name} ${id}`),
  providers: await E(life.boss).providers(),
  refusals: await E(life.boss).refusals(),
  orphans: await E(life.boss).orphans(),
});

const restart = async (world: BossWorld, life: Life): Promise<Life> => {
  await life.stop();
  return world.open();
};

describe.each([10_000, 1])('a boss that keeps %i actors in memory', (cacheLimit) => {
  test('finds its fleet again as it was', async () => {
    const world = makeBossWorld();
    world.cacheLimit = cacheLimit;
    let life = await world.open();
    await makeFleet(world, life);
    // The hob that is there is there for one of the two only.
    await life.disconnect(world.hobs.get('m1')!);
    const before = await lookAtAll(life);
    expect(before).toMatchObject({ listed: ['booting m5', 'failed m4', 'ready m1', 'stopped m2'], orphans: [] });
    life = await restart(world, life);
    await life.kernel.idle();
    expect(await lookAtAll(life)).toEqual(before);
    expect(life.turnErrors).toEqual([]);
  });

  test('goes on with it', async () => {
    const world = makeBossWorld();
    world.cacheLimit = cacheLimit;
    let life = await world.open();
    await makeFleet(world, life);
    life = await restart(world, life);
    const machine = await E(life.boss).machine('ready');
    expect(await E(machine).status()).toMatchObject({ state: 'ready', online: false });
    expect(await E(life.boss).createMachine('ready', spec, { requestId: 'for ready' })).toBe(machine);
    await life.connect(world.hobs.get('m1')!);
    await ready(machine);
    world.automatic = true;
    for (const name of ['stopped', 'failed']) {
      await E(E(life.boss).machine(name)).start();
      await ready(E(life.boss).machine(name));
    }
    const { locator } = world.cloud.hosts.get('m5')!;
    await life.connect(world.makeHob('m5'), locator);
    await ready(E(life.boss).machine('booting'));
    expect(world.hobErrors).toEqual([]);
    expect([...world.cloud.hosts.keys()].sort()).toEqual(['m1', 'm2', 'm4', 'm5']);
  });
});

describe('references that somebody held', () => {
  test('work as before, each with the authority that it had', async () => {
    const world = makeBossWorld();
    let life = await world.open();
    const machine = await E(life.boss).createMachine('web1', spec);
    await ready(machine);
    const facets = [machine, await E(machine).asOperator(), await E(machine).asObserver()];
    const held = facets.map((facet) => life.kernel.nameOf(facet)!);
    life = await restart(world, life);
    const [admin, operator, observer] = held.map((name) => life.kernel.refOf(name)) as [
      MachineAdmin,
      MachineAdmin,
      MachineAdmin,
    ];
    expect(await ready(admin)).toMatchObject({ name: 'web1', online: true });
    expect(await E(operator).check()).toMatchObject({ name: 'web1' });
    expect(await E(observer).desired().catch(codeOf)).toBe('NO_SUCH_METHOD');
    await E(admin).destroy();
    await reach(observer as MachineObserver, 'gone');
    life = await restart(world, life);
    for (const name of held) {
      expect(
        await E(life.kernel.refOf(name) as MachineObserver)
          .status()
          .catch(codeOf),
      ).toBe('MACHINE_GONE');
    }
  });
});

describe('a provider', () => {
  test('is the same actor, in front of the driver of the new process', async () => {
    const world = makeBossWorld();
    let life = await world.open();
    const name = 'vat:provider-fake/provider/1/self';
    expect(await E(life.kernel.refOf(name) as Provider).title()).toBe('fake');
    life = await restart(world, life);
    const provider = life.kernel.refOf(name) as Provider;
    expect(await E(provider).title()).toBe('fake');
    expect(await E(provider).list()).toEqual([]);
  });
});

describe('the store', () => {
  test('has these kinds, of these versions, and no others', async () => {
    const world = makeBossWorld();
    const life = await world.open();
    await makeFleet(world, life);
    await life.kernel.idle();
    const rows = world.store.entries().filter(([key]) => key.startsWith('v/'));
    const kinds = rows.map(([key, row]) => {
      const { k, v } = JSON.parse(row) as { k: string; v: number };
      return `${key.split('/')[1]}: ${k} ${v}`;
    });
    expect([...new Set(kinds)].sort()).toEqual([
      'boss: boss 1',
      'boss: cell 1',
      'boss: entry 1',
      'boss: kinds 1',
      'boss: machine 1',
      'boss: machine-log 1',
      'boss: map 1',
      'boss: root 1',
      'boss: vat 1',
      'provider-fake: kinds 1',
      'provider-fake: provider 1',
      'provider-fake: vat 1',
    ]);
    // What is not in the list of kinds would be refused at the next start.
    await requireKnownKinds(world.store, bossKinds);
  });

  test('has an open intent for what is under way, and none for what is not', async () => {
    const world = makeBossWorld();
    const life = await world.open();
    await makeFleet(world, life);
    await life.kernel.idle();
    const portrait = life.kernel.inspector.portrait('vat:boss/boss/11/process');
    const place = /"intents":"\$([0-9])/.exec(portrait.portrait)![1];
    const map = portrait.references[Number(place)]!.split('/')[2];
    const intents = world.store.entries().filter(([key]) => key.startsWith(`v/boss/m/${map}/`));
    expect(intents.map(([key]) => key.split('/').at(-1))).toEqual(['m5']);
  });
});
