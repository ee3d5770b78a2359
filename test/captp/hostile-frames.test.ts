import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Far } from '@endo/far';
import { makePromiseKit } from '@endo/promise-kit';
import { describe, expect, test } from 'vitest';
import { encodeFrames } from '../../src/captp/framing.ts';
import { codeOf } from '../../src/errors/gobs-error.ts';
import {
  expectEmpty,
  makeGuest,
  makeStranger,
  makeVisitor,
  strangersHello,
  type SideOptions,
} from '../support/session-world.ts';

const service = () =>
  Far('Service', {
    echo: (value: unknown) => value,
    fresh: () => Far('Fresh', { ping: () => 'pong' }),
    never: () => makePromiseKit<unknown>().promise,
    promises: () => harden({ promise: makePromiseKit<unknown>().promise }),
  });

const slot = (index = 0, iface?: unknown) => ({ '@qclass': 'slot', ...(iface === undefined ? {} : { iface }), index });
const body = (value: unknown, ...slots: unknown[]) => ({ body: JSON.stringify(value), slots });
const call = (question: number, method: string, args: unknown[] = [], slots: unknown[] = [], target = 'o-1') =>
  JSON.stringify({
    type: 'CTP_CALL',
    questionID: `q-${question}`,
    target,
    method: body([method, args], ...slots),
  });
const bootstrap = '{"type":"CTP_BOOTSTRAP","questionID":"q-1"}';
const frame = (value: unknown) => JSON.stringify(value);

/** A guest that has the bootstrap object, as `o-1`. */
const makeCaller = async (options: SideOptions = {}) => {
  const caller = await makeGuest({ bootstrap: service(), ...options });
  caller.say(bootstrap);
  await caller.hear('CTP_RETURN');
  return caller;
};

const method = body(['echo', []]);

