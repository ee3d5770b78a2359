/** Message ids over real TLS between kernels with a trace: what one side sent has the same id as the turn that it became. */
import { randomBytes } from 'node:crypto';
import tls from 'node:tls';
import { Far } from '@endo/far';
import { afterEach, describe, expect, test } from 'vitest';
import { makeKeyPair } from '../../src/captp/key-pair.ts';
import { makeTlsNetlayer } from '../../src/captp/netlayers/tls.ts';
import { makePeer, type Peer } from '../../src/captp/peer.ts';
import { makeMemoryStore } from '../../src/persistence/memory-store.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { makeMessages, type Message } from '../../src/vats/messages.ts';
import type { TraceRecord } from '../../src/vats/trace-record.ts';
import { makeMessageContext } from '../support/message-context.ts';
import { realPowers } from '../support/real-powers.ts';
import { makeVisitor } from '../support/session-world.ts';
import { openTestKernel } from '../support/test-kernel.ts';
import { letAllArrive } from '../vats/watch.ts';
import { openWorkshop, type Counter, type Workshop } from '../vats/workshop.ts';

interface Side {
  readonly peer: Peer;
  readonly shop: Workshop;
  /** A locator for an actor of this side, brought to the other: its durable reference there. */
  give(it: object, to: Side): Promise<object>;
  records(): Promise<readonly TraceRecord[]>;
}

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const makeSide = async (onUp: (shop: Workshop) => void = () => {}): Promise<Side> => {
  const keyPair = makeKeyPair(randomBytes(32));
  const kernel = openTestKernel(makeMemoryStore(), { trace: { epoch: 1, context: makeMessageContext() } });
  const peer = makePeer({
    keyPair,
    kernel,
    netlayers: [makeTlsNetlayer({ tls, setTimer: realPowers.setTimer }, keyPair)],
    powers: realPowers,
    versions: { lowest: 1, highest: 1 },
    software: 'gobs test',
    epoch: 1,
    hooks: { onUp: () => onUp(shop) },
  });
  await peer.listen('tls', { host: '127.0.0.1', port: '0' });
  const shop = await openWorkshop(makeMemoryStore(), { kernel });
  ends.push(async () => {
    await peer.close();
    await kernel.stop();
  });
  return {
    peer,
    shop,
    give: async (it, to) => to.peer.enliven(await peer.locatorFor(it)),
    records: async () => {
      await kernel.idle();
      return (await kernel.inspector.trace({ limit: 1_000 })).records;
    },
  };
};

const sentBy = (records: readonly TraceRecord[], method: string) =>
  records.flatMap(({ effects }) => effects).filter((effect) => effect.method === method);
const turnsOf = (records: readonly TraceRecord[], method: string) =>
  records.filter((record) => record.method === method);

/** Both sides, and Bob's counter as Alice has it. */
const meet = async () => {
  const [alice, bob] = [await makeSide(), await makeSide()];
  const counter = await bob.shop.counter(0);
  return { alice, bob, counter, remote: (await bob.give(counter, alice)) as Counter };
};

