import { beforeEach, describe, expect, test } from 'vitest';
import { codeOf } from '../../src/errors/gobs-error.ts';
import type { MachineAdmin } from '../../src/protocol/remotes.ts';
import { E } from '../../src/vats/eventual-send.ts';
import {
  hashOf,
  makeBossWorld,
  reach,
  ready,
  secretIn,
  type BossWorld,
  type Life,
  type TestHob,
} from '../support/boss-world.ts';
import { makeMemoryStore } from '../../src/persistence/memory-store.ts';
import { countingStore } from '../support/counting-store.ts';

let world: BossWorld;
let life: Life;
let machine: MachineAdmin;

const code = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error: unknown) => codeOf(error),
  );
const locatorOf = (machineId: string): string => world.cloud.hosts.get(machineId)!.locator!;
const visitor = ({ peerId }: TestHob) => ({ peerId, address: '192.0.2.9:7' });
const present = (hob: TestHob, locator: string) => E(life.process).present(hashOf(secretIn(locator)), visitor(hob));
const codesRefused = async (): Promise<string[]> => (await E(life.boss).refusals()).map(({ code: why }) => why);
const createBooting = async (name: string): Promise<MachineAdmin> => {
  const made = await E(life.boss).createMachine(name, { provider: 'fake' });
  await reach(made, 'booting');
  return made;
};

beforeEach(async () => {
  world = makeBossWorld();
  world.automatic = false;
  life = await world.open();
  machine = await createBooting('web1');
});

describe('an enrolment locator', () => {
  test('lets one hob in', async () => {
    const hob = world.makeHob('m1');
    await life.connect(hob, locatorOf('m1'));
    await ready(machine);
    expect(await codesRefused()).toEqual([]);
  });

  test('that is guessed lets nobody in, and costs no row', async () => {
    await life.kernel.idle();
    const before = world.store.entries();
    expect(await code(present(world.makeHob('m1'), 'gobs://boss.tls/s/guess'))).toBe('LOCATOR_UNKNOWN');
    await life.kernel.idle();
    expect(world.store.entries()).toEqual(before);
  });

  test('that is spent lets nobody else in, and trying is recorded', async () => {
    await life.connect(world.makeHob('m1'), locatorOf('m1'));
    const thief = world.makeHob('elsewhere');
    expect(await code(present(thief, locatorOf('m1')))).toBe('ENROLMENT_SPENT');
    expect(await E(life.boss).refusals()).toEqual([
      {
        at: world.now,
        since: world.now,
        times: 1,
        machine: 'web1',
        peerId: thief.peerId,
        peers: [thief.peerId],
        address: '192.0.2.9:7',
        code: 'ENROLMENT_SPENT',
      },
    ]);
    expect((await E(machine).log()).at(-1)!.what).toBe(
      `turned away ${thief.peerId.slice(0, 8)}… from 192.0.2.9:7: ENROLMENT_SPENT`,
    );
    expect(await E(machine).status()).toMatchObject({ state: 'ready', online: true });
  });

  test('that two hobs race for lets exactly one in, and the loss is recorded', async () => {
    const hobs = [world.makeHob('m1'), world.makeHob('copy')];
    const outcomes = await Promise.all(hobs.map((hob) => code(present(hob, locatorOf('m1')))));
    expect(outcomes.toSorted()).toEqual(['ENROLMENT_SPENT', 'done']);
    expect(await codesRefused()).toEqual(['ENROLMENT_SPENT']);
  });

  test('lets its winner in again: the answer may have been lost', async () => {
    const hob = world.makeHob('m1');
    const side = await present(hob, locatorOf('m1'));
    expect(await present(hob, locatorOf('m1'))).toBe(side);
    world.now += 24 * 60 * 60_000;
    expect(await present(hob, locatorOf('m1'))).toBe(side);
  });

  test('lets its winner in again after a crash between commit and answer', async () => {
    const hob = world.makeHob('m1');
    const content = makeMemoryStore(world.store.entries());
    await life.stop();
    const counting = countingStore(content, ({ moment, ops }) => {
      const enrols = ops.some(({ key }) => key.includes(hob.peerId));
      if (enrols && moment === 'after') counting.crash();
    });
    life = await world.open({ store: counting.store });
    let answered = false;
    void present(hob, locatorOf('m1')).then(() => (answered = true));
    await counting.crashed;
    life = await world.open({ store: makeMemoryStore(content.entries()) });
    expect(await code(present(world.makeHob('thief'), locatorOf('m1')))).toBe('ENROLMENT_SPENT');
    world.hobs.set('m1', hob);
    await life.connect(hob, locatorOf('m1'));
    await ready(E(life.boss).machine('web1'));
    expect(answered).toBe(false);
  });

  test('that has expired lets nobody in, and trying is recorded', async () => {
    world.now += 60 * 60_000;
    expect(await code(present(world.makeHob('m1'), locatorOf('m1')))).toBe('ENROLMENT_EXPIRED');
    expect(await codesRefused()).toEqual(['ENROLMENT_EXPIRED']);
    expect(await E(machine).status()).toMatchObject({ state: 'booting', online: false });
  });

  test('is replaced when the machine is made anew, and the old one is worth nothing', async () => {
    const old = locatorOf('m1');
    await E(machine).start();
    await reach(machine, ({ state }) => state === 'booting');
    expect(locatorOf('m1')).not.toBe(old);
    expect(await code(present(world.makeHob('m1'), old))).toBe('ENROLMENT_EXPIRED');
    await life.connect(world.makeHob('m1'), locatorOf('m1'));
    await ready(machine);
  });

  test('is the same when a boss that was killed goes on making the machine', async () => {
    const old = locatorOf('m1');
    await life.stop();
    life = await world.open();
    await life.kernel.idle();
    expect(locatorOf('m1')).toBe(old);
    await life.connect(world.makeHob('m1'), old);
    await ready(E(life.boss).machine('web1'));
  });

  test('of a machine that was destroyed lets nobody in', async () => {
    const old = locatorOf('m1');
    await E(machine).destroy();
    await reach(machine, 'gone');
    expect(await code(present(world.makeHob('m1'), old))).toBe('MACHINE_GONE');
    expect(await codesRefused()).toEqual(['MACHINE_GONE']);
  });

  test('is not for the hob of another machine', async () => {
    const hob = world.makeHob('m1');
    await life.connect(hob, locatorOf('m1'));
    const other = await createBooting('web2');
    expect(await code(present(hob, locatorOf('m2')))).toBe('ENROLMENT_REFUSED');
    expect(await codesRefused()).toEqual(['ENROLMENT_REFUSED']);
    expect((await E(other).status()).state).toBe('booting');
    await life.connect(world.makeHob('m2'), locatorOf('m2'));
    await ready(other);
  });

  test('is not for somebody who cannot be a hob: it is not spent by that, and trying is recorded', async () => {
    const guest = visitor(world.makeHob('guest'));
    const presentInVain = (locator: string) => E(life.process).presentInVain(hashOf(secretIn(locator)), guest);
    expect(await code(presentInVain(locatorOf('m1')))).toBe('ENROLMENT_REFUSED');
    expect(await code(presentInVain('gobs://boss.tls/s/guess'))).toBe('LOCATOR_UNKNOWN');
    expect(await codesRefused()).toEqual(['ENROLMENT_REFUSED']);
    await life.connect(world.makeHob('m1'), locatorOf('m1'));
    await ready(machine);
  });

  test('is bound to its machine: no two are alike', async () => {
    await createBooting('web2');
    expect(secretIn(locatorOf('m1'))).not.toBe(secretIn(locatorOf('m2')));
    expect(secretIn(locatorOf('m1'))).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });
});

