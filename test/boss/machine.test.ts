import { beforeEach, describe, expect, test } from 'vitest';
import { codeOf, makeError } from '../../src/errors/gobs-error.ts';
import type { Hob, MachineAdmin } from '../../src/protocol/remotes.ts';
import type { Report, Resource, WantedState } from '../../src/protocol/shapes.ts';
import { noDrift } from '../../src/protocol/shapes.ts';
import { E } from '../../src/vats/eventual-send.ts';
import {
  makeBossWorld,
  reach,
  ready,
  reportOn,
  someFacts,
  type BossWorld,
  type Life,
  type TestHob,
} from '../support/boss-world.ts';
import { countingDriver, type DriverStep } from '../support/counting-driver.ts';

let world: BossWorld;
let life: Life;

beforeEach(async () => {
  world = makeBossWorld();
  life = await world.open();
});

const create = (name = 'web1', spec: object = {}): Promise<MachineAdmin> =>
  E(life.boss).createMachine(name, { provider: 'fake', ...spec });
const createReady = async (name = 'web1', spec: object = {}): Promise<{ machine: MachineAdmin; hob: TestHob }> => {
  const machine = await create(name, spec);
  const { id } = await ready(machine);
  return { machine, hob: world.hobs.get(id)! };
};
const code = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error: unknown) => codeOf(error),
  );
const stateOf = async (machine: MachineAdmin): Promise<string> => (await E(machine).status()).state;
const logOf = async (machine: MachineAdmin): Promise<string[]> => (await E(machine).log()).map(({ what }) => what);
const noop = (id: string): Resource => ({ id, type: 'noop' });

/** A boss whose driver stops at `places`, such as `create after`, at each until it is let go on. */
const openHeld = async <Place extends `${DriverStep['method']} ${DriverStep['moment']}`>(
  ...places: readonly Place[]
) => {
  await life.stop();
  const gates = new Map(
    places.map((place) => [
      place as string,
      { held: Promise.withResolvers<void>(), go: Promise.withResolvers<void>() },
    ]),
  );
  const { driver, steps } = countingDriver(world.cloud.makeDriver(), ({ method, moment }) => {
    const gate = gates.get(`${method} ${moment}`);
    gate?.held.resolve();
    return gate?.go.promise;
  });
  life = await world.open({ driver });
  return {
    held: (place: Place = places[0]!) => gates.get(place)!.held.promise,
    release: (place: Place = places[0]!) => gates.get(place)!.go.resolve(),
    steps,
  };
};
const methodsOf = (steps: readonly DriverStep[]): string[] =>
  steps.filter(({ moment }) => moment === 'before').map(({ method }) => method);

describe('a machine', () => {
  test('is answered before it exists, and becomes ready by itself', async () => {
    const machine = await create();
    expect(world.cloud.hosts.size).toBe(0);
    expect(await ready(machine)).toMatchObject({
      name: 'web1',
      id: 'm1',
      provider: 'fake',
      state: 'ready',
      online: true,
      generation: 0,
      reported: null,
      policy: 'report',
    });
    expect([...world.cloud.hosts.keys()]).toEqual(['m1']);
    expect(await logOf(machine)).toEqual([
      'requested',
      'creating',
      'booting',
      expect.stringMatching(/^enrolled the hob with key [a-z2-7]{8}… from 192\.0\.2\.7:1234$/),
      'enrolled',
      expect.stringMatching(/^its hob is here/),
      'ready',
    ]);
  });

  test('with something to do is ready when its hob has reported on it', async () => {
    world.automatic = false;
    const machine = await create('web1', { resources: [noop('a')] });
    const { id } = await reach(machine, 'booting');
    const hob = world.makeHob(id);
    const { locator } = world.cloud.hosts.get(id)!;
    hob.answer = (desired) => reportOn(desired, 1);
    const connecting = life.connect(hob, locator);
    const seen = [await reach(machine, 'enrolled'), await reach(machine, 'ready')];
    await connecting;
    expect(seen.map(({ reported }) => reported)).toEqual([null, 1]);
  });

  test('can be looked at', async () => {
    const { machine } = await createReady('web1', { resources: [noop('a')] });
    expect(await E(machine).facts()).toEqual(someFacts);
    expect(await E(machine).drift()).toMatchObject({
      name: 'web1',
      online: true,
      report: { generation: 1 },
      receivedAt: world.now,
    });
    expect(await E(machine).desired()).toEqual({ generation: 1, policy: 'report', resources: [noop('a')] });
  });
});

