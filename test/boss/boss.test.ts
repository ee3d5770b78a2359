import { beforeEach, describe, expect, test } from 'vitest';
import { codeOf, makeError } from '../../src/errors/gobs-error.ts';
import type { MachineSpec } from '../../src/protocol/shapes.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { makeBossWorld, reach, ready, type BossWorld, type Life } from '../support/boss-world.ts';
import { countingDriver } from '../support/counting-driver.ts';

let world: BossWorld;
let life: Life;

beforeEach(async () => {
  world = makeBossWorld();
  life = await world.open();
});

const spec: MachineSpec = harden({ provider: 'fake' });
const code = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error: unknown) => codeOf(error),
  );

describe('createMachine', () => {
  test('gives the same machine when it is repeated with its request id, and makes one', async () => {
    const first = await E(life.boss).createMachine('web1', spec, { requestId: 'r1' });
    expect(await E(life.boss).createMachine('web1', spec, { requestId: 'r1' })).toBe(first);
    await ready(first);
    expect(await E(life.boss).createMachine('web1', harden({ ...spec }), { requestId: 'r1' })).toBe(first);
    expect(world.cloud.hosts.size).toBe(1);
    await E(first).destroy();
    await reach(first, 'gone');
    expect(await E(life.boss).createMachine('web1', spec, { requestId: 'r1' })).toBe(first);
    expect(await E(life.boss).machines()).toEqual([]);
  });

  test('refuses a request id that was for something else', async () => {
    await E(life.boss).createMachine('web1', spec, { requestId: 'r1' });
    const others: readonly [string, MachineSpec][] = [
      ['web2', spec],
      ['web1', { ...spec, policy: 'correct' }],
      ['web1', { ...spec, options: { size: 1 } }],
    ];
    for (const [name, other] of others) {
      expect(await code(E(life.boss).createMachine(name, other, { requestId: 'r1' }))).toBe('REQUEST_CONFLICT');
    }
  });

  test.each([
    ['BAD_NAME', 'Web1', spec],
    ['BAD_NAME', '', spec],
    ['BAD_NAME', '1web', spec],
    ['BAD_NAME', 'w'.repeat(64), spec],
    ['BAD_NAME', '../etc', spec],
    ['NAME_TAKEN', 'web1', spec],
    ['NO_SUCH_PROVIDER', 'web2', { provider: 'moon' }],
    ['NO_SUCH_PROVIDER', 'web2', { provider: '' }],
    ['BAD_DESIRED_STATE', 'web2', { ...spec, resources: [{ id: 'a', type: 'unheard-of' }] }],
    ['BAD_ARGUMENTS', 'web2', { ...spec, more: 1 }],
    ['BAD_ARGUMENTS', 'web2', { ...spec, policy: 'whatever' }],
    ['BAD_ARGUMENTS', 'web2', {}],
  ])('refuses with %s for %j %j, and leaves no trace', async (expected, name, wrong) => {
    await ready(E(life.boss).createMachine('web1', spec));
    await life.kernel.idle();
    const before = world.store.entries();
    expect(await code(E(life.boss).createMachine(name, harden(wrong as MachineSpec)))).toBe(expected);
    await life.kernel.idle();
    expect(world.store.entries()).toEqual(before);
  });
});

describe('the fleet', () => {
  test('is listed by name, a page at a time', async () => {
    const names = Array.from({ length: 25 }, (_, n) => `web${String(n).padStart(2, '0')}`);
    await Promise.all(names.toReversed().map((name) => ready(E(life.boss).createMachine(name, spec))));
    expect((await E(life.boss).machines()).map(({ name }) => name)).toEqual(names);
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const page: { statuses: readonly { name: string }[]; next: string | null } = await E(life.boss).machinePage({
        limit: 10,
        ...(after === null ? {} : { after }),
      });
      expect(page.statuses.length).toBeLessThanOrEqual(10);
      seen.push(...page.statuses.map(({ name }) => name));
      after = page.next;
    } while (after !== null);
    expect(seen).toEqual(names);
  });

  test('has the providers that were there from the start', async () => {
    expect(await E(life.boss).providers()).toEqual([{ name: 'fake', type: 'fake', settings: {} }]);
    expect(await life.kernel.inspector.vats()).toMatchObject([
      { name: 'boss', type: null, open: true },
      { name: 'provider-fake', type: 'provider', open: false, cached: 0 },
    ]);
  });

  test('says what it does not have', async () => {
    expect(await code(E(life.boss).machine('web1'))).toBe('NO_SUCH_MACHINE');
    expect(await code(E(life.boss).destroyMachine('web1'))).toBe('NO_SUCH_MACHINE');
    expect(await code(E(life.boss).forget('web1'))).toBe('NO_SUCH_MACHINE');
  });

  test('goes on when a machine of it cannot', async () => {
    world.cloud.failNext('create', makeError('PROVIDER_FAILED', 'no'));
    const [first, second] = [E(life.boss).createMachine('web1', spec), E(life.boss).createMachine('web2', spec)];
    expect([(await reach(first, 'failed')).name, (await ready(second)).name]).toEqual(['web1', 'web2']);
  });
});

