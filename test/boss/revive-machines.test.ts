/** What a reboot of the host took away is started again by the next boss, and nothing else is. */
import { expect, test } from 'vitest';
import { makeError } from '../../src/errors/gobs-error.ts';
import { E } from '../../src/vats/eventual-send.ts';
import type { Store } from '../../src/vats/store.ts';
import { makeBossWorld, reach, ready } from '../support/boss-world.ts';

const spec = harden({ provider: 'fake' });

test('after a reboot the machines that ran are started, and those that were stopped are not', async () => {
  const world = makeBossWorld();
  const life = await world.open();
  const [runs, stopped] = await Promise.all(['runs', 'stopped'].map((name) => E(life.boss).createMachine(name, spec)));
  await Promise.all([ready(runs!), ready(stopped!)]);
  await E(stopped!).stop();
  await reach(stopped!, 'stopped');
  for (const [id, hob] of world.hobs) {
    await life.disconnect(hob);
    world.cloud.killHob(id);
  }
  await life.stop();

  const next = await world.open();
  expect(await E(await E(next.boss).machine('runs')).status()).toMatchObject({ state: 'ready', online: false });
  await E(next.process).revive();
  expect(await ready(E(next.boss).machine('runs'))).toMatchObject({ state: 'ready', online: true });
  expect(await E(await E(next.boss).machine('stopped')).status()).toMatchObject({ state: 'stopped', online: false });
  await next.stop();
});

test('a provider that cannot say what it has fails nothing', async () => {
  const world = makeBossWorld();
  const life = await world.open();
  const machine = await E(life.boss).createMachine('web', spec);
  await ready(machine);
  world.cloud.failNext('list', makeError('PROVIDER_FAILED', 'the cloud is away'));
  await E(life.process).revive();
  expect(await E(machine).status()).toMatchObject({ state: 'ready', online: true });
  await life.stop();
});

test('where everything runs, no machine is looked at: there may be a million', async () => {
  const world = makeBossWorld();
  const life = await world.open();
  await ready(await E(life.boss).createMachine('web', spec));
  await life.stop();

  const pages: string[] = [];
  const store: Store = {
    ...world.store,
    page: (request) => {
      pages.push(request.gt);
      return world.store.page(request);
    },
  };
  const next = await world.open({ store });
  await E(next.process).revive();
  const [entry] = world.store.entries().find(([key]) => key.endsWith('/web'))!;
  expect(pages.filter((page) => entry.startsWith(page))).toEqual([]);
  await next.stop();
});
