/** Who is connected, who is not let in, and who comes back. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaultLimits } from '../../src/captp/limits.ts';
import type { SessionInfo } from '../../src/captp/peer-hooks.ts';
import { codeOf, describeError, makeError } from '../../src/errors/gobs-error.ts';
import { makePeerWorld, on, type PeerWorld, type TestPeer } from '../support/peer-world.ts';
import { until } from '../support/until.ts';

let world: PeerWorld;
beforeEach(() => {
  world = makePeerWorld();
});
afterEach(async () => {
  await world.end();
  expect(world.clock.timers).toBe(0);
});

const reasonOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no failure',
    (error: unknown) => error,
  );
const namesOf = ({ events }: TestPeer): string[] => events.map(([name]) => name);
const whatOf = ({ events }: TestPeer, name: string): readonly unknown[] =>
  events.find(([one]) => one === name)?.slice(1) ?? [];

const makeBoss = async (options: Parameters<PeerWorld['add']>[1] = {}) => {
  const boss = world.add(1, options);
  const root = boss.kernel.add('vat:boss/root/1/self', { ping: () => 'pong' });
  await boss.peer.listen('loopback', { name: 'boss' });
  const place = { scheme: 'loopback', address: { name: 'boss' } };
  return { ...boss, place, locator: await boss.peer.locatorFor(root) };
};

describe('of two live sessions with one key', () => {
  test('the second is refused, both addresses are named to both sides, and the first goes on', async () => {
    const boss = await makeBoss();
    const hob = world.add(2);
    const root = await hob.peer.enliven(boss.locator);
    const copy = world.add(2);
    const error = await reasonOf(copy.peer.enliven(boss.locator));
    expect(describeError(error)).toMatchObject({
      code: 'PEER_ALREADY_CONNECTED',
      message: `peer ${hob.peer.id.slice(0, 8)} is connected from loopback caller 1; loopback caller 2 was refused`,
    });
    expect(whatOf(boss, 'refused')).toEqual([
      { peerId: hob.peer.id, first: 'loopback caller 1', second: 'loopback caller 2' },
    ]);
    expect(await on(root).ping!()).toBe('pong');
    expect(boss.peer.sessions()).toHaveLength(1);
  });

  test('the first must answer: if its host has lost its power, the second takes its place', async () => {
    const boss = await makeBoss();
    const hob = world.add(2);
    await hob.peer.enliven(boss.locator);
    world.network.wires[0]!.goDead();
    const again = hob.again({ epoch: 2 });
    const root = again.peer.enliven(boss.locator);
    await world.clock.advance(defaultLimits.probeDeadline - 1);
    expect(boss.peer.sessions()).toMatchObject([{ remoteAddress: 'loopback caller 1' }]);
    await world.clock.advance(1);
    expect(await on(root).ping!()).toBe('pong');
    expect(boss.peer.sessions()).toMatchObject([{ remoteAddress: 'loopback caller 2', epoch: 2 }]);
    expect(namesOf(boss)).toEqual(['up', 'down', 'up']);
    expect(describeError(whatOf(boss, 'down')[1])).toMatchObject({ code: 'SESSION_CLOSED' });
  });

  test('and of three that come when the first is dead, one takes its place', async () => {
    const boss = await makeBoss();
    const hob = world.add(2);
    await hob.peer.enliven(boss.locator);
    world.network.wires[0]!.goDead();
    const copies = [world.add(2), world.add(2), world.add(2)].map(({ peer }) => reasonOf(peer.enliven(boss.locator)));
    await world.clock.advance(defaultLimits.probeDeadline);
    const outcomes = await Promise.all(copies);
    expect(outcomes.filter((outcome) => codeOf(outcome) === 'PEER_ALREADY_CONNECTED')).toHaveLength(2);
    expect(outcomes.filter((outcome) => outcome === 'no failure')).toHaveLength(1);
    expect(boss.peer.sessions()).toHaveLength(1);
  });

  test('both stay if they keep nothing: clients may be as many as they like', async () => {
    const boss = await makeBoss();
    const clients = [world.addClient(9), world.addClient(9), world.addClient(9)];
    for (const client of clients) expect(await on(client.enliven(boss.locator)).ping!()).toBe('pong');
    expect(boss.peer.sessions()).toHaveLength(3);
  });

  test('one stays if both peers dialled at once', async () => {
    const [one, two] = [await makeBoss(), world.add(2)];
    const root = two.kernel.add('vat:two/root/1/self', { ping: () => 'pang' });
    await two.peer.listen('loopback', { name: 'two' });
    const other = await two.peer.locatorFor(root);
    const [there, back] = await Promise.all([two.peer.enliven(one.locator), one.peer.enliven(other)]);
    expect(await on(there).ping!()).toBe('pong');
    expect(await on(back).ping!()).toBe('pang');
    expect([one.peer.sessions().length, two.peer.sessions().length]).toEqual([1, 1]);
    expect(namesOf(one).concat(namesOf(two))).toEqual(['up', 'up']);
  });
});

describe('an epoch', () => {
  test('that is lower than it was is told of, also after a restart', async () => {
    const boss = await makeBoss();
    const hob = world.add(2, { epoch: 7 });
    await hob.peer.enliven(boss.locator);
    await Promise.all([hob.peer.close(), boss.peer.close(), world.clock.advance(10_000)]);
    const bossAgain = boss.again();
    await bossAgain.peer.listen('loopback', { name: 'boss' });
    const older = hob.again({ epoch: 6 });
    await older.peer.enliven(boss.locator);
    expect(whatOf(bossAgain, 'older epoch')).toEqual([
      { peerId: hob.peer.id, remoteAddress: 'loopback caller 2', seen: 7, shown: 6 },
    ]);
  });

  test('of a stranger leaves no row', async () => {
    const boss = await makeBoss();
    const hob = world.add(2);
    const kept = hob.peer.keepConnected(boss.peer.id, boss.place, {});
    await until(() => boss.peer.sessions().length === 1);
    kept.stop();
    expect([...boss.kernel.rows.keys()].filter((key) => key.startsWith('p/'))).toEqual([]);
  });
});

describe('strangers', () => {
  test('make room for others, the oldest first; who has shown authority stays', async () => {
    const boss = await makeBoss({ limits: { strangers: 2 } });
    const guest = world.addClient(9);
    await guest.enliven(boss.locator);
    const strangers = [3, 4, 5].map((number) => world.add(number));
    for (const { peer } of strangers) {
      const before = boss.peer.sessions().length;
      peer.keepConnected(boss.peer.id, boss.place, {});
      await until(() => peer.sessions().length === 1 && boss.peer.sessions().length >= Math.min(before + 1, 3));
    }
    await until(() => boss.peer.sessions().length === 3);
    const ids = boss.peer.sessions().map(({ peerId }) => peerId);
    expect(ids).toEqual([guest.id, strangers[1]!.peer.id, strangers[2]!.peer.id]);
    expect(whatOf(strangers[0]!, 'down')[1]).toSatisfy((reason) => codeOf(reason) === 'LIMIT_EXCEEDED');
  });

  test('are no longer strangers when they come back to what they were given', async () => {
    const boss = await makeBoss({ limits: { strangers: 1 } });
    const hob = world.add(2);
    await hob.peer.enliven(boss.locator);
    await Promise.all([hob.peer.close(), world.clock.advance(10_000)]);
    const again = hob.again();
    again.peer.keepConnected(boss.peer.id, boss.place, {});
    await until(() => boss.peer.sessions().length === 1);
    for (const number of [3, 4]) {
      const { peer } = world.add(number);
      peer.keepConnected(boss.peer.id, boss.place, {});
      await until(() => boss.peer.sessions().some(({ peerId }) => peerId === peer.id));
    }
    expect(boss.peer.sessions().some(({ peerId }) => peerId === hob.peer.id)).toBe(true);
  });
});

test('whoever has presented a locator, or was given something before, may send what a stranger may not', async () => {
  const boss = await makeBoss();
  boss.kernel.add('vat:boss/root/1/self', { size: (text: string) => text.length });
  const [hob, client] = [world.add(2), world.addClient(9)];
  const large = 'x'.repeat(200_000);
  expect(await on(client.enliven(boss.locator)).size!(large)).toBe(200_000);
  const root = await hob.peer.enliven(boss.locator);
  expect(await on(root).size!(large)).toBe(200_000);
  world.network.wires[1]!.cut();
  await until(() => hob.peer.sessions().length === 0);
  expect(await on(root).size!(large)).toBe(200_000);
});

test('one key, and one locator, have a bound for the sessions of those that keep nothing', async () => {
  const boss = await makeBoss({ limits: { sessionsOfKey: 1, sessionsOfLocator: 2 } });
  await world.addClient(7).enliven(boss.locator);
  expect(codeOf(await reasonOf(world.addClient(7).enliven(boss.locator)))).toBe('LIMIT_EXCEEDED');
  await world.addClient(8).enliven(boss.locator);
  expect(codeOf(await reasonOf(world.addClient(9).enliven(boss.locator)))).toBe('LIMIT_EXCEEDED');
  const other = await boss.peer.locatorFor(boss.kernel.refOf('vat:boss/root/1/self'));
  expect(await on(world.addClient(10).enliven(other)).ping!()).toBe('pong');
});

test('who was given something before finds room when all sessions are taken', async () => {
  const boss = await makeBoss({ limits: { sessions: 2 } });
  const hob = world.add(2);
  const root = await hob.peer.enliven(boss.locator);
  await world.addClient(7).enliven(boss.locator);
  world.network.wires[0]!.cut();
  await until(() => boss.peer.sessions().length === 1);
  await world.addClient(8).enliven(boss.locator);
  expect(codeOf(await reasonOf(world.addClient(9).enliven(boss.locator)))).toBe('LIMIT_EXCEEDED');
  expect(await on(root).ping!()).toBe('pong');
});

test('there is a bound for all sessions together', async () => {
  const boss = await makeBoss({ limits: { sessions: 2 } });
  const clients = [7, 8, 9].map((number) => world.addClient(number));
  await clients[0]!.enliven(boss.locator);
  await clients[1]!.enliven(boss.locator);
  expect(codeOf(await reasonOf(clients[2]!.enliven(boss.locator)))).toBe('LIMIT_EXCEEDED');
  await Promise.all([clients[0]!.close(), world.clock.advance(10_000)]);
  expect(await on(clients[2]!.enliven(boss.locator)).ping!()).toBe('pong');
});

test('who speaks no common version hears which side is to be upgraded, and so does who was dialled', async () => {
  const boss = await makeBoss({ software: 'gobs boss 1' });
  const hob = world.add(2, { software: 'gobs hob 2', versions: { lowest: 2, highest: 2 } });
  const error = describeError(await reasonOf(hob.peer.enliven(boss.locator)));
  expect(error).toMatchObject({ code: 'PROTOCOL_MISMATCH' });
  expect(error.hint).toContain('upgrade gobs boss 1');
  await until(() => namesOf(boss).length > 0);
  const [address, reason] = whatOf(boss, 'mismatch');
  expect(address).toBe('loopback caller 1');
  expect(describeError(reason)).toEqual(error);
  expect(namesOf(boss).concat(namesOf(hob))).toEqual(['mismatch']);
});

describe('a connection that is kept up', () => {
  const watch = () => {
    const log: string[] = [];
    const delays: number[] = [];
    return {
      log,
      delays,
      hooks: {
        onUp: (info: SessionInfo) => void log.push(`up ${info.remoteAddress}`),
        onDown: (reason: Error) => void log.push(`down ${codeOf(reason)}`),
        onFailure: (reason: unknown, retryIn: number) => {
          log.push(`failure ${codeOf(reason)}`);
          delays.push(retryIn);
        },
      },
    };
  };

  test('comes back after each end', async () => {
    const boss = await makeBoss();
    const hob = world.add(2);
    const { log, hooks } = watch();
    hob.peer.keepConnected(boss.peer.id, boss.place, hooks);
    await until(() => boss.peer.sessions().length === 1);
    boss.peer.closeSession(hob.peer.id);
    await world.clock.advance(500);
    world.network.wires[1]!.cut();
    await world.clock.advance(1_000);
    expect(log).toEqual([
      'up loopback boss',
      'down SESSION_CLOSED',
      'up loopback boss',
      'down SESSION_CLOSED',
      'up loopback boss',
    ]);
    expect(boss.peer.sessions()).toHaveLength(1);
  });

  test('is tried for ever, at intervals that grow to a bound and have chance in them', async () => {
    const boss = await makeBoss();
    const hob = world.add(2);
    world.network.setReachable(false);
    const { log, delays, hooks } = watch();
    hob.peer.keepConnected(boss.peer.id, boss.place, hooks);
    await world.clock.advance(20 * 60_000);
    expect(new Set(log)).toEqual(new Set(['failure PEER_UNREACHABLE']));
    delays.forEach((delay, index) => {
      const bound = Math.min(60_000, 500 * 2 ** index);
      expect(delay).toBeGreaterThanOrEqual(bound / 2);
      expect(delay).toBeLessThanOrEqual(bound);
    });
    expect(new Set(delays.slice(-10)).size).toBeGreaterThan(5);
    world.network.setReachable(true);
    await world.clock.advance(60_000);
    expect(log.at(-1)).toBe('up loopback boss');
  });

  test('to its own host is tried more often', async () => {
    const boss = await makeBoss();
    const hob = world.add(2);
    world.network.setReachable(false);
    const { delays, hooks } = watch();
    hob.peer.keepConnected(boss.peer.id, { ...boss.place, address: { host: '127.0.0.1', port: '1' } }, hooks);
    await world.clock.advance(20 * 60_000);
    expect(Math.max(...delays)).toBeLessThanOrEqual(5_000);
    expect(Math.min(...delays.slice(-10))).toBeGreaterThanOrEqual(2_500);
  });

  test('is tried soon again after a long one, and ever later after short ones', async () => {
    const boss = await makeBoss();
    const hob = world.add(2);
    const { log, hooks } = watch();
    hob.peer.keepConnected(boss.peer.id, boss.place, hooks);
    for (let round = 0; round < 6; round += 1) {
      await until(() => boss.peer.sessions().length === 1);
      boss.peer.closeSession(hob.peer.id);
      await world.clock.advance(60_000);
    }
    // The last one has lasted since.
    boss.peer.closeSession(hob.peer.id);
    await world.clock.advance(500);
    expect(log.at(-1)).toBe('up loopback boss');
  });

  test('is there at once when somebody calls', async () => {
    const boss = await makeBoss();
    const hob = world.add(2);
    const root = await hob.peer.enliven(boss.locator);
    world.network.setReachable(false);
    world.network.wires[0]!.cut();
    const { log, hooks } = watch();
    hob.peer.keepConnected(boss.peer.id, boss.place, hooks);
    await world.clock.advance(10 * 60_000);
    expect(codeOf(await reasonOf(on(root).ping!()))).toBe('PEER_UNREACHABLE');
    world.network.setReachable(true);
    expect(await on(root).ping!()).toBe('pong');
    await until(() => log.at(-1) === 'up loopback boss');
  });

  test('stays down when it was stopped', async () => {
    const boss = await makeBoss();
    const hob = world.add(2);
    const { log, hooks } = watch();
    const kept = hob.peer.keepConnected(boss.peer.id, boss.place, hooks);
    await until(() => boss.peer.sessions().length === 1);
    kept.stop();
    expect(boss.peer.sessions()).toHaveLength(1);
    boss.peer.closeSession(hob.peer.id, makeError('SESSION_CLOSED', 'go away'));
    await world.clock.advance(10 * 60_000);
    expect(log).toEqual(['up loopback boss', 'down SESSION_CLOSED']);
    expect(boss.peer.sessions()).toEqual([]);
  });

  test('of a copy is refused again and again, and harms nobody', async () => {
    const boss = await makeBoss();
    const hob = world.add(2);
    await hob.peer.enliven(boss.locator);
    const { log, hooks } = watch();
    world.add(2).peer.keepConnected(boss.peer.id, boss.place, hooks);
    await world.clock.advance(5 * 60_000);
    expect(new Set(log)).toEqual(new Set(['failure PEER_ALREADY_CONNECTED']));
    expect(log.length).toBeLessThan(20);
    expect(boss.peer.sessions()).toMatchObject([{ remoteAddress: 'loopback caller 1' }]);
  });
});

test('a hook that throws harms nobody but itself', async () => {
  const caught: unknown[] = [];
  const note = (error: unknown) => void caught.push(error);
  process.on('unhandledRejection', note);
  const listeners = process.listeners('unhandledRejection').filter((one) => one !== note);
  for (const listener of listeners) process.off('unhandledRejection', listener);
  const boss = await makeBoss({
    hooks: {
      onUp: () => {
        throw Error('a mistake in a hook');
      },
    },
  });
  expect(await on(world.addClient(9).enliven(boss.locator)).ping!()).toBe('pong');
  await until(() => caught.length > 0);
  expect(caught).toEqual([Error('a mistake in a hook')]);
  process.off('unhandledRejection', note);
  for (const listener of listeners) process.on('unhandledRejection', listener);
});

test('a peer that ends says so to everybody, and cannot be used any more', async () => {
  const boss = await makeBoss();
  const [hob, client] = [world.add(2), world.addClient(9)];
  const root = await hob.peer.enliven(boss.locator);
  await client.enliven(boss.locator);
  await Promise.all([boss.peer.close(), world.clock.advance(10_000)]);
  expect(describeError(whatOf(hob, 'down')[1])).toMatchObject({
    code: 'SESSION_CLOSED',
    message: 'the other side is shutting down',
  });
  expect(codeOf(await reasonOf(boss.peer.enliven(boss.locator.replace(boss.peer.id, hob.peer.id))))).toBe(
    'SESSION_CLOSED',
  );
  expect(codeOf(await reasonOf(on(root).ping!()))).toBe('PEER_UNREACHABLE');
  expect(boss.peer.sessions()).toEqual([]);
  await boss.peer.close();
});