/** What costs the session, with the code that the other side is told. */
const attacks: readonly (readonly [name: string, code: string, ...frames: string[]])[] = [
  ['a text that is not JSON', 'PROTOCOL_ERROR', '{"type":'],
  ['bytes that are no text', 'PROTOCOL_ERROR', '\u0000\u0001\u0002'],
  ['a number', 'PROTOCOL_ERROR', '7'],
  ['null', 'PROTOCOL_ERROR', 'null'],
  ['a list', 'PROTOCOL_ERROR', '[]'],
  ['a record without a type', 'PROTOCOL_ERROR', '{}'],
  ['a type that is a number', 'PROTOCOL_ERROR', '{"type":7}'],
  ['a type that nobody knows', 'PROTOCOL_ERROR', '{"type":"CTP_NONSENSE"}'],
  ['a type that every object has', 'PROTOCOL_ERROR', '{"type":"constructor"}'],
  ['a second hello', 'PROTOCOL_ERROR', strangersHello()],
  ['an end in words of @endo/captp', 'PROTOCOL_ERROR', '{"type":"CTP_DISCONNECT","reason":"because"}'],
  [
    'a synchronous call',
    'PROTOCOL_ERROR',
    frame({ type: 'CTP_CALL', trap: true, questionID: 'q-2', target: 'o-1', method }),
  ],
  ['the rest of a synchronous call', 'PROTOCOL_ERROR', '{"type":"CTP_TRAP_ITERATE","questionID":"q-1"}'],
  ['a ping without a number', 'PROTOCOL_ERROR', '{"type":"ping"}'],
  ['a ping of a text', 'PROTOCOL_ERROR', '{"type":"ping","n":"7"}'],
  ['a pong of minus one', 'PROTOCOL_ERROR', '{"type":"pong","n":-1}'],

  ...[undefined, 7, null, {}, [], 'q-0', 'q+2', 'o-1', 'q-1e3', 'q-', `q-${'9'.repeat(30)}`].map(
    (questionID): [string, string, string] => [
      `a call with question ${JSON.stringify(questionID)}`,
      'PROTOCOL_ERROR',
      frame({ type: 'CTP_CALL', questionID, target: 'o-1', method }),
    ],
  ),
  ...[
    undefined,
    7,
    null,
    {},
    'o-99',
    'o+1',
    'p-99',
    'p+1',
    'q-99',
    'q+1',
    't-1',
    'o-d1',
    'o+d1',
    'o-01',
    'o--1',
    '',
  ].map((target): [string, string, string] => [
    `a call of ${JSON.stringify(target)}`,
    'PROTOCOL_ERROR',
    frame({ type: 'CTP_CALL', questionID: 'q-2', target, method }),
  ]),
  ...[
    undefined,
    null,
    'text',
    [],
    {},
    { body: 7, slots: [] },
    { body: '[]' },
    { body: '["echo",[]]', slots: 'none' },
    { body: '["echo",[]]', slots: { length: 0 } },
    { body: '["echo",[7]]', slots: [7] },
    { body: '["echo",[7]]', slots: [null] },
    { body: '["echo",[', slots: [] },
    { body: '["echo",[1,]]', slots: [] },
  ].map((wrong): [string, string, string] => [
    `a call with method ${JSON.stringify(wrong)}`,
    'PROTOCOL_ERROR',
    frame({ type: 'CTP_CALL', questionID: 'q-2', target: 'o-1', method: wrong }),
  ]),
  ...['o-99', 'p-99', 'q-1', 'q+1', 't+1', 'o+d1', 'o-d1', 'x', 'o+0', '__proto__'].map(
    (name): [string, string, string] => [`an argument ${name}`, 'PROTOCOL_ERROR', call(2, 'echo', [slot()], [name])],
  ),
  ['an argument that is not among the slots', 'PROTOCOL_ERROR', call(2, 'echo', [slot(7)], ['o+1'])],
  ['an argument before the slots', 'PROTOCOL_ERROR', call(2, 'echo', [slot(-1)], ['o+1'])],
  ['an argument between the slots', 'PROTOCOL_ERROR', call(2, 'echo', [slot(0.5)], ['o+1'])],
  ['an interface that is no name of one', 'PROTOCOL_ERROR', call(2, 'echo', [slot(0, 'Evil')], ['o+1'])],
  ['an interface that is a number', 'PROTOCOL_ERROR', call(2, 'echo', [slot(0, 7)], ['o+1'])],
  ['a value of no class', 'PROTOCOL_ERROR', call(2, 'echo', [{ '@qclass': 'nonsense' }])],
  ['a big integer of no digits', 'PROTOCOL_ERROR', call(2, 'echo', [{ '@qclass': 'bigint', digits: 'x' }])],
  ['an error without a message', 'PROTOCOL_ERROR', call(2, 'echo', [{ '@qclass': 'error', name: 'Error' }])],

  ['a question twice', 'PROTOCOL_ERROR', call(2, 'never'), call(2, 'never')],
  ['questions backwards', 'PROTOCOL_ERROR', call(9, 'never'), call(8, 'never')],
  [
    'an answer that was not asked for',
    'PROTOCOL_ERROR',
    frame({ type: 'CTP_RETURN', answerID: 'q-1', result: body(1) }),
  ],
  ['an answer to nothing', 'PROTOCOL_ERROR', frame({ type: 'CTP_RETURN' })],
  [
    'a settlement that was not asked for',
    'PROTOCOL_ERROR',
    frame({ type: 'CTP_RESOLVE', promiseID: 'p-1', res: body(1) }),
  ],
  ['the settlement of a question', 'PROTOCOL_ERROR', frame({ type: 'CTP_RESOLVE', promiseID: 'q-1', res: body(1) })],
  ['a drop of nothing', 'PROTOCOL_ERROR', '{"type":"CTP_DROP","decRefs":1}'],
  ['a drop without a count', 'PROTOCOL_ERROR', '{"type":"CTP_DROP","slotID":"o-1"}'],
  ['a drop of minus one', 'PROTOCOL_ERROR', '{"type":"CTP_DROP","slotID":"o-1","decRefs":-1}'],
  ['a drop of what was never given', 'PROTOCOL_ERROR', '{"type":"CTP_DROP","slotID":"o-99","decRefs":1}'],
  ['a drop of its own', 'PROTOCOL_ERROR', '{"type":"CTP_DROP","slotID":"o+1","decRefs":1}'],
  ['a drop of an answer that is not there', 'PROTOCOL_ERROR', '{"type":"CTP_DROP","slotID":"q-7","decRefs":1}'],
  [
    'a drop of an answer that was not given yet',
    'PROTOCOL_ERROR',
    call(2, 'never'),
    '{"type":"CTP_DROP","slotID":"q-2","decRefs":1}',
  ],
  ['a call of what was dropped', 'PROTOCOL_ERROR', '{"type":"CTP_DROP","slotID":"o-1","decRefs":1}', call(2, 'echo')],

  ['a message that is too deep', 'LIMIT_EXCEEDED', call(2, 'echo', [JSON.parse('['.repeat(99) + ']'.repeat(99))])],
  ['a frame that is too deep', 'LIMIT_EXCEEDED', `{"type":"ping","n":1,"more":${'['.repeat(20_000)}`],
  [
    '100,000 slots',
    'LIMIT_EXCEEDED',
    call(
      2,
      'echo',
      [],
      Array.from({ length: 100_000 }, (_, index) => `p+${index + 1}`),
    ),
  ],
  [
    'too many slots for a message',
    'LIMIT_EXCEEDED',
    call(
      2,
      'echo',
      [],
      Array.from({ length: 1_025 }, (_, index) => `p+${index + 1}`),
    ),
  ],
  ['too many values', 'LIMIT_EXCEEDED', call(2, 'echo', [Array(100_001).fill(0)])],
  ['too many values in a frame', 'LIMIT_EXCEEDED', `{"type":"ping","n":1,"more":[${'0,'.repeat(100_000)}0]}`],
];

