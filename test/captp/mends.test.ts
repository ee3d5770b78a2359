/** What of @endo/captp is mended, one test for each; see docs/decisions/0020-endo-captp-mended.md. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { E } from '@endo/eventual-send';
import { Far } from '@endo/far';
import { makePromiseKit } from '@endo/promise-kit';
import { describe, expect, test } from 'vitest';
import { defaultLimits } from '../../src/captp/limits.ts';
import { codeOf } from '../../src/errors/gobs-error.ts';
import { makePair, ours, settled } from '../support/captp-pair.ts';
import { until } from '../support/until.ts';

interface Remote {
  readonly [method: string]: (...args: unknown[]) => Promise<unknown>;
}
const on = (target: unknown): Remote => E(target as never) as Remote;
const nothing = Far('Nothing', {});
const slot = (name: string) => `{"body":"{\\"@qclass\\":\\"slot\\",\\"index\\":0}","slots":["${name}"]}`;
const call = (question: number, target: string, method: string, slots: readonly string[] = []) =>
  JSON.stringify({
    type: 'CTP_CALL',
    questionID: `q-${question}`,
    target,
    method: { body: JSON.stringify([method, slots.map((_slot, index) => ({ '@qclass': 'slot', index }))]), slots },
  });

/** One side of ours, and what it said; the test is the other side. */
const makeAlone = async (bootstrap: object, onError: (reason: unknown) => void = () => {}) => {
  const said: Readonly<Record<string, unknown>>[] = [];
  const side = ours(bootstrap, { onError })((text) => void said.push(JSON.parse(text) as never));
  side.receive('{"type":"CTP_BOOTSTRAP","questionID":"q-1"}');
  await settled();
  return { side, said, of: (type: string) => said.filter((message) => message.type === type) };
};