describe('a key that is used from two places', () => {
  const linesOf = async () =>
    (await E(machine).log()).map(({ what }) => what).filter((what) => what.includes('from two places'));

  test('is recorded with both places, and counted; who tries for ever does not fill the log', async () => {
    const hob = world.makeHob('m1');
    await life.connect(hob, locatorOf('m1'));
    for (let n = 1; n <= 9; n += 1) await E(life.process).copied(hob.peerId, '192.0.2.7:1', `192.0.2.9:${n}`);
    expect(await E(life.boss).refusals()).toEqual([
      {
        at: world.now,
        since: world.now,
        times: 9,
        machine: 'web1',
        peerId: hob.peerId,
        peers: [hob.peerId],
        address: '192.0.2.9:9',
        code: 'PEER_ALREADY_CONNECTED',
      },
    ]);
    const line = (n: number) =>
      `its key is used from two places (a copy of its directory?): 192.0.2.9:${n} was turned away, 192.0.2.7:1 stays`;
    expect(await linesOf()).toEqual([line(1), line(2), line(4), line(8)]);
  });

  test('is nobody’s business if it is no hob’s', async () => {
    await E(life.process).copied(world.makeHob('m1').peerId, 'here', 'there');
    expect(await E(life.boss).refusals()).toEqual([]);
  });
});

describe('what was refused', () => {
  test('is kept over a restart, and one spent locator with any number of keys pushes nothing out', async () => {
    const visitor = { peerId: world.makeHob('a client').peerId, address: '192.0.2.9:7' };
    await code(E(life.process).presentInVain(hashOf(secretIn(locatorOf('m1'))), visitor));
    await life.connect(world.makeHob('m1'), locatorOf('m1'));
    const thieves = Array.from({ length: 110 }, (_, n) => world.makeHob(`thief${n}`));
    for (const thief of thieves) await code(present(thief, locatorOf('m1')));
    for (let n = 0; n < 3; n += 1) await code(present(thieves[50]!, locatorOf('m1')));
    await life.stop();
    life = await world.open();
    const refusals = await E(life.boss).refusals();
    expect(refusals.map(({ code: why, times }) => [why, times])).toEqual([
      ['ENROLMENT_REFUSED', 1],
      ['ENROLMENT_SPENT', 113],
    ]);
    expect(refusals.at(-1)).toMatchObject({
      peerId: thieves[50]!.peerId,
      peers: thieves.slice(0, 5).map(({ peerId }) => peerId),
    });
    const lines = (await E(E(life.boss).machine('web1')).log()).map(({ what }) => what);
    expect(lines.filter((line) => line.includes('ENROLMENT_SPENT'))).toHaveLength(7);
    expect(lines).toContain('requested');
  });
});
