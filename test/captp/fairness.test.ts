/** One session that floods costs the others nothing but their share. */
import { once } from 'node:events';
import { duplexPair } from 'node:stream';
import { E } from '@endo/eventual-send';
import { Far } from '@endo/far';
import { describe, expect, test } from 'vitest';
import { makeEffort } from '../../src/captp/effort.ts';
import { encodeFrames } from '../../src/captp/framing.ts';
import { makeInbox } from '../../src/captp/inbox.ts';
import { defaultLimits, type Limits } from '../../src/captp/limits.ts';
import { makeOutbox } from '../../src/captp/outbox.ts';
import { codeOf, makeError } from '../../src/errors/gobs-error.ts';
import { makeFakeClock } from '../support/fake-clock.ts';
import { expectEmpty, makeGuest, makeSessionPair } from '../support/session-world.ts';
import { until } from '../support/until.ts';

const end = makeError('SESSION_CLOSED', 'the test is over');

describe('a session that floods', () => {
  test('is served after a hundred calls that another makes one after the other meanwhile', async () => {
    const order: string[] = [];
    const bootstrap = Far('Counter', { count: (who: string) => void order.push(who) });
    const [alice, bob] = makeSessionPair({}, { bootstrap });
    await alice.opened;
    const flooder = await makeGuest({ bootstrap });
    flooder.say('{"type":"CTP_BOOTSTRAP","questionID":"q-1"}');
    await flooder.hear('CTP_RETURN');
    const counter = E((await alice.bootstrap()) as { count(who: string): Promise<void> });

    const flood = 20_000;
    const frames: string[] = [];
    for (let question = 2; question < flood + 2; question += 1) {
      frames.push(
        `{"type":"CTP_CALL","questionID":"q-${question}","target":"o-1","method":{"body":"[\\"count\\",[\\"flood\\"]]","slots":[]}}`,
        `{"type":"CTP_DROP","slotID":"q-${question - 60}","decRefs":1}`,
      );
    }
    // Answers are let go of as an honest side would, only without waiting for them: it is never too many at a time.
    const drop = (text: string) => text.includes('CTP_DROP') && /q-(-|[01]")/.test(text);
    flooder.sayBytes(encodeFrames(frames.filter((text) => !drop(text))));
    await until(() => order.length > 0);
    for (let call = 0; call < 100; call += 1) await counter.count('honest');
    expect(order.lastIndexOf('honest')).toBeLessThan(flood / 2);
    const allServed = until(() => order.length === flood + 100);
    expect(await Promise.race([flooder.session.closed, allServed])).toBeUndefined();
    flooder.session.close(end);
    alice.close(end);
    await Promise.all([alice.gone, bob.gone]);
    expectEmpty(bob);
    expectEmpty(flooder.session);
  });
});

describe('an inbox', () => {
  const make = (limits: Partial<Limits>, onText: (text: string) => void) => {
    const [there, here] = duplexPair({ highWaterMark: 1 << 20 });
    const clock = makeFakeClock();
    const turns: (() => void)[] = [];
    const errors: unknown[] = [];
    const inbox = makeInbox({
      stream: here,
      limits: { ...defaultLimits, ...limits },
      effort: makeEffort(),
      powers: { now: clock.now, setTimer: clock.setTimer, soon: (callback) => void turns.push(callback) },
      onText,
      onError: (error) => void errors.push(error),
    });
    inbox.allow(1 << 20);
    return { there, here, clock, inbox, turns, errors, next: () => turns.shift()?.() };
  };
  const numbered = (count: number) => encodeFrames(Array.from({ length: count }, (_, index) => String(index)));

  test('takes a few frames at a time, in order, and leaves the rest where it is', async () => {
    const taken: string[] = [];
    const { there, here, turns, next } = make({ framesPerTurn: 10 }, (text) => void taken.push(text));
    there.write(numbered(25));
    await until(() => taken.length > 0);
    expect(taken).toHaveLength(10);
    expect(here.isPaused()).toBe(true);
    next();
    expect(taken).toHaveLength(20);
    next();
    expect(taken).toEqual(Array.from({ length: 25 }, (_, index) => String(index)));
    expect(here.isPaused()).toBe(false);
    expect(turns).toEqual([]);
  });

  test('takes few large frames, where it would take many small ones', async () => {
    const sizes: number[] = [];
    const { there } = make({ framesPerTurn: 10, bytesPerTurn: 1_000 }, (text) => void sizes.push(text.length));
    there.write(encodeFrames(Array.from({ length: 5 }, () => 'x'.repeat(900))));
    await until(() => sizes.length > 0);
    expect(sizes).toEqual([900, 900]);
  });

  test('slows a sender down that sends more in a second than is allowed', async () => {
    const taken: string[] = [];
    const { there, here, clock, next } = make(
      { framesPerTurn: 10, framesPerSecond: 30 },
      (text) => void taken.push(text),
    );
    there.write(numbered(100));
    await until(() => taken.length > 0);
    for (let turn = 0; turn < 10; turn += 1) next();
    expect(taken).toHaveLength(30);
    expect(here.isPaused()).toBe(true);
    await clock.advance(999);
    expect(taken).toHaveLength(30);
    await clock.advance(1);
    for (let turn = 0; turn < 10; turn += 1) next();
    expect(taken).toHaveLength(60);
  });

  test('takes nothing while it is paused, and everything after', async () => {
    const taken: string[] = [];
    const { there, inbox } = make({}, (text) => {
      taken.push(text);
      if (taken.length === 1) inbox.pause();
    });
    there.write(numbered(3));
    await until(() => taken.length > 0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(taken).toEqual(['0']);
    inbox.resume();
    expect(taken).toEqual(['0', '1', '2']);
  });

  test('reads to the end of the stream after it was stopped by a frame', async () => {
    const { there, here, inbox } = make({}, () => inbox.stop());
    const ended = once(here, 'end');
    there.end(numbered(3));
    await ended;
  });

  test('stops at the first frame that makes no sense', async () => {
    const { there, errors } = make({}, (text) => {
      throw Error(`no sense: ${text}`);
    });
    there.write(numbered(3));
    await until(() => errors.length > 0);
    there.write(numbered(3));
    await new Promise((resolve) => setImmediate(resolve));
    expect(errors).toEqual([Error('no sense: 0')]);
  });
});

describe('an outbox', () => {
  const make = (limit = 1_000_000) => {
    const [here, there] = duplexPair();
    const failures: unknown[] = [];
    const chunks: string[] = [];
    there.on('data', (chunk: Buffer) => void chunks.push(chunk.toString('latin1')));
    const outbox = makeOutbox({
      stream: here,
      limit,
      onFailure: (reason) => void failures.push(reason),
      soon: setImmediate,
    });
    return { outbox, failures, chunks, here, there };
  };
  const wire = (...texts: string[]) => encodeFrames(texts).toString('latin1');

  test('writes what was sent in one moment at once', async () => {
    const { outbox, chunks } = make();
    for (const text of ['a', 'b', 'c']) outbox.send(text);
    await until(() => chunks.length > 0);
    expect(chunks).toEqual([wire('a', 'b', 'c')]);
  });

  test('writes what nobody waits for with what is sent next, in order, or else by itself before long', async () => {
    const { outbox, chunks } = make();
    outbox.sendLazily('a');
    await Promise.resolve();
    outbox.send('b');
    await until(() => chunks.length > 0);
    expect(chunks).toEqual([wire('a', 'b')]);
    outbox.sendLazily('c');
    await until(() => chunks.length > 1);
    expect(chunks[1]).toBe(wire('c'));
  });

  test('holds back what must wait, and everything behind it, in order', async () => {
    const { outbox, chunks } = make();
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    outbox.send('a');
    outbox.hold(first.promise);
    outbox.send('b');
    outbox.hold(second.promise);
    outbox.send('c');
    await until(() => chunks.length > 0);
    expect(chunks).toEqual([wire('a')]);
    second.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect(chunks).toEqual([wire('a')]);
    first.resolve();
    await until(() => chunks.join('').length >= wire('a', 'b', 'c').length);
    expect(chunks.join('')).toBe(wire('a', 'b', 'c'));
  });

  test('never writes what waited for something that failed, and says so', async () => {
    const { outbox, chunks, failures } = make();
    outbox.hold(Promise.reject(makeError('COMMIT_FAILED', 'disk full')));
    outbox.send('secret');
    await until(() => failures.length > 0);
    expect(failures.map(codeOf)).toEqual(['COMMIT_FAILED']);
    outbox.end('bye');
    await until(() => chunks.length > 0);
    expect(chunks).toEqual([wire('bye')]);
  });

  test('waits for a reader that is slow, and gives up on one that does not read', async () => {
    const { outbox, failures, chunks, there } = make(200_000);
    for (let round = 0; round < 50; round += 1) {
      outbox.send('x'.repeat(10_000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => chunks.join('').length === 50 * 10_004);
    expect(failures).toEqual([]);
    there.pause();
    for (let round = 0; round < 50 && failures.length === 0; round += 1) {
      outbox.send('x'.repeat(10_000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(failures.map(codeOf)).toEqual(['LIMIT_EXCEEDED']);
  });
});