describe('stop and start', () => {
  test('end the hob and start it again, without a new enrolment', async () => {
    const { machine, hob } = await createReady();
    const { side } = hob;
    await E(machine).stop();
    expect(await reach(machine, 'stopped')).toMatchObject({ online: false, lastSeen: world.now });
    expect(world.cloud.hosts.get('m1')!.hob).toBe(undefined);
    await E(machine).stop();
    await E(machine).start();
    await ready(machine);
    expect(world.hobs.get('m1')!.side).toBe(side);
    expect(world.cloud.hosts.get('m1')!.hob).toBe(2);
  });

  test('start brings back a hob that was killed, and does nothing to one that is there', async () => {
    const { machine } = await createReady();
    await E(machine).start();
    expect(await stateOf(machine)).toBe('ready');
    world.cloud.killHob('m1');
    await reach(machine, ({ online }) => !online);
    await E(machine).start();
    await ready(machine);
    expect(world.cloud.hosts.get('m1')!.hob).toBe(2);
  });

  test('stop while booting leaves a machine that start goes on with', async () => {
    world.automatic = false;
    const machine = await create();
    await reach(machine, 'booting');
    await E(machine).stop();
    await reach(machine, 'stopped');
    expect(world.cloud.hosts.get('m1')!.hob).toBe(undefined);
    world.automatic = true;
    await E(machine).start();
    await ready(machine);
  });

  test('stop is refused while it is being made', async () => {
    const { held, release } = await openHeld('create before');
    world.automatic = false;
    const machine = await create();
    await held();
    expect(await code(E(machine).stop())).toBe('MACHINE_BUSY');
    expect(await stateOf(machine)).toBe('creating');
    release();
    await reach(machine, 'booting');
  });

  test('of a stopped machine whose hob comes back by itself: online, and still stopped', async () => {
    const { machine, hob } = await createReady();
    await E(machine).stop();
    await reach(machine, 'stopped');
    await life.connect(hob);
    expect(await E(machine).status()).toMatchObject({ state: 'stopped', online: true });
    await E(machine).start();
    await ready(machine);
  });
});

