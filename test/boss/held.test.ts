/** What becomes of machines when the boss's store is put back from a backup: src/boss/held.ts. */
import { beforeEach, describe, expect, test } from 'vitest';
import { codeOf, describeError, makeError } from '../../src/errors/gobs-error.ts';
import { makeMemoryStore } from '../../src/persistence/memory-store.ts';
import type { MachineAdmin, RestoreNotice } from '../../src/protocol/remotes.ts';
import type { ProviderDriver } from '../../src/providers/contract.ts';
import type { StoreEntry } from '../../src/vats/store.ts';
import { E } from '../../src/vats/eventual-send.ts';
import {
  hashOf,
  makeBossWorld,
  reach,
  ready,
  reportOn,
  secretIn,
  someFacts,
  type BossWorld,
  type Life,
  type TestHob,
} from '../support/boss-world.ts';

const noop = (...ids: readonly string[]) => harden(ids.map((id) => ({ id, type: 'noop' })));
const spec = harden({ provider: 'fake', resources: noop('a') });
const taken = Date.UTC(2029, 11, 31);

let world: BossWorld;
let life: Life;
let backup: readonly StoreEntry[];

const outcome = (asked: PromiseLike<unknown>): Promise<string> =>
  Promise.resolve(asked).then(
    () => 'done',
    (error: unknown) => codeOf(error),
  );
const machineOf = (name: string): Promise<MachineAdmin> => E(life.boss).machine(name) as Promise<MachineAdmin>;
const statusOf = async (name: string) => E(await machineOf(name)).status();
const logOf = async (name: string): Promise<string[]> => (await E(await machineOf(name)).log()).map(({ what }) => what);
const hobOf = (machineId: string): TestHob => world.hobs.get(machineId)!;
const takeBackup = async (): Promise<void> => {
  await life.kernel.idle();
  backup = world.store.entries();
};
const idle = async (): Promise<void> => {
  for (let n = 0; n < 3; n += 1) {
    await life.kernel.idle();
    await new Promise(setImmediate);
  }
};

/** The boss's store is lost, and begins again with the backup. Hobs do not come by themselves. */
const restore = async (options: { driver?: ProviderDriver } = {}): Promise<void> => {
  await life.stop();
  const restores = world.restoration.restores + 1;
  const firstNumber = restores * 1_000_000;
  world.restoration = { restores, restored: { taken, at: world.now }, firstNumber };
  world.automatic = false;
  for (const hob of world.hobs.values()) hob.heard.length = 0;
  store = makeMemoryStore(backup);
  life = await world.open({ store, ...options });
};
let store = makeMemoryStore();
const restart = async (): Promise<void> => {
  await life.stop();
  life = await world.open({ store });
};

beforeEach(async () => {
  world = makeBossWorld();
  life = await world.open();
});

