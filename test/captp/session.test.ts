import { duplexPair } from 'node:stream';
import { E } from '@endo/eventual-send';
import { Far } from '@endo/far';
import { makePromiseKit } from '@endo/promise-kit';
import { describe, expect, test } from 'vitest';
import { defaultLimits } from '../../src/captp/limits.ts';
import { codeOf, describeError, makeError } from '../../src/errors/gobs-error.ts';
import { makeFakeClock } from '../support/fake-clock.ts';
import {
  aliceId,
  bobId,
  expectEmpty,
  makeGuest,
  makeSessionPair,
  makeSide,
  makeStranger,
  strangersHello,
} from '../support/session-world.ts';

interface Remote {
  readonly [method: string]: (...args: unknown[]) => Promise<unknown>;
}
const on = (target: unknown): Remote => E(target as never) as Remote;
const end = makeError('SESSION_CLOSED', 'the test is over');
const echo = () => Far('Echo', { echo: (value: unknown) => value, never: () => makePromiseKit<unknown>().promise });
const reasonOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no failure',
    (error: unknown) => error,
  );

describe('two sides', () => {
  test('say hello, call each other, and part', async () => {
    const [alice, bob] = makeSessionPair({ bootstrap: echo() }, { bootstrap: echo() });
    expect(await alice.opened).toMatchObject({ peerId: bobId, outgoing: true, version: 1, software: 'test of b' });
    expect(await bob.opened).toMatchObject({ peerId: aliceId, outgoing: false, bothDurable: false });
    expect(await on(alice.bootstrap()).echo!('there')).toBe('there');
    expect(await on(bob.bootstrap()).echo!('back')).toBe('back');
    alice.close(end);
    expect(codeOf(await bob.closed)).toBe('SESSION_CLOSED');
    await Promise.all([alice.gone, bob.gone]);
    expectEmpty(alice);
    expectEmpty(bob);
  });

  test('reject all that waits when one of them ends it, with the reason, and everything later', async () => {
    const [alice, bob] = makeSessionPair({}, { bootstrap: echo() });
    await alice.opened;
    const remote = await alice.bootstrap();
    const waiting = on(remote).never!();
    const chained = on(waiting).more!();
    bob.close(makeError('LIMIT_EXCEEDED', 'enough', { hint: 'be brief' }));
    for (const one of [waiting, chained]) {
      expect(describeError(await reasonOf(one))).toEqual({
        code: 'SESSION_CLOSED',
        message: 'the session with test of b (peer bbbbbbbb, a pipe) ended: LIMIT_EXCEEDED, enough',
        hint: 'be brief',
      });
    }
    expect(codeOf(await reasonOf(on(remote).echo!(1)))).toBe('SESSION_CLOSED');
    expect(codeOf(await reasonOf(alice.bootstrap()))).toBe('SESSION_CLOSED');
    expect(codeOf(await reasonOf(alice.ask('o-1', 'echo', [])))).toBe('SESSION_CLOSED');
    expectEmpty(alice);
    expectEmpty(bob);
  });

  test('hear at once when the connection breaks', async () => {
    const [near, far] = duplexPair();
    const alice = makeSide(near, aliceId, { dialled: bobId, provenPeer: bobId });
    const bob = makeSide(far, bobId, { provenPeer: aliceId, bootstrap: echo() });
    await alice.opened;
    const waiting = on(alice.bootstrap()).never!();
    await new Promise((resolve) => setImmediate(resolve));
    near.destroy(Error('cable cut'));
    expect(describeError(await alice.closed)).toMatchObject({
      code: 'SESSION_CLOSED',
      message: 'the connection broke: cable cut',
    });
    expect(codeOf(await reasonOf(waiting))).toBe('SESSION_CLOSED');
    expect(codeOf(await bob.closed)).toBe('SESSION_CLOSED');
    await alice.gone;
    expectEmpty(alice);
    expectEmpty(bob);
  });

  test('refuse to answer before they are open', async () => {
    const { session, stream } = makeStranger();
    expect(codeOf(await reasonOf(session.bootstrap()))).toBe('SESSION_CLOSED');
    expect(codeOf(await reasonOf(session.ask('o-1', 'echo', [])))).toBe('SESSION_CLOSED');
    expect(await session.probe(1)).toBe(false);
    session.close(end);
    stream.destroy();
    await session.gone;
  });
});