describe('a session ends, and says why, for', () => {
  test.each(attacks)('%s', async (_name, code, ...frames) => {
    const caller = await makeCaller();
    caller.say(...frames);
    expect(codeOf(await caller.session.closed)).toBe(code);
    expect(await caller.hear('bye')).toMatchObject({ code });
    expectEmpty(caller.session);
    caller.stream.destroy();
    await caller.session.gone;
  });

  test('a frame over the limit, when only its length has come', async () => {
    const caller = await makeCaller({ limits: { frameBytes: 1_000 } });
    caller.sayBytes(Buffer.from([0, 0, 0x03, 0xe9]));
    expect(codeOf(await caller.session.closed)).toBe('LIMIT_EXCEEDED');
    expectEmpty(caller.session);
  });

  test('more questions than are allowed, and answers that are kept', async () => {
    for (const method of ['never', 'echo']) {
      const caller = await makeCaller({ limits: { questions: 10 } });
      caller.say(...Array.from({ length: 9 }, (_, index) => call(index + 2, method)));
      caller.say('{"type":"ping","n":7}');
      await caller.hear('pong');
      expect(caller.session.counts().answers).toBe(10);
      caller.say(call(20, method));
      expect(codeOf(await caller.session.closed)).toBe('LIMIT_EXCEEDED');
      expectEmpty(caller.session);
    }
  });

  test('more references than are allowed, given', async () => {
    const caller = await makeCaller({ limits: { references: 10 } });
    caller.say(call(2, 'never', [slot(0), slot(1)], ['o+1', 'p+1']));
    caller.say(...Array.from({ length: 9 }, (_, index) => call(index + 3, 'never', [slot()], [`p+${index + 2}`])));
    expect(codeOf(await caller.session.closed)).toBe('LIMIT_EXCEEDED');
    expectEmpty(caller.session);
  });

  test('pings whose answers are not read', async () => {
    const caller = await makeCaller({ limits: { bytesWaiting: 50_000 } });
    caller.stopReading();
    const pings = encodeFrames(Array.from({ length: 1_000 }, (_, index) => `{"type":"ping","n":${index}}`));
    const flood = setInterval(() => caller.sayBytes(pings), 1);
    expect(codeOf(await caller.session.closed)).toBe('LIMIT_EXCEEDED');
    clearInterval(flood);
    expectEmpty(caller.session);
  });

  test('answers that are not read', async () => {
    const caller = await makeCaller({ limits: { bytesWaiting: 50_000, frameBytes: 20_000 } });
    caller.stopReading();
    for (let question = 2; question < 20; question += 1) caller.say(call(question, 'echo', ['x'.repeat(10_000)]));
    expect(codeOf(await caller.session.closed)).toBe('LIMIT_EXCEEDED');
    expectEmpty(caller.session);
  });
});

describe('a stranger may cost less than others, until it is trusted', () => {
  const large = encodeFrames([call(2, 'echo', ['x'.repeat(70_000)])]);

  test('in the size of its frames', async () => {
    const stranger = await makeVisitor({ bootstrap: service() });
    stranger.say(bootstrap);
    stranger.sayBytes(large);
    expect(codeOf(await stranger.session.closed)).toBe('LIMIT_EXCEEDED');
    const trusted = await makeVisitor({ bootstrap: service() });
    trusted.session.trust();
    trusted.say(bootstrap);
    await trusted.hear('CTP_RETURN');
    trusted.sayBytes(large);
    trusted.say('{"type":"ping","n":1}');
    await trusted.hear('pong');
    trusted.session.close(Error('SESSION_CLOSED: end'));
  });

  test('in its questions', async () => {
    const stranger = await makeVisitor({ bootstrap: service() });
    stranger.say(bootstrap);
    await stranger.hear('CTP_RETURN');
    stranger.say(...Array.from({ length: 16 }, (_, index) => call(index + 2, 'never')));
    expect(codeOf(await stranger.session.closed)).toBe('LIMIT_EXCEEDED');
  });

  test('in what it gives', async () => {
    const stranger = await makeVisitor({ bootstrap: service() });
    stranger.say(bootstrap);
    await stranger.hear('CTP_RETURN');
    const names = Array.from({ length: 17 }, (_, index) => `p+${index + 1}`);
    stranger.say(
      call(
        2,
        'never',
        names.map((_name, index) => slot(index)),
        names,
      ),
    );
    expect(codeOf(await stranger.session.closed)).toBe('LIMIT_EXCEEDED');
    expectEmpty(stranger.session);
  });
});