describe('destroy', () => {
  test('leaves nothing, frees the name, and old references say so', async () => {
    const { machine } = await createReady();
    const observer = await E(machine).asObserver();
    const before = await E(machine).status();
    await E(machine).destroy();
    expect(await reach(machine, 'gone')).toMatchObject({ state: 'gone', online: false });
    expect(world.cloud.hosts.size).toBe(0);
    expect(await code(E(life.boss).machine('web1'))).toBe('NO_SUCH_MACHINE');
    for (const call of [
      E(machine).status(),
      E(machine).desired(),
      E(machine).destroy(),
      E(machine).start(),
      E(observer).log(),
    ]) {
      expect(await code(call)).toBe('MACHINE_GONE');
    }
    expect(await E(observer).nextStatus(before.revision)).toMatchObject({ state: 'gone' });

    const { machine: second } = await createReady();
    expect(await E(second).status()).toMatchObject({ name: 'web1', id: 'm2' });
    expect(await code(E(machine).status())).toBe('MACHINE_GONE');
  });

  test('twice is once', async () => {
    const { held, release, steps } = await openHeld('destroy before');
    const { machine } = await createReady();
    await E(machine).destroy();
    await held();
    await E(machine).destroy();
    await E(life.boss).destroyMachine('web1');
    release();
    await reach(machine, 'gone');
    expect(methodsOf(steps).filter((method) => method === 'destroy')).toEqual(['destroy']);
  });

  test('while it is being made wins, and the late answer of create is of no account', async () => {
    const { held, release } = await openHeld('create after');
    world.automatic = false;
    const machine = await create();
    await held();
    await E(machine).destroy();
    await reach(machine, 'gone');
    release();
    await life.kernel.idle();
    expect(world.cloud.hosts.size).toBe(0);
    expect(await code(E(machine).status())).toBe('MACHINE_GONE');
  });

  test('before it was asked to be made asks for it no more', async () => {
    const { held, release, steps } = await openHeld('validate after', 'destroy before');
    const machine = await create();
    await held('validate after');
    await E(machine).destroy();
    await held('destroy before');
    release('validate after');
    await life.kernel.idle();
    expect(await stateOf(machine)).toBe('destroying');
    release('destroy before');
    await reach(machine, 'gone');
    expect(methodsOf(steps)).toEqual(['validate', 'destroy']);
    expect(life.turnErrors).toEqual([]);
  });

  test('is not over when a create that was asked for before it is', async () => {
    const { held, release } = await openHeld('create after', 'destroy after');
    world.automatic = false;
    const machine = await create();
    await held('create after');
    await E(machine).destroy();
    await held('destroy after');
    release('create after');
    await life.kernel.idle();
    expect(await stateOf(machine)).toBe('destroying');
    release('destroy after');
    await reach(machine, 'gone');
  });

  test('keeps the name until it is done', async () => {
    const { held, release } = await openHeld('destroy before');
    const { machine } = await createReady();
    await E(machine).destroy();
    await held();
    const refusal: unknown = await create().catch((error: unknown) => error);
    expect(String(refusal)).toMatch(
      /NAME_TAKEN: web1: there is a machine of that name \(destroying\)\nhint: the name is free when it is gone/,
    );
    release();
    await reach(machine, 'gone');
    await create();
  });

  test('is the end: nothing else is taken while it goes on, from the hob neither', async () => {
    const { held, release } = await openHeld('destroy before');
    const { machine, hob } = await createReady();
    await E(machine).destroy();
    await held();
    for (const call of [E(machine).start(), E(machine).stop(), E(machine).setDesired({ policy: 'correct' })]) {
      expect(await code(call)).toBe('MACHINE_BUSY');
    }
    expect(await code(E(life.hobSide(hob)).pull())).toBe('MACHINE_GONE');
    release();
    await reach(machine, 'gone');
  });
});

describe('a provider that fails', () => {
  const noRoom = makeError('PROVIDER_FAILED', 'no room', { hint: 'buy more' });

  test('fails the machine, which says why and where, and start tries again with a new locator', async () => {
    world.cloud.failNext('create', noRoom);
    const machine = await create();
    expect(await reach(machine, 'failed')).toMatchObject({
      failure: { in: 'creating', code: 'PROVIDER_FAILED', message: 'no room', hint: 'buy more' },
    });
    expect((await logOf(machine)).at(-1)).toBe('failed while creating: PROVIDER_FAILED: no room');
    await E(machine).start();
    const status = await ready(machine);
    expect(status.failure).toBe(undefined);
    expect(world.cloud.hosts.size).toBe(1);
  });

  test('refuses what it does not have before anything is made', async () => {
    const machine = await create('web1', { options: { colour: 'red' } });
    expect(await reach(machine, 'failed')).toMatchObject({ failure: { in: 'requested', code: 'BAD_SPEC' } });
    expect(world.cloud.hosts.size).toBe(0);
    await E(machine).destroy();
    await reach(machine, 'gone');
  });

  test.each(['start', 'stop'] as const)('to %s can be asked again', async (method) => {
    const { machine } = await createReady();
    if (method === 'start') {
      await E(machine).stop();
      await reach(machine, 'stopped');
    }
    world.cloud.failNext(method, noRoom);
    await E(machine)[method]();
    expect(await reach(machine, 'failed')).toMatchObject({
      failure: { in: method === 'start' ? 'starting' : 'stopping' },
    });
    await E(machine)[method]();
    await reach(machine, method === 'start' ? 'ready' : 'stopped');
  });

  test('to destroy leaves a machine that can only be destroyed again, or forgotten', async () => {
    const { machine } = await createReady();
    world.cloud.failNext('destroy', noRoom);
    await E(machine).destroy();
    await reach(machine, 'failed');
    expect(await code(E(machine).start())).toBe('MACHINE_BUSY');
    await E(machine).destroy();
    await reach(machine, 'gone');
    expect(world.cloud.hosts.size).toBe(0);
  });

  test('is not blamed for an error of another shape, nor is a locator shown', async () => {
    world.cloud.failNext('create', Error('could not send gobs://abc.tls/s/verysecret?host=h'));
    const { failure } = await reach(await create(), 'failed');
    expect(failure).toMatchObject({
      code: 'PROVIDER_FAILED',
      message: 'could not send gobs://abc.tls/s/[redacted]?host=h',
    });
  });
});

