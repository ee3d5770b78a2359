import { beforeEach, describe, expect, test } from 'vitest';
import { codeOf, makeError } from '../../src/errors/gobs-error.ts';
import { makeMemoryStore } from '../../src/persistence/memory-store.ts';
import type { MachineAdmin } from '../../src/protocol/remotes.ts';
import type { MachineSpec } from '../../src/protocol/shapes.ts';
import { E } from '../../src/vats/eventual-send.ts';
import type { Store } from '../../src/vats/store.ts';
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

const DAY = 24 * 60 * 60_000;

let world: BossWorld;
let life: Life;
let forgotten: string[];

beforeEach(async () => {
  world = makeBossWorld();
  forgotten = [];
  world.forgetPeer = async (peerId) => void forgotten.push(peerId);
  life = await world.open();
});

const spec: MachineSpec = harden({ provider: 'fake' });
const code = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'done', codeOf);
const visitor = (hob: TestHob) => ({ peerId: hob.peerId, address: '192.0.2.7:1234' });

interface Gone {
  readonly machine: MachineAdmin;
  readonly hob: TestHob;
  readonly secretHash: string;
}

/** One that was made, enrolled and destroyed. */
const makeGone = async (name: string, requestId?: string): Promise<Gone> => {
  const machine = await E(life.boss).createMachine(name, spec, requestId === undefined ? {} : { requestId });
  const { id } = await ready(machine);
  const { locator } = world.cloud.hosts.get(id)!;
  await E(machine).destroy();
  await reach(machine, 'gone');
  return { machine, hob: world.hobs.get(id)!, secretHash: hashOf(secretIn(locator!)) };
};
const pass = (time: number): Promise<void> => {
  world.now += time;
  return E(life.process).expire();
};

describe('a machine that has been gone for less than a day', () => {
  test('is known by its request, its locator and the key of its hob', async () => {
    const { machine, hob, secretHash } = await makeGone('web1', 'r1');
    await pass(DAY - 1);
    expect(await E(life.boss).createMachine('web1', spec, { requestId: 'r1' })).toBe(machine);
    expect(await code(E(life.process).present(secretHash, visitor(hob)))).toBe('MACHINE_GONE');
    expect(await code(E(life.process).arrived(visitor(hob)))).toBe('MACHINE_GONE');
    expect(forgotten).toEqual([]);
  });

  test('is let go of all the same when too many are gone', async () => {
    world.remembrance = harden({ time: DAY, machines: 2, keys: 10 });
    life = await world.open();
    const gone: Gone[] = [];
    for (const name of ['a', 'b', 'c', 'd']) {
      gone.push(await makeGone(name));
      world.now += 1;
    }
    await pass(0);
    expect(forgotten).toEqual(gone.slice(0, 2).map(({ hob }) => hob.peerId));
  });
});