describe('a machine of a backup', () => {
  beforeEach(async () => {
    await ready(E(life.boss).createMachine('web1', spec));
    await takeBackup();
  });

  test('is held after a restore, and after a restart, until somebody confirms it; one that is made then is not', async () => {
    expect(await statusOf('web1')).toMatchObject({ held: false, holds: null });
    await restore();
    expect(await statusOf('web1')).toMatchObject({ held: true, state: 'ready' });
    world.automatic = true;
    await ready(E(life.boss).createMachine('web2', spec));
    expect(await statusOf('web2')).toMatchObject({ held: false, id: 'm1000000' });
    await restart();
    expect([(await statusOf('web1')).held, (await statusOf('web2')).held]).toEqual([true, false]);

    await E(await machineOf('web1')).confirm();
    await restart();
    expect((await statusOf('web1')).held).toBe(false);
    expect(await logOf('web1')).toContain('confirmed');
  });

  test('is held again after the next restore, of whichever backup', async () => {
    const old = backup;
    await restore();
    await E(await machineOf('web1')).confirm();
    await takeBackupOf();
    await restore();
    expect((await statusOf('web1')).held).toBe(true);
    backup = old;
    await restore();
    expect((await statusOf('web1')).held).toBe(true);
  });
  const takeBackupOf = async (): Promise<void> => {
    await life.kernel.idle();
    backup = store.entries();
  };

  test('tells its hob nothing but that, whatever the hob says, and can be looked at', async () => {
    const hob = hobOf('m1');
    const held = reportOn(hob.desired!, world.now);
    await restore();
    const refusal: unknown = await life.connect(hob).catch((error: unknown) => error);
    expect(describeError(refusal)).toMatchObject({
      code: 'RESTORE_UNCONFIRMED',
      hint: expect.stringContaining('gobs machine confirm web1') as string,
    });
    const side = life.hobSide(hob);
    expect(await outcome(E(side).pull())).toBe('RESTORE_UNCONFIRMED');
    expect(await outcome(E(side).tellFacts(someFacts))).toBe('RESTORE_UNCONFIRMED');
    expect(await outcome(E(side).report(held))).toBe('RESTORE_UNCONFIRMED');
    await idle();
    expect(hob.heard).toEqual([]);
    const machine = await machineOf('web1');
    expect(await E(machine).status()).toMatchObject({ online: true, held: true, holds: null, reported: 1 });
    expect(await E(machine).facts()).toEqual(someFacts);
    expect((await E(machine).drift()).report).not.toBe(null);
  });

  test('lets nobody run it, or ask its hob', async () => {
    await restore();
    await life.connect(hobOf('m1')).catch(() => undefined);
    const machine = await machineOf('web1');
    const asked = [
      E(machine).start(),
      E(machine).stop(),
      E(machine).check(),
      E(machine).converge(),
      E(machine).bind('x', machine),
      E(machine).unbind('x'),
      E(machine).lookup('x'),
      E(machine).bindings(),
    ];
    expect(await Promise.all(asked.map(outcome))).toEqual(asked.map(() => 'RESTORE_UNCONFIRMED'));
    await E(life.process).revive();
    await idle();
    expect(hobOf('m1').heard).toEqual([]);
    expect(await statusOf('web1')).toMatchObject({ state: 'ready', held: true });
  });

  test('notes once in a session what its hob says, however often it comes', async () => {
    await restore();
    const hob = hobOf('m1');
    await life.connect(hob).catch(() => undefined);
    const rows = store.entries();
    for (let n = 0; n < 5; n += 1) {
      const own = life.kernel.refOf(`peer:${hob.peerId}/1`) as never;
      const { generation, digest } = hob.desired!;
      expect(await outcome(E(life.hobSide(hob)).attach(own, someFacts, { generation, digest }))).toBe(
        'RESTORE_UNCONFIRMED',
      );
    }
    await idle();
    expect(store.entries()).toEqual(rows);
  });

  test('is not started by a boss that finds it stopped, and its hob is not overdue', async () => {
    world.cloud.killHob('m1');
    await restore();
    await E(life.process).revive();
    world.now += 24 * 60 * 60_000;
    await E(life.process).expire();
    await idle();
    expect(world.cloud.hosts.get('m1')!.hob).toBe(undefined);
    expect(await statusOf('web1')).toMatchObject({ state: 'ready', held: true });
  });
});