describe('a hob that does not come in time', () => {
  test('fails the machine, and start mints a new locator', async () => {
    world.automatic = false;
    const machine = await create();
    await reach(machine, 'booting');
    const { locator } = world.cloud.hosts.get('m1')!;
    world.now += 60 * 60_000 - 1;
    await E(life.process).expire();
    expect(await stateOf(machine)).toBe('booting');
    world.now += 1;
    await E(life.process).expire();
    expect(await reach(machine, 'failed')).toMatchObject({ failure: { in: 'booting', code: 'ENROLMENT_EXPIRED' } });
    world.automatic = true;
    world.cloud.killHob('m1');
    await E(machine).start();
    await ready(machine);
    expect(world.cloud.hosts.get('m1')!.locator).not.toBe(locator);
  });

  test('heals it by coming after all', async () => {
    const { machine, hob } = await createReady();
    await E(machine).stop();
    await reach(machine, 'stopped');
    world.automatic = false;
    await E(machine).start();
    await reach(machine, ({ state, revision }) => state === 'starting' && revision > 0);
    await life.kernel.idle();
    world.now += 60 * 60_000;
    await E(life.process).expire();
    expect(await reach(machine, 'failed')).toMatchObject({ failure: { in: 'starting', code: 'HOB_UNREACHABLE' } });
    await life.connect(hob);
    await ready(machine);
  });
});

describe('forget', () => {
  test('is refused while the hob is connected', async () => {
    const { machine } = await createReady();
    expect(await code(E(machine).forget())).toBe('MACHINE_BUSY');
    expect(await stateOf(machine)).toBe('ready');
  });

  test('drops the machine, says what remains, and revokes the key of its hob', async () => {
    const { machine, hob } = await createReady();
    await life.disconnect(hob);
    expect(await E(life.boss).forget('web1')).toEqual({ remains: ['host m1 of the fake cloud'] });
    expect(await code(E(machine).status())).toBe('MACHINE_GONE');
    expect(await code(E(life.boss).machine('web1'))).toBe('NO_SUCH_MACHINE');
    expect(await code(life.connect(hob))).toBe('MACHINE_GONE');
    expect(await code(E(life.hobSide(hob)).pull())).toBe('MACHINE_GONE');
    expect(await code(life.connect(hob))).toBe('MACHINE_GONE');
    expect(await E(life.boss).refusals()).toEqual([
      {
        ...{ at: world.now, since: world.now, times: 2, machine: 'web1', peerId: hob.peerId, peers: [hob.peerId] },
        ...{ address: '192.0.2.7:1234', code: 'MACHINE_GONE' },
      },
    ]);
    expect(await E(life.boss).orphans()).toEqual([{ provider: 'fake', machineId: 'm1', state: 'running' }]);
    expect(world.cloud.forgotten).toEqual(['m1']);
  });

  test('works when the provider is no help, and says so', async () => {
    const { machine, hob } = await createReady();
    await life.disconnect(hob);
    world.cloud.failNext('remains', makeError('PROVIDER_FAILED', 'the cloud is down'));
    const { remains } = await E(machine).forget();
    expect(remains).toEqual([expect.stringMatching(/^unknown: provider fake could not say .*the cloud is down/)]);
  });

  test('is refused if the hob came back while it was found out what remains', async () => {
    const { held, release } = await openHeld('remains after');
    const { machine, hob } = await createReady();
    await life.disconnect(hob);
    const forgetting = code(E(machine).forget());
    await held();
    await life.connect(hob);
    release();
    expect(await forgetting).toBe('MACHINE_BUSY');
    expect(await stateOf(machine)).toBe('ready');
  });

  test('ends a destroy that hangs', async () => {
    const { held } = await openHeld('destroy before');
    const { machine, hob } = await createReady();
    await E(machine).destroy();
    await held();
    await life.disconnect(hob);
    expect((await E(machine).forget()).remains).toEqual(['host m1 of the fake cloud']);
  });
});