describe('versions', () => {
  const speaking = (lowest: number, highest: number, software: string) => ({
    hello: { versions: { lowest, highest }, software },
  });

  test('that overlap: the highest that both speak is taken', async () => {
    const [alice, bob] = makeSessionPair(speaking(1, 5, 'new'), speaking(2, 3, 'old'));
    expect((await alice.opened).version).toBe(3);
    expect((await bob.opened).version).toBe(3);
    alice.close(end);
  });

  test.each([
    ['the side that dials', speaking(1, 1, 'gobs 0.1'), speaking(2, 3, 'gobs 0.3'), 'gobs 0.1 (peer aaaaaaaa)'],
    ['the side that is dialled', speaking(2, 3, 'gobs 0.3'), speaking(1, 1, 'gobs 0.1'), 'gobs 0.1 (peer bbbbbbbb)'],
  ])('that do not: both sides say that %s is to be upgraded', async (_name, alices, bobs, older) => {
    const [alice, bob] = makeSessionPair(alices, bobs);
    const heard = [await alice.closed, await bob.closed].map(describeError);
    for (const { code, message, hint } of heard) {
      expect(code).toBe('PROTOCOL_MISMATCH');
      expect(message).toContain(`${older} speaks protocol 1, gobs 0.3`);
      expect(message).toContain('protocols 2 to 3');
      expect(hint).toBe(`upgrade ${older}`);
    }
    expectEmpty(alice);
    expectEmpty(bob);
  });

  test('are checked by the dialling side too, if the other lets everybody in', async () => {
    const { stream, say, hear, session } = makeStranger({ dialled: aliceId });
    expect(await hear('hello')).toMatchObject({ peer: bobId });
    say(strangersHello({ versions: { lowest: 7, highest: 8 } }));
    expect(codeOf(await session.closed)).toBe('PROTOCOL_MISMATCH');
    expect(await hear('bye')).toMatchObject({ code: 'PROTOCOL_MISMATCH' });
    stream.destroy();
  });
});

describe('who is at the other end', () => {
  test('must be who was dialled, also where the transport proves nothing', async () => {
    const { say, session } = makeStranger({ dialled: 'd'.repeat(52), provenPeer: undefined });
    say(strangersHello());
    expect(describeError(await session.closed)).toMatchObject({
      code: 'PEER_MISMATCH',
      message: `peer ${aliceId} answered where peer ${'d'.repeat(52)} was dialled`,
    });
  });

  test('is believed over a Unix socket, but not about durable references', async () => {
    const believed = makeStranger({ provenPeer: undefined });
    believed.say(strangersHello());
    expect(await believed.session.opened).toMatchObject({ peerId: aliceId, proven: false, bothDurable: false });
    believed.session.close(end);
    const bold = makeStranger({ provenPeer: undefined });
    bold.say(strangersHello({ durable: true }));
    expect(codeOf(await bold.session.closed)).toBe('PROTOCOL_ERROR');
  });

  test('is not told that this side is durable where the transport proves nothing', async () => {
    const { hear, session } = makeStranger({ dialled: aliceId, provenPeer: undefined, hello: { durable: true } });
    expect(await hear('hello')).toMatchObject({ durable: false });
    session.close(end);
  });

  test('is told of nothing before it was let in, and why it was not', async () => {
    const { say, hear, heard, session } = makeStranger({
      admit: async () => {
        throw makeError('PEER_ALREADY_CONNECTED', 'peer aaaaaaaa is connected from here; there was refused');
      },
    });
    say(strangersHello());
    expect(await hear('bye')).toMatchObject({ code: 'PEER_ALREADY_CONNECTED' });
    expect(heard.map(({ type }) => type)).toEqual(['bye']);
    expect(codeOf(await reasonOf(session.opened))).toBe('PEER_ALREADY_CONNECTED');
  });

  test('does not hear why, when that is none of its business', async () => {
    const { say, hear, session } = makeStranger({
      admit: async () => {
        throw makeError('STORE_UNUSABLE', '/var/lib/gobs cannot be read');
      },
    });
    say(strangersHello());
    const bye = await hear('bye');
    expect(bye).toMatchObject({ code: 'SESSION_CLOSED' });
    expect(JSON.stringify(bye)).not.toContain('/var');
    expect(codeOf(await session.closed)).toBe('STORE_UNUSABLE');
  });
});