describe('what is wanted of a held machine', () => {
  /** The hob holds a generation that the backup does not know. */
  const restoreBehind = async (resources = noop('a', 'later')): Promise<TestHob> => {
    const machine = await E(life.boss).createMachine('web1', spec);
    await ready(machine);
    await takeBackup();
    for (const id of ['b', 'c']) await E(machine).setDesired({ resources: noop('a', id) });
    await E(machine).setDesired({ resources });
    await idle();
    await restore();
    const hob = hobOf('m1');
    expect(hob.desired!.generation).toBe(4);
    await life.connect(hob).catch(() => undefined);
    return hob;
  };

  test('is shown beside what its hob holds; confirmed, it is newer than that', async () => {
    const hob = await restoreBehind();
    expect(await statusOf('web1')).toMatchObject({ generation: 1, holds: { generation: 4, same: false } });
    const machine = await machineOf('web1');
    await E(machine).confirm();
    await idle();
    expect(await statusOf('web1')).toMatchObject({ generation: 5, holds: null, held: false });
    expect(hob.heard).toEqual(['push 5']);
    expect(hob.desired!.resources).toEqual(noop('a'));
    await life.connect(hob);
    expect(await ready(machine)).toMatchObject({ generation: 5, reported: 5 });
  });

  test('can be said before it is confirmed, and reaches the hob then', async () => {
    const hob = await restoreBehind();
    const machine = await machineOf('web1');
    await E(machine).setDesired({ resources: noop('a', 'later') });
    await idle();
    expect(hob.heard).toEqual([]);
    expect(await statusOf('web1')).toMatchObject({ generation: 2, holds: { generation: 4, same: true } });
    await E(machine).confirm();
    await idle();
    expect(await statusOf('web1')).toMatchObject({ generation: 5 });
    expect(hob.desired).toMatchObject({ generation: 5, resources: noop('a', 'later') });
  });

  test('is the same for both if nothing changed since the backup', async () => {
    await ready(E(life.boss).createMachine('web1', spec));
    await takeBackup();
    await restore();
    const hob = hobOf('m1');
    await life.connect(hob).catch(() => undefined);
    await E(await machineOf('web1')).confirm();
    expect(await statusOf('web1')).toMatchObject({ generation: 1 });
    await life.connect(hob);
    expect(await statusOf('web1')).toMatchObject({ generation: 1, reported: 1 });
  });

  test('is made newer when a hob that was away at the confirmation comes', async () => {
    const machine = await E(life.boss).createMachine('web1', spec);
    await ready(machine);
    await takeBackup();
    for (const id of ['b', 'c']) await E(machine).setDesired({ resources: noop(id) });
    await idle();
    await restore();
    await E(await machineOf('web1')).confirm();
    expect(await statusOf('web1')).toMatchObject({ generation: 1, reported: 1 });
    const hob = hobOf('m1');
    await life.connect(hob);
    expect(hob.desired).toMatchObject({ generation: 4, resources: noop('a') });
    expect(await statusOf('web1')).toMatchObject({ generation: 4, reported: 4, state: 'ready' });
  });

  test.each([Number.MAX_SAFE_INTEGER, 1e300, Number.NaN, -1, 1.5, 2_000_000])(
    'is not counted up to what a hob may say: %d',
    async (generation) => {
      await ready(E(life.boss).createMachine('web1', spec));
      await takeBackup();
      await restore();
      const hob = hobOf('m1');
      const own = life.kernel.refOf(`peer:${hob.peerId}/1`) as never;
      await life.connect(hob).catch(() => undefined);
      await E(life.hobSide(hob))
        .attach(own, someFacts, harden({ generation, digest: 'lie' }))
        .catch(() => undefined);
      await E(await machineOf('web1')).confirm();
      await E(life.hobSide(hob)).attach(own, someFacts, harden({ generation, digest: 'lie' }));
      expect((await statusOf('web1')).generation).toBe(1);
    },
  );
});