describe('desired state', () => {
  test('is a new generation only if it differs, and is pushed', async () => {
    const { machine, hob } = await createReady();
    expect(await E(machine).setDesired({})).toBe(0);
    expect(await E(machine).setDesired({ resources: [] })).toBe(0);
    expect(await E(machine).setDesired({ resources: [noop('a')] })).toBe(1);
    expect(await E(machine).setDesired({ resources: [noop('a')] })).toBe(1);
    expect(await E(machine).setDesired({ policy: 'correct' })).toBe(2);
    expect(await E(machine).desired()).toEqual({ generation: 2, policy: 'correct', resources: [noop('a')] });
    expect(await E(machine).status()).toMatchObject({ generation: 2, policy: 'correct', reported: null });
    await life.kernel.idle();
    expect(hob.heard).toEqual(['push 1', 'push 2']);
  });

  test('that a hob missed is there when it attaches or pulls', async () => {
    const { machine, hob } = await createReady();
    await life.disconnect(hob);
    expect(await E(machine).setDesired({ resources: [noop('a')] })).toBe(1);
    await life.connect(hob);
    expect(hob.desired).toMatchObject({ generation: 1 });
    expect(await E(life.hobSide(hob)).pull()).toMatchObject(await E(machine).desired());
    expect(hob.heard).toEqual([]);
  });

  test('says what comes after what, which the hob is told, and which is a difference', async () => {
    const { machine, hob } = await createReady();
    const resources = [{ ...noop('a'), after: ['b'] }, noop('b')];
    expect(await E(machine).setDesired({ resources: [noop('a'), noop('b')] })).toBe(1);
    expect(await E(machine).setDesired({ resources })).toBe(2);
    expect(await E(machine).setDesired({ resources: [{ ...noop('a'), after: ['b'] }, noop('b')] })).toBe(2);
    expect(await E(machine).desired()).toEqual({ generation: 2, policy: 'report', resources });
    await life.disconnect(hob);
    await life.connect(hob);
    expect(hob.desired).toMatchObject({ generation: 2, resources });
    const circle = [
      { ...noop('a'), after: ['b'] },
      { ...noop('b'), after: ['a'] },
    ];
    await expect(E(machine).setDesired({ resources: circle })).rejects.toThrow(
      'BAD_DESIRED_STATE: machines.web1.resources[1].after: must not go in a circle: a → b → a',
    );
    expect(await E(machine).desired()).toMatchObject({ generation: 2 });
  });

  test('that makes no sense is refused with its place, and nothing changes', async () => {
    const { machine } = await createReady();
    const bad = [noop('a'), { id: 'b', type: 'file', path: '/etc/motd', content: 'x', mode: 420 }];
    await expect(E(machine).setDesired({ resources: bad })).rejects.toThrow(
      /^BAD_DESIRED_STATE: machines\.web1\.resources\[1\]\.mode: must be three or four octal/,
    );
    expect(await E(machine).desired()).toMatchObject({ generation: 0 });
    expect(await code(create('web2', { resources: bad }))).toBe('BAD_DESIRED_STATE');
    expect(await code(E(life.boss).machine('web2'))).toBe('NO_SUCH_MACHINE');
  });
});