describe('before the hello', () => {
  test.each([
    ['a call', 'PROTOCOL_ERROR', call(1, 'echo')],
    ['a ping', 'PROTOCOL_ERROR', '{"type":"ping","n":1}'],
    ['no versions', 'PROTOCOL_ERROR', strangersHello().replace('"gobs"', '"goblins"')],
    ['versions upside down', 'PROTOCOL_ERROR', strangersHello().replace('[1,1]', '[2,1]')],
    ['versions that are texts', 'PROTOCOL_ERROR', strangersHello().replace('[1,1]', '["1","1"]')],
    ['no peer', 'PROTOCOL_ERROR', strangersHello().replace('"peer"', '"name"')],
    ['an epoch below nothing', 'PROTOCOL_ERROR', strangersHello().replace('"epoch":1', '"epoch":-1')],
    ['a durable of sorts', 'PROTOCOL_ERROR', strangersHello().replace('"durable":false', '"durable":"yes"')],
    ['another peer', 'PEER_MISMATCH', strangersHello({ peerId: 'c'.repeat(52) })],
    ['too much', 'LIMIT_EXCEEDED', strangersHello({ software: 'x'.repeat(5_000) })],
  ])('%s ends the session', async (_name, code, text) => {
    const stranger = makeStranger();
    stranger.say(text);
    expect(codeOf(await stranger.session.closed)).toBe(code);
    expect(codeOf(await stranger.session.opened.catch((error: unknown) => error))).toBe(code);
    expect(await stranger.hear('bye')).toMatchObject({ code });
    expect(stranger.heard.filter(({ type }) => type === 'hello')).toEqual([]);
    expectEmpty(stranger.session);
  });
});

describe('only the call is answered with a failure for', () => {
  test.each([
    ['toString', call(2, 'toString')],
    ['constructor', call(2, 'constructor')],
    ['__proto__', call(2, '__proto__')],
    ['a name that is no name', call(2, 'a b')],
    ['a name in other letters', call(2, 'echo').replace('echo', '\\\\u0065cho')],
    ['no name', frame({ type: 'CTP_CALL', questionID: 'q-2', target: 'o-1', method: body([null, []]) })],
    ['reading a property', frame({ type: 'CTP_CALL', questionID: 'q-2', target: 'o-1', method: body(['echo']) })],
    [
      'a symbol',
      frame({
        type: 'CTP_CALL',
        questionID: 'q-2',
        target: 'o-1',
        method: body([{ '@qclass': 'symbol', name: 'x' }, []]),
      }),
    ],
    [
      'arguments that are no list',
      frame({ type: 'CTP_CALL', questionID: 'q-2', target: 'o-1', method: body(['echo', 'x']) }),
    ],
    ['data in place of a call', frame({ type: 'CTP_CALL', questionID: 'q-2', target: 'o-1', method: body({}) })],
  ])('%s', async (_name, text) => {
    const caller = await makeCaller();
    caller.say(text, call(90, 'echo', ['fine']), '{"type":"ping","n":1}');
    await caller.hear('pong');
    await new Promise((resolve) => setImmediate(resolve));
    const answers = caller.heard.filter(({ type }) => type === 'CTP_RETURN');
    expect(answers.find(({ answerID }) => answerID === 'q-2')).toMatchObject({
      exception: { body: expect.stringContaining('NO_SUCH_METHOD') as string },
    });
    expect(answers.find(({ answerID }) => answerID === 'q-90')).toMatchObject({ result: { body: '"fine"' } });
    caller.session.close(Error('SESSION_CLOSED: end'));
    expectEmpty(caller.session);
  });
});

test('what hostile sessions took is given back: the heap is as it was, after a collection', async () => {
  const path = fileURLToPath(new URL('../support/captp-hostile-heap.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', path], { timeout: 170_000 });
  const { worst, left } = JSON.parse(stdout) as { worst: number; left: number };
  expect(worst).toBeGreaterThan(5);
  expect(left).toBeLessThan(3);
}, 180_000);
