import { Far } from '@endo/far';
import { makePromiseKit } from '@endo/promise-kit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defaultLimits } from '../../src/captp/limits.ts';
import { formatLocator, parseLocator, secretHash, secretText } from '../../src/captp/locator.ts';
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

const failure = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'no failure', codeOf);
const eventsOf = ({ events }: TestPeer, name: string) => events.filter(([one]) => one === name);
const namesOf = ({ events }: TestPeer): string[] => events.map(([name]) => name);
const framesOf = (peerWorld: PeerWorld): string =>
  peerWorld.network.wires.flatMap(({ passed }) => passed.map(String)).join('\n');

/** A boss with one counter, which listens as `boss`. */
const makeBoss = async (options: Parameters<PeerWorld['add']>[1] = {}) => {
  const boss = world.add(1, options);
  let count = 0;
  const counter = boss.kernel.add('vat:boss/counter/1/self', {
    incr: (by: number) => {
      count += by;
      return count;
    },
    self: () => counter,
    echo: (value: unknown) => value,
    call: (other: unknown, method: string) => on(other)[method]!(),
    never: () => makePromiseKit<unknown>().promise,
  });
  await boss.peer.listen('loopback', { name: 'boss' });
  return { ...boss, counter, locator: await boss.peer.locatorFor(counter) };
};