describe('time', () => {
  test('without a hello ends the session', async () => {
    const clock = makeFakeClock();
    const { session } = makeStranger({ clock });
    await clock.advance(defaultLimits.helloDeadline - 1);
    expect(clock.timers).toBeGreaterThan(0);
    await clock.advance(1);
    expect(describeError(await session.closed)).toMatchObject({
      code: 'PROTOCOL_ERROR',
      message: 'no hello within 10000 ms',
    });
    await clock.advance(defaultLimits.farewell);
    await session.gone;
    expect(clock.timers).toBe(0);
  });

  test('that was set for the hello is over with the session', async () => {
    const clock = makeFakeClock();
    const { session, stream } = makeStranger({ clock });
    session.close(end);
    stream.destroy();
    await session.gone;
    expect(clock.timers).toBe(0);
  });

  test('of silence is broken by a ping, and ends the session when nobody answers', async () => {
    const clock = makeFakeClock();
    const guest = await makeGuest({ clock });
    await clock.advance(defaultLimits.heartbeat);
    expect(guest.heard.filter(({ type }) => type === 'ping')).toEqual([]);
    await clock.advance(defaultLimits.heartbeat);
    expect(await guest.hear('ping')).toMatchObject({ n: 1 });
    await clock.advance(defaultLimits.heartbeat);
    expect(describeError(await guest.session.closed)).toMatchObject({
      code: 'SESSION_CLOSED',
      message: 'no sign of life for 30000 ms',
    });
    expectEmpty(guest.session);
    expect(clock.timers).toBe(0);
  });

  test('passes for ever while the other side answers', async () => {
    const clock = makeFakeClock();
    const [alice, bob] = makeSessionPair({ clock }, { clock, bootstrap: echo() });
    await alice.opened;
    for (let minute = 0; minute < 20; minute += 1) await clock.advance(60_000);
    expect(await on(alice.bootstrap()).echo!(1)).toBe(1);
    alice.close(end);
    await Promise.all([alice.gone, bob.gone]);
    await clock.advance(defaultLimits.farewell);
    expect(clock.timers).toBe(0);
  });

  test('for last words is short', async () => {
    const clock = makeFakeClock();
    const guest = await makeGuest({ clock });
    guest.stopReading();
    guest.session.close(end);
    await clock.advance(defaultLimits.farewell);
    await guest.session.gone;
    expect(clock.timers).toBe(0);
  });
});

describe('asking whether the other side is there', () => {
  test('is answered by one that is, and not by one that has gone without a word', async () => {
    const clock = makeFakeClock();
    const [alice, bob] = makeSessionPair({ clock }, { clock });
    await Promise.all([alice.opened, bob.opened]);
    expect(await bob.probe(5_000)).toBe(true);
    const silent = await makeGuest({ clock });
    const asked = silent.session.probe(5_000);
    silent.say('{"type":"pong","n":77}');
    await clock.advance(5_000);
    expect(await asked).toBe(false);
    silent.session.close(end);
    alice.close(end);
  });

  test('ends with the session', async () => {
    const guest = await makeGuest();
    const asked = guest.session.probe(5_000);
    guest.session.close(end);
    expect(await asked).toBe(false);
  });
});

test('a goodbye may say anything, and harms nobody', async () => {
  for (const bye of [
    '{"type":"bye"}',
    '{"type":"bye","code":7}',
    '{"type":"bye","code":"STORE_DAMAGED","message":"you lost it"}',
  ]) {
    const guest = await makeGuest();
    guest.say(bye);
    expect(describeError(await guest.session.closed)).toMatchObject({
      code: 'SESSION_CLOSED',
      message: 'the other side ended it',
    });
    expectEmpty(guest.session);
  }
});