describe('check and converge', () => {
  const drifted = ({ generation, digest }: WantedState): Report => ({
    generation,
    digest,
    reason: 'asked',
    at: 5,
    resources: [
      { id: 'a', type: 'noop', state: 'drifted', changes: [{ what: 'mode', from: '1', to: '2' }] },
      { id: 'old', type: 'noop', state: 'released' },
    ],
  });

  test('ask the hob now, and keep what it says', async () => {
    const { machine, hob } = await createReady('web1', { resources: [noop('a')] });
    hob.answer = drifted;
    const report = await E(machine).check();
    expect(report).toMatchObject({ online: true, report: drifted(hob.desired!), receivedAt: world.now });
    expect(await E(machine).drift()).toEqual(report);
    expect((await E(machine).status()).drift).toEqual({
      ok: 0,
      drifted: 1,
      corrected: 0,
      failed: 0,
      unknown: 0,
      skipped: 0,
    });
    hob.answer = undefined;
    expect((await E(machine).converge()).report!.resources).toEqual([{ id: 'a', type: 'noop', state: 'ok' }]);
    expect(hob.heard).toEqual(['check', 'converge']);
  });

  test('say at once that the hob is not there, and when it was seen last', async () => {
    const { machine, hob } = await createReady();
    await life.disconnect(hob);
    world.now += 5_000;
    await expect(E(machine).check()).rejects.toThrow(
      /^HOB_UNREACHABLE: web1: its hob is not connected, last seen 2030-01-01T00:00:00\.000Z\nhint: /,
    );
    expect(await code(E(machine).converge())).toBe('HOB_UNREACHABLE');
    expect(await code(E(machine).bindings())).toBe('HOB_UNREACHABLE');
    world.automatic = false;
    await expect(E(await create('web2')).check()).rejects.toThrow(/never seen/);
  });

  test('find nothing where nothing is asked for', async () => {
    const { machine, hob } = await createReady();
    expect((await E(machine).check()).report).toMatchObject({ generation: 0, resources: [] });
    expect(hob.heard).toEqual([]);
  });

  test('do not believe a hob that talks nonsense', async () => {
    const { machine, hob } = await createReady('web1', { resources: [noop('a')] });
    const before = await E(machine).drift();
    const lies: readonly [string, unknown][] = [
      ['PROTOCOL_ERROR', { ...drifted(hob.desired!), more: 1 }],
      ['PROTOCOL_ERROR', 'all is well'],
      ['PROTOCOL_ERROR', undefined],
      ['BAD_REPORT', { ...drifted(hob.desired!), generation: 2 }],
      ['BAD_REPORT', { ...drifted(hob.desired!), generation: -1 }],
      ['BAD_REPORT', { ...drifted(hob.desired!), generation: 0.5 }],
      [
        'LIMIT_EXCEEDED',
        {
          ...drifted(hob.desired!),
          resources: Array.from({ length: 600 }, (_, n) => ({
            id: `${n}`,
            type: 'noop',
            state: 'failed',
            why: 'x'.repeat(4_000),
          })),
        },
      ],
    ];
    for (const [expected, lie] of lies) {
      hob.answer = () => harden(lie);
      expect(await code(E(machine).check())).toBe(expected);
    }
    expect(await E(machine).drift()).toEqual(before);
    expect(await code(E(life.hobSide(hob)).report({ nothing: 1 } as never))).toBe('BAD_REPORT');
    for (const failed of [-1, 0.5, 20_001, Number.MAX_SAFE_INTEGER]) {
      const lie = harden({ ...drifted(hob.desired!), omitted: { ...noDrift, failed } });
      expect(await code(E(life.hobSide(hob)).report(lie))).toBe('BAD_REPORT');
    }
  });

  test('are refused as HOB_UNREACHABLE if the session ends before the answer', async () => {
    const { machine, hob } = await createReady('web1', { resources: [noop('a')] });
    hob.answer = () => {
      throw makeError('SESSION_CLOSED', 'the session ended');
    };
    expect(await code(E(machine).check())).toBe('HOB_UNREACHABLE');
    hob.answer = () => {
      throw makeError('CANNOT_LOOK', 'no');
    };
    expect(await code(E(machine).check())).toBe('CANNOT_LOOK');
  });
});