describe('a locator', () => {
  test('brings a durable peer a durable reference', async () => {
    const boss = await makeBoss();
    const hob = world.add(2);
    const counter = await hob.peer.enliven(boss.locator);
    expect(hob.kernel.nameOf(counter)).toBe(`peer:${boss.peer.id}/1`);
    expect(await on(counter).incr!(5)).toBe(5);
    expect(await on(counter).self!()).toBe(counter);
    expect(boss.kernel.rows.get(`p/${hob.peer.id}/x/1`)).toBe('vat:boss/counter/1/self');
    expect(boss.kernel.rows.get(`p/${hob.peer.id}/n/vat:boss/counter/1/self`)).toBe('1');
    expect(JSON.parse(hob.kernel.rows.get(`p/${boss.peer.id}/!`)!)).toMatchObject({
      dialled: { scheme: 'loopback', address: { name: 'boss' } },
    });
  });

  test('brings a client a reference for as long as its session lives, and leaves no rows', async () => {
    const boss = await makeBoss();
    const client = world.addClient(9);
    const counter = await client.enliven(boss.locator);
    expect(await on(counter).incr!(5)).toBe(5);
    expect([...boss.kernel.rows.keys()].filter((key) => key.startsWith('p/'))).toEqual([]);
    expect(client.sessions()).toMatchObject([{ peerId: boss.peer.id, durable: false, outgoing: true }]);
    await Promise.all([client.close(), world.clock.advance(10_000)]);
    expect(await failure(on(counter).incr!(1))).toBe('SESSION_CLOSED');
  });

  test('is kept as a hash, found again after a restart, and used in any number of sessions', async () => {
    const boss = await makeBoss();
    const { secret } = parseLocator(boss.locator);
    expect(JSON.stringify([...boss.kernel.rows])).not.toContain(secret);
    expect(boss.kernel.rows.has(`s/${secretHash(secret)}`)).toBe(true);
    await Promise.all([boss.peer.close(), world.clock.advance(10_000)]);
    const again = boss.again();
    again.kernel.add('vat:boss/counter/1/self', { incr: () => 'again' });
    await again.peer.listen('loopback', { name: 'boss' });
    for (const number of [2, 3]) expect(await on(world.add(number).peer.enliven(boss.locator)).incr!()).toBe('again');
  });

  test('of this very peer needs no session', async () => {
    const boss = await makeBoss();
    expect(await boss.peer.enliven(boss.locator)).toBe(boss.counter);
    const { secret, ...rest } = parseLocator(boss.locator);
    expect(await failure(boss.peer.enliven(formatLocator({ ...rest, secret: secret.replaceAll(/./g, 'A') })))).toBe(
      'LOCATOR_UNKNOWN',
    );
    expect(boss.peer.sessions()).toEqual([]);
  });

  test('uses the session that is there', async () => {
    const boss = await makeBoss();
    const [hob, client] = [world.add(2).peer, world.addClient(9)];
    for (const peer of [hob, client]) await Promise.all([peer.enliven(boss.locator), peer.enliven(boss.locator)]);
    await hob.enliven(boss.locator);
    expect(boss.peer.sessions()).toHaveLength(2);
    expect(world.network.wires).toHaveLength(2);
  });

  test('is not given out for what does not outlive the process, or where nobody could dial', async () => {
    const boss = await makeBoss();
    for (const ref of [Far('Some', {}), boss.kernel.add('eph:boss/session/1/self', {})]) {
      expect(await failure(boss.peer.locatorFor(ref))).toBe('NOT_DURABLE');
    }
    const hob = world.add(2);
    const thing = hob.kernel.add('vat:hob/thing/1/self', {});
    expect(await failure(hob.peer.locatorFor(thing))).toBe('ADDRESS_UNUSABLE');
    expect(hob.kernel.rows.size).toBe(0);
    expect(await failure(boss.peer.locatorFor(boss.counter, { scheme: 'tls' }))).toBe('ADDRESS_UNUSABLE');
  });

  test('says what its peer announces, or what it is told to', async () => {
    const boss = world.add(1);
    const thing = boss.kernel.add('vat:boss/thing/1/self', {});
    const listener = await boss.peer.listen('loopback', { name: 'inside' }, { announce: { name: 'outside' } });
    expect(parseLocator(await boss.peer.locatorFor(thing)).address).toEqual({ name: 'outside' });
    expect(parseLocator(await boss.peer.locatorFor(thing, { address: { name: 'elsewhere' } })).address).toEqual({
      name: 'elsewhere',
    });
    await listener.close();
    expect(await failure(boss.peer.locatorFor(thing))).toBe('ADDRESS_UNUSABLE');
  });

  test('that is malformed, or leads to nobody or somebody else, is refused with a code', async () => {
    const boss = await makeBoss();
    const hob = world.add(2);
    expect(await failure(hob.peer.enliven('gobs://nonsense'))).toBe('LOCATOR_MALFORMED');
    const locator = parseLocator(boss.locator);
    expect(await failure(hob.peer.enliven(formatLocator({ ...locator, address: { name: 'nobody' } })))).toBe(
      'PEER_UNREACHABLE',
    );
    expect(await failure(hob.peer.enliven(formatLocator({ ...locator, scheme: 'pigeon' })))).toBe('PEER_UNREACHABLE');
    expect(await failure(hob.peer.enliven(formatLocator({ ...locator, peerId: 'x'.repeat(52) })))).toBe(
      'PEER_MISMATCH',
    );
    expect(hob.kernel.rows.size).toBe(0);
  });

  test('that was guessed is refused, told of, and costs the session after some', async () => {
    const boss = await makeBoss();
    const hob = world.add(2);
    const guess = (index: number) =>
      hob.peer.enliven(
        formatLocator({ ...parseLocator(boss.locator), secret: secretText(new Uint8Array(32).fill(index)) }),
      );
    for (let index = 100; index < 100 + defaultLimits.guesses - 1; index += 1) {
      expect(await failure(guess(index))).toBe('LOCATOR_UNKNOWN');
    }
    await guess(200).catch(() => {});
    await until(() => boss.peer.sessions().length === 0);
    expect(eventsOf(boss, 'guess')).toHaveLength(defaultLimits.guesses);
    expect(eventsOf(boss, 'guess')[0]![1]).toEqual({
      peerId: hob.peer.id,
      proven: true,
      remoteAddress: 'loopback caller 1',
    });
    expect(codeOf(eventsOf(boss, 'down')[0]![2])).toBe('LIMIT_EXCEEDED');
  });

  test('that is not in the table is for somebody else to answer', async () => {
    const asked: unknown[] = [];
    const secret = secretText(new Uint8Array(32).fill(77));
    const boss = await makeBoss({
      enlivenOther: async (presented) => {
        asked.push(presented);
        if (presented.secretHash === secretHash(secret)) return boss.counter;
        if (asked.length > 1) throw makeError('ENROLMENT_SPENT', 'it was used');
        return undefined;
      },
    });
    const hob = world.add(2);
    const present = (text: string) => hob.peer.enliven(boss.peer.locatorWith(text));
    expect(await failure(present(secretText(new Uint8Array(32).fill(78))))).toBe('LOCATOR_UNKNOWN');
    expect(await on(present(secret)).incr!(1)).toBe(1);
    expect(await failure(present(secretText(new Uint8Array(32).fill(79))))).toBe('ENROLMENT_SPENT');
    expect(asked[1]).toEqual({
      peerId: hob.peer.id,
      proven: true,
      remoteAddress: 'loopback caller 1',
      secretHash: secretHash(secret),
    });
    expect(eventsOf(boss, 'guess')).toHaveLength(1);
  });

  test('is all that a session can start from', async () => {
    const boss = await makeBoss();
    const client = world.addClient(9);
    await client.enliven(boss.locator);
    const frames = framesOf(world);
    expect(frames).toContain('Alleged: Bootstrap');
    expect(frames.match(/CTP_BOOTSTRAP/g)).toHaveLength(1);
  });
});