describe('who comes with what was given after, or before, the backup', () => {
  test('an enrolment locator from before is void for everybody, also when the machine was confirmed; a new one is good', async () => {
    world.automatic = false;
    const machine = await E(life.boss).createMachine('web1', spec);
    await reach(machine, 'booting');
    const locator = world.cloud.hosts.get('m1')!.locator!;
    await takeBackup();
    // It is used after the backup was taken; then somebody else finds it.
    await life.connect(world.makeHob('m1'), locator);
    await restore();
    const present = async (name: string): Promise<unknown> =>
      E(life.process)
        .present(hashOf(secretIn(locator)), { peerId: world.makeHob(name).peerId, address: 'somewhere' })
        .catch((error: unknown) => error);
    const refusal = describeError(await present('thief'));
    expect(refusal.code).toBe('ENROLMENT_EXPIRED');
    expect(refusal.hint).toContain('confirms the machine');
    expect(await E(life.boss).refusals()).toMatchObject([{ machine: 'web1', code: 'ENROLMENT_EXPIRED', times: 1 }]);
    expect((await statusOf('web1')).state).toBe('booting');

    await E(await machineOf('web1')).confirm();
    await reach(machineOf('web1'), 'booting');
    expect(codeOf(await present('thief again'))).toBe('ENROLMENT_EXPIRED');
    const fresh = world.cloud.hosts.get('m1')!.locator!;
    expect(fresh).not.toBe(locator);
    await life.connect(world.makeHob('m1'), fresh);
    await ready(machineOf('web1'));
  });

  test('a machine that failed before it had a hob has a void locator too', async () => {
    world.automatic = false;
    const machine = await E(life.boss).createMachine('web1', spec);
    await reach(machine, 'booting');
    const locator = world.cloud.hosts.get('m1')!.locator!;
    world.cloud.failNext('stop', makeError('PROVIDER_FAILED', 'no'));
    await E(machine).stop();
    await reach(machine, 'failed');
    await takeBackup();
    await restore();
    await E(await machineOf('web1')).confirm();
    const thief = { peerId: world.makeHob('thief').peerId, address: 'somewhere' };
    expect(await outcome(E(life.process).present(hashOf(secretIn(locator)), thief))).toBe('ENROLMENT_EXPIRED');
  });

  test('the hob of a machine that was forgotten since is held like all, and the machine can be forgotten while it is there', async () => {
    const machine = await E(life.boss).createMachine('web1', spec);
    await ready(machine);
    await takeBackup();
    const stolen = hobOf('m1');
    await life.disconnect(stolen);
    await E(machine).forget();
    await restore();
    expect(await outcome(life.connect(stolen))).toBe('RESTORE_UNCONFIRMED');
    expect(await statusOf('web1')).toMatchObject({ held: true, online: true });
    await E(await machineOf('web1')).forget();
    expect(await outcome(E(life.hobSide(stolen)).pull())).toBe('MACHINE_GONE');
    await life.disconnect(stolen);
    expect(await outcome(life.connect(stolen))).toBe('MACHINE_GONE');
    expect(stolen.heard).toEqual([]);
  });

  test('the hob of a machine that was made since is nobody to this boss, and its reference names nothing', async () => {
    await ready(E(life.boss).createMachine('web1', spec));
    await takeBackup();
    await ready(E(life.boss).createMachine('web2', spec));
    const later = hobOf('m2');
    await restore();
    expect(await outcome(life.connect(later))).toBe('NO_SUCH_ACTOR');
    world.automatic = true;
    await ready(E(life.boss).createMachine('web2', spec));
    expect((await statusOf('web2')).id).toBe('m1000000');
    expect(world.cloud.hosts.has('m2')).toBe(true);
    expect(await outcome(E(life.hobSide(later)).pull())).toBe('NO_SUCH_ACTOR');
  });
});

describe('what was under way', () => {
  test('waits, destroying too, over restarts, until it is confirmed', async () => {
    const machine = await E(life.boss).createMachine('web1', spec);
    await ready(machine);
    world.cloud.failNext('destroy', makeError('VAT_STOPPED', 'this boss dies here'));
    await E(machine).destroy();
    await takeBackup();
    await restore();
    await E(life.process).resume();
    await restart();
    await idle();
    expect(await statusOf('web1')).toMatchObject({ state: 'destroying', held: true });
    expect(world.cloud.hosts.has('m1')).toBe(true);
    await E(await machineOf('web1')).confirm();
    await idle();
    expect(world.cloud.hosts.has('m1')).toBe(false);
    expect(await outcome(statusOf('web1'))).toBe('NO_SUCH_MACHINE');
  });

  test('goes on with as much patience as it had', async () => {
    const machine = await E(life.boss).createMachine('web1', spec);
    await ready(machine);
    await E(machine).stop();
    await reach(machine, 'stopped');
    world.automatic = false;
    await E(machine).start();
    await idle();
    await takeBackup();
    world.cloud.killHob('m1');
    await restore();
    world.now += 24 * 60 * 60_000;
    await E(await machineOf('web1')).confirm();
    await E(life.process).expire();
    await idle();
    expect(await statusOf('web1')).toMatchObject({ state: 'starting', held: false });
    expect(world.cloud.hosts.get('m1')!.hob).not.toBe(undefined);
  });

  test.each(['ready', 'destroying'])('is no hindrance to whoever destroys a held machine that is %s', async (state) => {
    const machine = await E(life.boss).createMachine('web1', spec);
    await ready(machine);
    if (state === 'destroying') {
      world.cloud.failNext('destroy', makeError('VAT_STOPPED', 'this boss dies here'));
      await E(machine).destroy();
    }
    await takeBackup();
    await restore();
    const hob = hobOf('m1');
    await life.connect(hob).catch(() => undefined);
    await E(await machineOf('web1')).destroy();
    expect(await outcome(E(life.hobSide(hob)).pull())).toBe('MACHINE_GONE');
    await idle();
    expect(world.cloud.hosts.has('m1')).toBe(false);
    expect(hob.heard).toEqual([]);
  });
});