describe('a hob that attaches with the newest desired state, on which the boss has heard no report', () => {
  test('is asked to look, since it would have nothing to say before its interval is over', async () => {
    const { machine, hob } = await createReady('web1', { resources: [noop('a')] });
    await life.disconnect(hob);
    await E(machine).setDesired({ resources: [noop('b')] });
    hob.desired = await E(life.hobSide(hob)).pull();
    await life.connect(hob);
    await life.kernel.idle();
    expect(hob.heard).toEqual(['check']);
    expect(await E(machine).status()).toMatchObject({ generation: 2, reported: 2 });
    await life.disconnect(hob);
    await life.connect(hob);
    await life.kernel.idle();
    expect(hob.heard).toEqual(['check']);
  });
});

describe('a hob that holds what this boss does not have', () => {
  /** The boss's store as it was at generation 1, under a hob that has done generation `held` of a later time. */
  const putBackUnder = async (held: number) => {
    const { machine, hob } = await createReady('web1', { resources: [noop('a')] });
    expect(await E(machine).status()).toMatchObject({ generation: 1, reported: 1 });
    await life.disconnect(hob);
    hob.desired = harden({ ...hob.desired!, generation: held, digest: 'of another document' });
    return { machine, hob, side: life.hobSide(hob), self: life.kernel.refOf(`peer:${hob.peerId}/1`) as Hob };
  };
  const identity = ({ desired }: TestHob) => harden({ generation: desired!.generation, digest: desired!.digest });

  test.each([1, 3])('generation %i, is not as the document says from the moment when it attaches', async (held) => {
    const { machine, hob, side, self } = await putBackUnder(held);
    const wanted = await E(side).attach(self, someFacts, identity(hob));
    expect(await E(machine).status()).toMatchObject({ generation: 1, reported: null });
    expect(await logOf(machine)).toContain(
      `its hob holds a desired state ${held} that this boss does not have; it is to take 1`,
    );
    expect(await E(side).report(reportOn(wanted, 5))).toBe('newest');
    expect(await E(machine).status()).toMatchObject({ reported: 1 });
  });

  test.each([1, 3])('generation %i, and reports on it, is told so; it is noted and not counted', async (held) => {
    const { machine, hob, side } = await putBackUnder(held);
    const before = await E(machine).drift();
    expect(await E(side).report(reportOn(hob.desired!, 5))).toBe('unknown');
    expect(await E(machine).drift()).toEqual(before);
    expect(await E(machine).status()).toMatchObject({ generation: 1, reported: null });
    expect((await logOf(machine)).at(-1)).toBe(
      `its hob reported on a desired state ${held} that this boss does not have; it is to take 1`,
    );
  });

  test('is told what is wanted when somebody asks it to look', async () => {
    const { machine, hob } = await createReady('web1', { resources: [noop('a')] });
    hob.answer = (desired) => ({ ...reportOn(desired, 5), digest: 'of another document' });
    expect(await code(E(machine).check())).toBe('BAD_REPORT');
    await life.kernel.idle();
    expect(hob.heard).toEqual(['check', 'push 1']);
    expect(await logOf(machine)).toContainEqual(expect.stringMatching(/^its hob reported on a desired state 1 that/));
  });

  test('that is older is behind: its report is kept', async () => {
    const { machine, hob, side } = await putBackUnder(1);
    await E(machine).setDesired({ policy: 'correct' });
    expect(await E(side).report(reportOn(hob.desired!, 5))).toBe('older');
    expect(await E(machine).status()).toMatchObject({ generation: 2, reported: 1 });
  });

  test('documents that say the same are the same, whatever the order of properties', async () => {
    const digest = async (name: string, resource: Resource) => {
      const { hob } = await createReady(name, { resources: [resource] });
      return hob.desired!.digest;
    };
    const first = await digest('web1', { id: 'f', type: 'file', path: '/f', content: 'x' });
    expect(await digest('web2', { content: 'x', path: '/f', type: 'file', id: 'f' })).toBe(first);
    expect(await digest('web3', { id: 'f', type: 'file', path: '/f', content: 'y' })).not.toBe(first);
    expect(first).toMatch(/^[0-9a-f]{64}$/);
  });
});

test('facts are those that the hob told last', async () => {
  const { machine, hob } = await createReady();
  const now = { ...someFacts, memory: { total: 4, free: 1 } };
  await E(life.hobSide(hob)).tellFacts(now);
  expect(await E(machine).facts()).toEqual(now);
});