describe('durable references', () => {
  test('work in a new session, and after a restart of either side', async () => {
    const boss = await makeBoss();
    const hob = world.add(2);
    const counter = await hob.peer.enliven(boss.locator);
    const name = hob.kernel.nameOf(counter)!;
    world.network.wires[0]!.cut();
    await until(() => hob.peer.sessions().length === 0);
    expect(await on(counter).incr!(1)).toBe(1);
    await Promise.all([hob.peer.close(), world.clock.advance(10_000)]);
    const hobAgain = hob.again();
    expect(await on(hobAgain.kernel.refOf(name)).incr!(1)).toBe(2);
    await Promise.all([boss.peer.close(), world.clock.advance(10_000)]);
    const bossAgain = boss.again();
    bossAgain.kernel.add('vat:boss/counter/1/self', { incr: () => 'again' });
    await bossAgain.peer.listen('loopback', { name: 'boss' });
    expect(await on(hobAgain.kernel.refOf(name)).incr!(1)).toBe('again');
  });

  test('come home as what they are', async () => {
    const boss = await makeBoss();
    const hob = world.add(2);
    const counter = await hob.peer.enliven(boss.locator);
    const mine = hob.kernel.add('vat:hob/thing/1/self', { label: () => 'thing' });
    expect(await on(counter).echo!(mine)).toBe(mine);
    expect(await on(counter).echo!(harden([counter, mine]))).toEqual([counter, mine]);
    expect(await on(counter).call!(mine, 'label')).toBe('thing');
    // Nothing of the hob's was given a number of the boss's.
    expect([...boss.kernel.rows.keys()].filter((key) => key.includes('/x/'))).toEqual([`p/${hob.peer.id}/x/1`]);
  });

  test('keep their numbers, and what is new gets a new one', async () => {
    const boss = await makeBoss();
    const hob = world.add(2);
    const counter = await hob.peer.enliven(boss.locator);
    const other = boss.kernel.add('vat:boss/other/2/self', {});
    boss.kernel.add('vat:boss/giver/3/self', { give: () => other });
    const giver = await hob.peer.enliven(await boss.peer.locatorFor(boss.kernel.refOf('vat:boss/giver/3/self')));
    expect(hob.kernel.nameOf(await on(giver).give!())).toBe(`peer:${boss.peer.id}/3`);
    expect(hob.kernel.nameOf(await on(giver).give!())).toBe(`peer:${boss.peer.id}/3`);
    expect(await on(counter).self!()).toBe(counter);
    expect(JSON.parse(boss.kernel.rows.get(`p/${hob.peer.id}/!`)!)).toMatchObject({ next: 4 });
  });

  test('are not made of what does not outlive the process', async () => {
    const boss = await makeBoss();
    const hob = world.add(2);
    const counter = await hob.peer.enliven(boss.locator);
    const passing = boss.kernel.add('eph:boss/watch/1/self', { ping: () => 'pong' });
    boss.kernel.add('vat:boss/counter/1/self', { get: () => passing });
    const watch = await on(counter).get!();
    expect(hob.kernel.nameOf(watch)).toBeUndefined();
    expect(await on(watch).ping!()).toBe('pong');
    expect([...boss.kernel.rows.values()]).not.toContain('eph:boss/watch/1/self');
    world.network.wires[0]!.cut();
    await until(() => hob.peer.sessions().length === 0);
    expect(await failure(on(watch).ping!())).toBe('SESSION_CLOSED');
  });

  test('leave only when their number is durable, in order with all that is sent later', async () => {
    const boss = await makeBoss();
    const hob = world.add(2);
    const counter = await hob.peer.enliven(boss.locator);
    const other = boss.kernel.add('vat:boss/other/2/self', {});
    const wire = world.network.wires[0]!;
    const order: string[] = [];
    boss.kernel.holdWrites();
    boss.kernel.add('vat:boss/counter/1/self', { self: () => other, incr: () => 1 });
    const before = on(counter).incr!(1).then(() => void order.push('before'));
    const given = on(counter).self!().then(() => void order.push('given'));
    const after = on(counter).incr!(1).then(() => void order.push('after'));
    await before;
    for (let round = 0; round < 20; round += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(wire.passed.map(String).join('')).not.toContain('o+d2');
    expect(order).toEqual(['before']);
    boss.kernel.release();
    await Promise.all([given, after]);
    expect(order).toEqual(['before', 'given', 'after']);
    expect(wire.passed.map(String).join('')).toContain('o+d2');
  });

  test('whose number could not be made durable are never spoken of, and end the session', async () => {
    const boss = await makeBoss();
    const hob = world.add(2);
    const counter = await hob.peer.enliven(boss.locator);
    const other = boss.kernel.add('vat:boss/other/2/self', { ping: () => 'pong' });
    boss.kernel.add('vat:boss/counter/1/self', { self: () => other });
    boss.kernel.holdWrites();
    const given = failure(on(counter).self!());
    await new Promise((resolve) => setImmediate(resolve));
    boss.kernel.release(makeError('COMMIT_FAILED', 'the disk is full'));
    expect(await given).toBe('SESSION_CLOSED');
    expect(codeOf(eventsOf(boss, 'down')[0]![2])).toBe('COMMIT_FAILED');
    expect(framesOf(world)).not.toContain('o+d2');
    expect(framesOf(world)).not.toContain('disk');
    // Nobody has heard of the number, so it can be given to something again.
    expect(hob.kernel.nameOf(await on(counter).self!())).toBe(`peer:${boss.peer.id}/2`);
    expect(await on(await on(counter).self!()).ping!()).toBe('pong');
  });

  test('that were guessed are refused, and the caller hears it; the session lives on', async () => {
    const boss = await makeBoss();
    const [hob, other] = [world.add(2), world.add(3)];
    const counter = await hob.peer.enliven(boss.locator);
    await other.peer.enliven(boss.locator);
    const guessed = hob.kernel.refOf(`peer:${boss.peer.id}/2`);
    expect(await failure(on(guessed).incr!(1))).toBe('NO_SUCH_EXPORT');
    expect(await failure(on(counter).echo!(guessed))).toBe('NO_SUCH_EXPORT');
    expect(await on(counter).incr!(1)).toBe(1);
    expect(hob.peer.sessions()).toHaveLength(1);
  });

  test('that were guessed and come as an answer, or later, fail where they are waited for; the session lives on', async () => {
    const boss = await makeBoss();
    const hob = world.add(2);
    const counter = await hob.peer.enliven(boss.locator);
    const guessed = hob.kernel.refOf(`peer:${boss.peer.id}/99`);
    const later = makePromiseKit<unknown>();
    const thing = hob.kernel.add('vat:hob/thing/1/self', { now: () => guessed, later: () => harden([later.promise]) });
    const [heard, pending] = [makePromiseKit<unknown>(), makePromiseKit<unknown>()];
    boss.kernel.add('vat:boss/counter/1/self', {
      try: async (ref: unknown) => {
        heard.resolve(await failure(on(ref).now!()));
        pending.resolve(failure(((await on(ref).later!()) as Promise<unknown>[])[0]!));
      },
    });
    await on(counter).try!(thing);
    later.resolve(guessed);
    expect([await heard.promise, await pending.promise]).toEqual(['NO_SUCH_EXPORT', 'NO_SUCH_EXPORT']);
    expect(boss.peer.sessions()).toHaveLength(1);
    expect(namesOf(boss)).toEqual(['up']);
  });

  test('of another peer, handed on, are called through the peer in the middle', async () => {
    const boss = await makeBoss();
    const [hob, other] = [world.add(2), world.add(3)];
    const bossOfHob = await hob.peer.enliven(boss.locator);
    const bossOfOther = await other.peer.enliven(boss.locator);
    const thing = hob.kernel.add('vat:hob/thing/1/self', { label: () => 'thing' });
    let kept: object = {};
    boss.kernel.add('vat:boss/counter/1/self', {
      keep: (ref: object) => {
        kept = ref;
      },
      get: () => kept,
    });
    await on(bossOfHob).keep!(thing);
    expect(boss.kernel.nameOf(kept)).toBe(`peer:${hob.peer.id}/1`);
    const proxied = await on(bossOfOther).get!();
    expect(other.kernel.nameOf(proxied)).toBe(`peer:${boss.peer.id}/2`);
    expect(await on(proxied).label!()).toBe('thing');
    expect(await on(bossOfHob).get!()).toBe(thing);
    world.network.wires[0]!.cut();
    await until(() => hob.peer.sessions().length === 0);
    expect(await failure(on(proxied).label!())).toBe('PEER_UNREACHABLE');
  });

  test('of a peer that nobody can dial are unreachable at once', async () => {
    const boss = await makeBoss();
    const hob = world.add(2);
    const counter = await hob.peer.enliven(boss.locator);
    const thing = hob.kernel.add('vat:hob/thing/1/self', { label: () => 'thing' });
    let kept: object = {};
    boss.kernel.add('vat:boss/counter/1/self', {
      keep: (ref: object) => {
        kept = ref;
      },
    });
    await on(counter).keep!(thing);
    await Promise.all([hob.peer.close(), world.clock.advance(10_000)]);
    const error = await on(kept).label!().catch((cause: unknown) => cause);
    expect(describeError(error)).toMatchObject({ code: 'PEER_UNREACHABLE' });
    expect(describeError(error).message).toContain(hob.peer.id.slice(0, 8));
  });

  test('are called in the order of the calls, though some had to wait for dialling', async () => {
    const boss = await makeBoss();
    const hob = world.add(2);
    const counter = await hob.peer.enliven(boss.locator);
    world.network.wires[0]!.cut();
    await until(() => hob.peer.sessions().length === 0);
    const heard: unknown[] = [];
    boss.kernel.add('vat:boss/counter/1/self', { hear: (what: unknown) => void heard.push(what) });
    const early = [1, 2, 3].map((what) => on(counter).hear!(what));
    await until(() => hob.peer.sessions().length === 1);
    await Promise.all([...early, on(counter).hear!(4)]);
    expect(heard).toEqual([1, 2, 3, 4]);
    expect(world.network.wires).toHaveLength(2);
  });

  test('reject what a lost session left unanswered, at once', async () => {
    const boss = await makeBoss();
    const hob = world.add(2);
    const counter = await hob.peer.enliven(boss.locator);
    const waiting = failure(on(counter).never!());
    await new Promise((resolve) => setImmediate(resolve));
    world.network.wires[0]!.cut();
    expect(await waiting).toBe('SESSION_CLOSED');
  });

  test('are not given to a client, even one that says it is a peer that has some', async () => {
    const boss = await makeBoss();
    const hob = world.add(2);
    await hob.peer.enliven(boss.locator);
    await Promise.all([hob.peer.close(), world.clock.advance(10_000)]);
    const client = world.addClient(2);
    expect(await on(client.enliven(boss.locator)).incr!(1)).toBe(1);
    expect(framesOf(world).split('o+d1').length - 1).toBe(1);
  });
});