describe('the notice of a restore', () => {
  const notice = (): Promise<RestoreNotice | null> => E(life.boss).restored() as Promise<RestoreNotice | null>;

  test('is none where there was none', async () => {
    expect(await notice()).toBe(null);
  });

  test('says what is held, what providers do not have, and what they have that nobody knows, until all is confirmed', async () => {
    for (const name of ['kept', 'lost']) await ready(E(life.boss).createMachine(name, spec));
    await takeBackup();
    await ready(E(life.boss).createMachine('later', spec));
    await E(await machineOf('lost')).destroy();
    await idle();
    await restore();
    const said = { taken, restored: world.now };
    expect(await notice()).toEqual({
      ...said,
      held: 2,
      absent: ['lost'],
      orphans: [{ provider: 'fake', machineId: 'm3', state: 'running' }],
      silent: [],
    });
    world.cloud.failNext('list', makeError('PROVIDER_FAILED', 'not now'));
    expect(await notice()).toEqual({ ...said, held: 2, absent: [], orphans: [], silent: ['fake'] });
    await E(await machineOf('lost')).forget();
    await E(await machineOf('kept')).confirm();
    expect(await notice()).toEqual({ ...said, held: 0, absent: [], orphans: [], silent: [] });
  });
});

describe("a hob that has seen the boss's store when it had been opened more often", () => {
  const saw = async (epoch: number): Promise<void> => {
    await E(life.hobSide(hobOf('m1'))).sawEpoch(epoch);
  };
  const copyBack = async (): Promise<void> => {
    await ready(E(life.boss).createMachine('web1', spec));
    await takeBackup();
    await life.stop();
    store = makeMemoryStore(backup);
    world.epoch = 3;
    life = await world.open({ store });
  };

  test('is heard, and that is all; an admin can say that it is known', async () => {
    await copyBack();
    await saw(9);
    expect(await statusOf('web1')).toMatchObject({ seenEpoch: 9, held: false, generation: 1 });
    expect(await logOf('web1')).toContain(
      "its hob has seen this boss at opening 9, and this is opening 3: the boss's store is older",
    );
    await E(await machineOf('web1')).confirm();
    expect((await statusOf('web1')).seenEpoch).toBe(null);
    await saw(9);
    expect((await statusOf('web1')).seenEpoch).toBe(null);
    await saw(10);
    expect((await statusOf('web1')).seenEpoch).toBe(10);
    world.epoch = 10;
    await restart();
    expect((await statusOf('web1')).seenEpoch).toBe(null);
  });

  test('is not heard if what it says makes no sense, or nothing new', async () => {
    await copyBack();
    const rows = store.entries();
    for (const epoch of [-1, 0, 3, 2.5, Number.NaN, Infinity, 2 ** 60]) await saw(epoch);
    await idle();
    expect(store.entries()).toEqual(rows);
  });

  test('may say so of a restore that an admin has confirmed before it came', async () => {
    await ready(E(life.boss).createMachine('web1', spec));
    await takeBackup();
    await restore();
    await E(await machineOf('web1')).confirm();
    await saw(57);
    expect((await statusOf('web1')).seenEpoch).toBe(null);
    await saw(58);
    expect((await statusOf('web1')).seenEpoch).toBe(58);
  });

  test('is shown while its machine is held', async () => {
    await ready(E(life.boss).createMachine('web1', spec));
    await takeBackup();
    await restore();
    await saw(57);
    expect(await statusOf('web1')).toMatchObject({ held: true, seenEpoch: 57 });
    await E(await machineOf('web1')).confirm();
    await saw(57);
    expect(await statusOf('web1')).toMatchObject({ held: false, seenEpoch: null });
  });
});