test('what a report does not list for want of room is counted, if it is a number of something', async () => {
  const { machine, hob } = await createReady('web1', { resources: [noop('a')] });
  const omitted = { ok: 7, drifted: 0, corrected: 0, failed: 2, unknown: 0, skipped: 0 };
  hob.answer = (desired) => ({ ...reportOn(desired, 5), omitted });
  await E(machine).check();
  expect((await E(machine).status()).drift).toEqual({ ...omitted, ok: 8 });
  hob.answer = (desired) => ({ ...reportOn(desired, 5), omitted: { ...omitted, ok: -1 } });
  expect(await code(E(machine).check())).toBe('BAD_REPORT');
});

describe('bindings', () => {
  test('are kept by the hob', async () => {
    const { machine, hob } = await createReady();
    const { machine: other } = await createReady('web2');
    await E(machine).bind('database', other);
    expect(await E(machine).bindings()).toEqual(['database']);
    expect(await E(machine).lookup('database')).toBe(other);
    await E(machine).unbind('database');
    expect(await code(E(machine).lookup('database'))).toBe('NO_SUCH_BINDING');
    expect(hob.heard).toEqual(['bind database', 'unbind database']);
  });
});

describe('nextStatus', () => {
  test('answers at once if there is something new, and otherwise when there is', async () => {
    const { machine, hob } = await createReady();
    const { revision } = await E(machine).status();
    expect(await E(machine).nextStatus(revision - 1)).toMatchObject({ revision });
    const waiting = [E(machine).nextStatus(revision), E(machine).nextStatus(revision)];
    await life.disconnect(hob);
    for (const next of waiting) {
      expect(await next).toMatchObject({ revision: revision + 1, online: false, lastSeen: world.now });
    }
  });

  test('does not answer for a turn that was undone', async () => {
    const { machine } = await createReady();
    const { revision } = await E(machine).status();
    let answered = false;
    const waiting = E(machine)
      .nextStatus(revision)
      .then((status) => {
        answered = true;
        return status;
      });
    await code(E(machine).setDesired({ resources: [{ id: 'x', type: 'none' }] }));
    await life.kernel.idle();
    expect(answered).toBe(false);
    await E(machine).setDesired({ policy: 'correct' });
    expect(await waiting).toMatchObject({ revision: revision + 1, policy: 'correct' });
  });
});

describe('the log', () => {
  test('is bounded', async () => {
    const { machine, hob } = await createReady();
    for (let n = 0; n < 40; n += 1) {
      await life.disconnect(hob);
      await life.connect(hob);
    }
    expect(await E(machine).log()).toHaveLength(60);
    expect(await logOf(machine)).toContain('requested');
    for (let n = 0; n < 70; n += 1) await E(machine).setDesired({ resources: [noop(`${n}`)] });
    const lines = await logOf(machine);
    expect(lines).toHaveLength(60);
    expect(lines).not.toContain('requested');
    expect(lines.filter((line) => line.startsWith('desired state'))).toHaveLength(30);
  });

  test('has a line of what was corrected, but not of what was applied; the same again moves it on', async () => {
    const { machine, hob } = await createReady();
    const side = life.hobSide(hob);
    await E(machine).setDesired({ resources: [noop('a'), noop('b')] });
    const changes = ['content', 'mode'].map((what) => ({ what, from: 'x', to: 'y' }));
    const { digest } = await E(side).pull();
    const corrected = (reason: 'applied' | 'interval') => ({
      generation: 1,
      digest,
      reason,
      at: 1,
      resources: [
        { id: 'a', type: 'noop', state: 'corrected' as const, changes, at: 1 },
        { id: 'b', type: 'noop', state: 'ok' as const },
      ],
    });
    const before = await logOf(machine);
    await E(side).report(corrected('applied'));
    expect(await logOf(machine)).toEqual(before);
    await E(side).report(corrected('interval'));
    world.now += 5;
    await E(side).report(corrected('interval'));
    expect(await logOf(machine)).toEqual([...before, 'its hob corrected a (content, mode)']);
    expect((await E(machine).log()).at(-1)!.at).toBe(world.now);
  });
});