describe('orphans', () => {
  test('are what the provider has and the boss does not know', async () => {
    await ready(E(life.boss).createMachine('web1', spec));
    expect(await E(life.boss).orphans()).toEqual([]);
    world.automatic = false;
    await world.cloud.makeDriver().create({ machineId: 'm7', name: 'old', options: {}, locator: 'gobs://x.tls/s/y' });
    expect(await E(life.boss).orphans()).toEqual([{ provider: 'fake', machineId: 'm7', state: 'running' }]);
  });

  test('are not what is being made or destroyed meanwhile', async () => {
    await ready(E(life.boss).createMachine('web1', spec));
    await life.stop();
    const meanwhile: Record<string, () => Promise<unknown>> = {
      'after 1': async () => {
        const machine = await E(life.boss).machine('web1');
        await E(machine).destroy();
        await reach(machine, 'gone');
      },
      'before 2': async () => ready(E(life.boss).createMachine('web2', spec)),
    };
    const happened: string[] = [];
    let lists = 0;
    const { driver } = countingDriver(world.cloud.makeDriver(), async ({ method, moment }) => {
      if (method !== 'list') return;
      if (moment === 'before') lists += 1;
      const when = `${moment} ${lists}`;
      await meanwhile[when]?.();
      happened.push(when);
    });
    life = await world.open({ driver });
    expect(await E(life.boss).orphans()).toEqual([]);
    expect(happened).toEqual(['before 1', 'after 1', 'before 2', 'after 2']);
    expect((await E(life.boss).machines()).map(({ name }) => name)).toEqual(['web2']);
  });

  test('cannot be told if a provider cannot say', async () => {
    world.cloud.failNext('list', makeError('PROVIDER_FAILED', 'down'));
    expect(await code(E(life.boss).orphans())).toBe('PROVIDER_FAILED');
  });
});

describe('a provider that cannot be had', () => {
  const noDriver = makeError('BAD_SPEC', 'provider fake: there is no provider type "fake"', {
    hint: 'there are: local',
  });

  test('keeps no boss from starting: calls of it say what is wrong, and it is there again with the next that can have it', async () => {
    const machine = await E(life.boss).createMachine('web1', spec);
    await ready(machine);
    await life.stop();

    const without = await world.open({ noDriver });
    expect(await E(without.boss).providers()).toEqual([{ name: 'fake', type: 'fake', settings: {} }]);
    expect(await E(without.boss).machines()).toMatchObject([{ name: 'web1', state: 'ready' }]);
    await E(without.process).revive();
    const late = await E(without.boss).createMachine('web2', spec);
    const { failure } = await reach(late, 'failed');
    expect(failure).toMatchObject({ code: 'BAD_SPEC', message: 'provider fake: there is no provider type "fake"' });
    expect(await code(E(without.boss).orphans())).toBe('BAD_SPEC');
    await without.stop();

    life = await world.open();
    await E(await E(life.boss).machine('web1')).destroy();
    await E(await E(life.boss).machine('web2')).start();
    await reach(E(life.boss).machine('web2'), 'ready');
    expect([...world.cloud.hosts.keys()]).toEqual(['m2']);
  });
});

describe('looking inside', () => {
  test('gives names and texts', async () => {
    const machine = await E(life.boss).createMachine('web1', spec);
    await ready(machine);
    const inspector = await E(life.boss).inspector();
    expect(await E(inspector).vats()).toEqual([
      {
        name: 'boss',
        type: null,
        open: true,
        actors: expect.any(Number) as number,
        cached: expect.any(Number) as number,
      },
      { name: 'provider-fake', type: 'provider', open: true, actors: 1, cached: 1 },
    ]);
    const { actors } = await E(inspector).actors('boss', { limit: 3 });
    expect(actors).toHaveLength(3);
    const view = await E(inspector).portrait(machine);
    expect(view).toMatchObject({ kind: 'machine', name: expect.stringMatching(/^vat:boss\/machine\//) as string });
    expect(await E(inspector).portrait(view.name.replace(/self$/, 'admin'))).toEqual(view);
    expect(await E(inspector).referrers(machine)).not.toEqual([]);
    expect(await code(E(inspector).portrait(harden({}) as never))).toBe('NO_SUCH_ACTOR');
    expect(await code(E(inspector).portrait('vat:boss/machine/99/self'))).toBe('NO_SUCH_ACTOR');
  });

  test('finds no enrolment secret in the store', async () => {
    await ready(E(life.boss).createMachine('web1', spec));
    const { locator } = world.cloud.hosts.get('m1')!;
    const secret = /\/s\/([^?]+)/.exec(locator!)![1]!;
    expect(secret).toHaveLength(43);
    expect(JSON.stringify(world.store.entries())).not.toContain(secret);
  });

  test('makes a locator for a reference', async () => {
    const machine = await E(life.boss).createMachine('web1', spec);
    const observer = await E(machine).asObserver();
    expect(await E(life.boss).locatorFor(observer)).toMatch(/^gobs:.*\/observer$/);
  });
});