describe('a machine that has been gone for a day', () => {
  test('is known by nothing but the name that the key of its hob leads to', async () => {
    const { machine, hob, secretHash } = await makeGone('web1', 'r1');
    await pass(DAY);
    expect(forgotten).toEqual([hob.peerId]);
    expect(await code(E(machine).status())).toBe('MACHINE_GONE');
    expect(await code(E(life.process).present(secretHash, visitor(hob)))).toBe('LOCATOR_UNKNOWN');
    expect(await code(E(life.process).arrived(visitor(hob)))).toBe('MACHINE_GONE');
    expect(await E(life.process).left(hob.peerId, world.now)).toBe(true);
    expect(await E(life.boss).refusals()).toMatchObject([
      { machine: 'web1', code: 'MACHINE_GONE', peerId: hob.peerId, times: 1 },
    ]);
    expect(await E(life.boss).createMachine('web1', spec, { requestId: 'r1' })).not.toBe(machine);
  });

  test('keeps its name for nobody: the key of its hob enrols for no other machine', async () => {
    const { hob } = await makeGone('web1');
    await pass(DAY);
    world.automatic = false;
    const other = await E(life.boss).createMachine('web2', spec);
    const { id } = await reach(other, 'booting');
    const secretHash = hashOf(secretIn(world.cloud.hosts.get(id)!.locator!));
    expect(await code(E(life.process).present(secretHash, visitor(hob)))).toBe('ENROLMENT_REFUSED');
    expect(await E(life.boss).refusals()).toMatchObject([{ machine: 'web2', code: 'ENROLMENT_REFUSED' }]);
    expect(await code(E(life.process).present(secretHash, visitor(world.makeHob('m9'))))).toBe('done');
  });

  test('is among those whose keys stay revoked, until as many others are', async () => {
    world.remembrance = harden({ time: DAY, machines: 10, keys: 2 });
    life = await world.open();
    const gone: Gone[] = [];
    for (const name of ['a', 'b', 'c']) {
      gone.push(await makeGone(name));
      await pass(DAY);
    }
    const codes = await Promise.all(gone.map(({ hob }) => code(E(life.process).arrived(visitor(hob)))));
    expect(codes).toEqual(['done', 'MACHINE_GONE', 'MACHINE_GONE']);
  });

  test('takes all its enrolment locators with it, however many there were', async () => {
    world.automatic = false;
    const machine = await E(life.boss).createMachine('web1', spec);
    const hashes: string[] = [];
    for (let tries = 0; tries < 250; tries += 1) {
      const { id } = await reach(machine, 'booting');
      hashes.push(hashOf(secretIn(world.cloud.hosts.get(id)!.locator!)));
      await pass(60 * 60_000);
      await reach(machine, 'failed');
      await E(machine).start();
    }
    const hob = world.makeHob('m1');
    expect(await code(E(life.process).present(hashes[0]!, visitor(hob)))).toBe('ENROLMENT_EXPIRED');
    await reach(machine, 'booting');
    await E(machine).destroy();
    await reach(machine, 'gone');
    await pass(DAY);
    const codes = await Promise.all(hashes.map((hash) => code(E(life.process).present(hash, visitor(hob)))));
    expect(new Set(codes)).toEqual(new Set(['LOCATOR_UNKNOWN']));
    expect(world.store.entries().filter(([, value]) => value.includes(hashes[7]!))).toEqual([]);
    expect(forgotten).toEqual([]);
  });

  test('is taken up again if its peer could not be forgotten, also by the next boss', async () => {
    const { hob } = await makeGone('web1', 'r1');
    world.forgetPeer = () => Promise.reject(makeError('COMMIT_FAILED', 'the disk is full'));
    expect(await code(pass(DAY))).toBe('COMMIT_FAILED');
    // The request's id is free, and what is taken up again leaves its next use alone.
    const next = await E(life.boss).createMachine('web1', spec, { requestId: 'r1' });
    const name = life.kernel.nameOf(next);
    life = await world.open();
    world.forgetPeer = async (peerId) => void forgotten.push(peerId);
    await pass(60_000);
    expect(forgotten).toEqual([hob.peerId]);
    const again = await E(life.boss).createMachine('web1', spec, { requestId: 'r1' });
    expect(life.kernel.nameOf(again)).toBe(name);
    await pass(60_000);
    expect(forgotten).toEqual([hob.peerId]);
  });

  test('is gone in the end, after whatever write the boss is killed', async () => {
    const { hob } = await makeGone('web1', 'r1');
    await life.stop();
    const before = world.store.entries();
    const clear = async (writes: number) => {
      const memory = makeMemoryStore(before);
      let left = writes;
      const store: Store = {
        ...memory,
        write: (ops) => {
          left -= 1;
          return left < 0 ? Promise.reject(makeError('STORE_UNUSABLE', 'killed')) : memory.write(ops);
        },
      };
      const killed = await world.open({ store });
      world.now += DAY;
      const outcome = await code(E(killed.process).expire());
      forgotten = [];
      const next = await world.open({ store: memory });
      await E(next.process).expire();
      expect(await code(E(next.process).arrived(visitor(hob)))).toBe('MACHINE_GONE');
      await next.stop();
      world.now -= DAY;
      return { outcome, rows: memory.entries().filter(([key]) => key.startsWith('v/boss/m/')) };
    };
    const whole = await clear(1_000);
    expect(forgotten).toEqual([]);
    for (let writes = 0; ; writes += 1) {
      const { outcome, rows } = await clear(writes);
      expect(rows, `after ${writes} writes`).toEqual(whole.rows);
      if (outcome !== 'done') continue;
      expect(writes).toBeGreaterThan(1);
      break;
    }
  });
});