describe('what is let go of on one side is let go of on the other', () => {
  const run = async (script: string): Promise<Record<string, unknown>> => {
    const path = fileURLToPath(new URL(`../support/${script}`, import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', path], { timeout: 170_000 });
    return JSON.parse(stdout) as Record<string, unknown>;
  };

  test('2,000 of 2,000 objects and promises come back, and their memory', async () => {
    expect(await run('captp-garbage.ts')).toEqual({
      held: 2_001,
      left: { questions: 0, answers: 0, exports: 1, imports: 0 },
      collected: 2_000,
      drops: 2_000,
      mentionsDropped: 2_000,
      printed: 0,
    });
  }, 180_000);
});

describe('an object that was dropped', () => {
  test('and is given again can be called again', async () => {
    const object = Far('Object', { ping: () => 'pong' });
    const { side, of } = await makeAlone(Far('Giver', { give: () => object }));
    const give = async (question: number): Promise<string> => {
      side.receive(call(question, 'o-1', 'give'));
      await settled();
      const answers = of('CTP_RETURN') as unknown as { answerID: string; result: { slots: string[] } }[];
      return answers.find(({ answerID }) => answerID === `q-${question}`)!.result.slots[0]!.replace('+', '-');
    };
    const first = await give(2);
    side.receive(`{"type":"CTP_DROP","slotID":"${first}","decRefs":1}`);
    expect(side.counts().exports).toBe(1);
    const second = await give(3);
    side.receive(call(4, second, 'ping'));
    await settled();
    expect(of('CTP_RETURN').at(-1)).toMatchObject({ answerID: 'q-4', result: { body: '"pong"' } });
  });

  test('while another mention of it is on its way, is still there when that arrives', async () => {
    const object = Far('Object', { ping: () => 'pong' });
    const { side, of } = await makeAlone(Far('Giver', { give: () => object }));
    side.receive(call(2, 'o-1', 'give'));
    side.receive(call(3, 'o-1', 'give'));
    await settled();
    // The other side has seen one of the two answers, and collected what was in it.
    side.receive('{"type":"CTP_DROP","slotID":"o-2","decRefs":1}');
    side.receive(call(4, 'o-2', 'ping'));
    await settled();
    expect(of('CTP_RETURN').at(-1)).toMatchObject({ answerID: 'q-4', result: { body: '"pong"' } });
  });
});

describe('a promise', () => {
  test('whose first message was too much is told of when it is sent in the end', async () => {
    const limits = { ...defaultLimits, frameBytes: 2_000 };
    const { a, b } = makePair(
      ours(nothing, { limits }),
      ours(Far('Echo', { echo: (value: unknown) => value }), { limits }),
    );
    const remote = on(await a.bootstrap());
    const kit = makePromiseKit<unknown>();
    const tooMuch = harden({ promise: kit.promise, more: 'x'.repeat(2_000) });
    expect(await remote.echo!(tooMuch).catch(codeOf)).toBe('LIMIT_EXCEEDED');
    kit.resolve('settled');
    await settled();
    const { promise } = (await remote.echo!(harden({ promise: kit.promise }))) as { promise: Promise<unknown> };
    expect(await promise).toBe('settled');
    await settled();
    expect(b.counts()).toMatchObject({ answers: 0, exports: 1 });
  });

  test('that was settled, dropped, and mentioned meanwhile, is told of again', async () => {
    const kit = makePromiseKit<unknown>();
    const { side, of } = await makeAlone(Far('Giver', { give: () => harden([kit.promise]) }));
    side.receive(call(2, 'o-1', 'give'));
    await settled();
    kit.resolve('settled');
    await settled();
    expect(of('CTP_RESOLVE')).toHaveLength(1);
    side.receive(call(3, 'o-1', 'give'));
    await settled();
    // They forgot what the promise became before they saw it mentioned once more.
    side.receive('{"type":"CTP_DROP","slotID":"p-2","decRefs":1}');
    await settled();
    expect(of('CTP_RESOLVE')).toHaveLength(2);
    // And now they let go of it for good, and get it once more.
    side.receive('{"type":"CTP_DROP","slotID":"p-2","decRefs":1}');
    expect(side.counts().exports).toBe(1);
    side.receive(call(4, 'o-1', 'give'));
    await settled();
    expect(of('CTP_RESOLVE')).toHaveLength(3);
    expect(of('CTP_RESOLVE').every((message) => message.promiseID === 'p-2')).toBe(true);
  });

  test('cannot be dropped before its settlement was sent', async () => {
    const { side } = await makeAlone(Far('Giver', { give: () => harden([makePromiseKit<unknown>().promise]) }));
    side.receive(call(2, 'o-1', 'give'));
    await settled();
    const drop = '{"type":"CTP_DROP","slotID":"p-2","decRefs":1}';
    expect(() => side.receive(drop)).toThrow(/PROTOCOL_ERROR.*before it was settled/);
  });
});

describe('a call of what is not there yet', () => {
  const makeLate = () => {
    const kit = makePromiseKit<unknown>();
    const seen: unknown[] = [];
    const target = Far('Target', { see: (what: unknown) => void seen.push(what) });
    const late = Far('Late', { get: () => kit.promise, give: () => Far('Given', {}) });
    return { ...kit, seen, target, late };
  };

  test('goes on with what it mentions, though the caller has let go of that meanwhile', async () => {
    const { late, seen, target, resolve } = makeLate();
    const errors: unknown[] = [];
    const { side } = await makeAlone(late, (error) => void errors.push(error));
    side.receive(call(2, 'o-1', 'give'));
    side.receive(call(3, 'o-1', 'get'));
    await settled();
    side.receive(call(4, 'q-3', 'see', ['o-2']));
    side.receive('{"type":"CTP_DROP","slotID":"o-2","decRefs":1}');
    expect(side.counts().exports).toBe(2);
    resolve(target);
    await settled();
    expect(seen).toHaveLength(1);
    expect(errors).toEqual([]);
    // The bootstrap object and the target; what was let go of is gone.
    expect(side.counts().exports).toBe(2);
  });

  test('ends the session if it makes no sense when its time has come', async () => {
    const { late, target, resolve } = makeLate();
    const errors: unknown[] = [];
    const { side } = await makeAlone(late, (error) => void errors.push(error));
    side.receive(call(2, 'o-1', 'get'));
    side.receive(call(3, 'q-2', 'see').replace('[]]', '[{\\"@qclass\\":\\"nonsense\\"}]]'));
    resolve(target);
    await until(() => errors.length > 0);
    expect(codeOf(errors[0])).toBe('PROTOCOL_ERROR');
  });

  test('is not made if that turns out to be data', async () => {
    const { late, resolve } = makeLate();
    const { side, of } = await makeAlone(late);
    side.receive(call(2, 'o-1', 'get'));
    side.receive(call(3, 'q-2', 'repeat'));
    resolve('abc');
    await settled();
    expect(of('CTP_RETURN').at(-1)).toMatchObject({
      answerID: 'q-3',
      exception: { body: expect.stringContaining('NO_SUCH_METHOD') as string },
    });
  });
});

test('calls with values that cannot be sent leave nothing behind', async () => {
  const { a, b } = makePair(ours(nothing), ours(Far('Echo', { echo: (value: unknown) => value })));
  const remote = on(await a.bootstrap());
  const failures = await Promise.allSettled(Array.from({ length: 20 }, () => remote.echo!(new Map())));
  expect(failures.every(({ status }) => status === 'rejected')).toBe(true);
  expect(await remote.echo!(1)).toBe(1);
  await settled();
  expect(a.counts()).toMatchObject({ questions: 0, exports: 0 });
  expect(b.counts()).toMatchObject({ answers: 0, imports: 0 });
});

test('a settlement given to a question as if it were a promise is refused', async () => {
  const kit = makePromiseKit<unknown>();
  const { a, b } = makePair(ours(nothing), ours(Far('Slow', { get: () => kit.promise })));
  const remote = on(await a.bootstrap());
  const answer = remote.get!();
  await until(() => b.counts().answers === 1);
  expect(() => a.receive(`{"type":"CTP_RESOLVE","promiseID":"q-2","res":${slot('o+1')}}`)).toThrow(/PROTOCOL_ERROR/);
  kit.resolve(1);
  expect(await answer).toBe(1);
});