describe('a message to another peer', () => {
  test('has the same id there, and its sender is who the session is with', async () => {
    const { alice, bob, remote } = await meet();
    await alice.shop.turn((_here, it: Counter) => E(it).incr(1), remote);
    const [sent] = sentBy(await alice.records(), 'incr');
    const [turn] = turnsOf(await bob.records(), 'incr');
    expect(sent!.id).toMatch(new RegExp(`^${alice.peer.id.slice(0, 8)}-1-[0-9]+$`));
    expect(turn).toMatchObject({ id: sent!.id, from: `peer:${alice.peer.id}` });
  });

  test('has it, of several at once each its own, in their order', async () => {
    const { alice, bob, remote } = await meet();
    await alice.shop.turn(
      (_here, it: Counter) => Promise.all([1, 2, 3, 4].map(() => E(it).add(1))).then(() => 0),
      remote,
    );
    const sent = sentBy(await alice.records(), 'add').map(({ id }) => id);
    expect(new Set(sent).size).toBe(4);
    expect(turnsOf(await bob.records(), 'add').map(({ id }) => id)).toEqual(sent);
  });

  test('has it, if it is sent to an answer that is on its way', async () => {
    const { alice, bob } = await meet();
    const maker = (await bob.give(bob.shop.bench, alice)) as typeof bob.shop.bench;
    const [own, script] = [await bob.shop.counter(5), bob.shop.script((_here, it) => it)];
    const gift = await bob.give(own, alice);
    await alice.shop.turn(
      (_here, bench: typeof maker, it: object) => E(E(bench).run(script, it) as Promise<Counter>).incr(1),
      maker,
      gift,
    );
    const [sent] = sentBy(await alice.records(), 'incr');
    expect(sent!.target).toBe('promise');
    expect(turnsOf(await bob.records(), 'incr')[0]).toMatchObject({ id: sent!.id, from: `peer:${alice.peer.id}` });
  });

  test('has it, if it has to wait for a session; what happens on the way there is something else', async () => {
    const [alice, bob] = [await makeSide((shop) => void E(shop.bench).run(0)), await makeSide()];
    alice.shop.script(() => undefined);
    const remote = (await bob.give(await bob.shop.counter(0), alice)) as Counter;
    alice.peer.closeSession(bob.peer.id);
    while (alice.peer.sessions().length > 0) await new Promise(setImmediate);
    await alice.shop.turn((_here, it: Counter) => Promise.all([E(it).add(1), E(it).add(1)]).then(() => 0), remote);
    const records = await alice.records();
    const sent = sentBy(records, 'add').map(({ id }) => id);
    expect(turnsOf(await bob.records(), 'add').map(({ id }) => id)).toEqual(sent);
    const ids = records.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.some((id) => sent.includes(id))).toBe(false);
  });

  test('keeps its id where a third peer passes it on', async () => {
    const { alice, bob, remote } = await meet();
    const carol = await makeSide();
    const proxied = (await alice.give(remote, carol)) as Counter;
    await carol.shop.turn((_here, it: Counter) => E(it).incr(1), proxied);
    const [sent] = sentBy(await carol.records(), 'incr');
    expect(turnsOf(await bob.records(), 'incr')[0]).toMatchObject({ id: sent!.id, from: `peer:${alice.peer.id}` });
    expect(turnsOf(await alice.records(), 'incr')).toEqual([]);
  });
});

describe('an id that another peer gives', () => {
  const messages = makeMessages({ epoch: 1, context: makeMessageContext() });
  messages.introduce('o'.repeat(52));
  const arrived = (id: unknown): Message | undefined => messages.arrive(id, 'peer:x', () => messages.take());

  test.each([
    ['nothing', undefined],
    ['a number', 7],
    ['a record', { toString: 'abcdefgh-1-1' }],
    ['a list', ['abcdefgh-1-1']],
    ['one with a line break', 'abcdefgh-1-1\n'],
    ['one with an escape', '\u001b[2Jabcdefgh-1-1'],
    ['a long one', `abcdefgh-1-${'1'.repeat(100_000)}`],
    ['one of ours', 'oooooooo-1-1'],
  ])('is not taken for one if it is %s', (_what, id) => {
    expect(arrived(id)).toEqual({ id: undefined, from: 'peer:x' });
  });

  test('is taken once', () => {
    messages.arrive('abcdefgh-1-1', 'peer:x', () => {
      expect(messages.take()).toEqual({ id: 'abcdefgh-1-1', from: 'peer:x' });
      expect(messages.take()).toBe(undefined);
    });
    expect(messages.take()).toBe(undefined);
  });

  test('costs nobody the session, whatever it is', async () => {
    const seen: (Message | undefined)[] = [];
    const bootstrap = Far('Bootstrap', { look: () => void seen.push(messages.take()) });
    const visitor = await makeVisitor({ bootstrap, messages });
    visitor.say(JSON.stringify({ type: 'CTP_BOOTSTRAP', questionID: 'q-1' }));
    await visitor.hear('CTP_RETURN');
    const method = { body: '["look",[]]', slots: [] };
    const ids = ['abcdefgh-1-1', { a: [1] }, 'x'.repeat(500), null];
    ids.forEach((m, n) => {
      visitor.say(JSON.stringify({ type: 'CTP_CALL', questionID: `q-${n + 2}`, target: 'o-1', method, m }));
    });
    await letAllArrive();
    expect(seen.map((message) => message?.id)).toEqual(['abcdefgh-1-1', undefined, undefined, undefined]);
    expect(seen[0]!.from).toBe(`peer:${'a'.repeat(52)}`);
    visitor.session.close(Error('the end'));
  });
});
