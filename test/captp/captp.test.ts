import { E } from '@endo/eventual-send';
import { Far } from '@endo/far';
import { makePromiseKit } from '@endo/promise-kit';
import { describe, expect, test } from 'vitest';
import type { Counts } from '../../src/captp/captp.ts';
import { defaultLimits } from '../../src/captp/limits.ts';
import { codeOf, makeError } from '../../src/errors/gobs-error.ts';
import { endos, makePair, ours, settled, type Ours, type Side } from '../support/captp-pair.ts';

const empty: Counts = { questions: 0, answers: 0, exports: 0, imports: 0 };

interface Remote {
  readonly [method: string]: (...args: unknown[]) => Promise<unknown>;
}
const on = (target: unknown): Remote => E(target as never) as Remote;

const makeCounter = () => {
  let count = 0;
  return Far('Counter', {
    incr: (by = 1) => {
      count += by;
      return count;
    },
    self: (): unknown => undefined,
  });
};

const makeService = () => {
  const counter = makeCounter();
  const { promise, resolve, reject } = makePromiseKit<unknown>();
  return Far('Service', {
    echo: (value: unknown) => value,
    nothing: () => {},
    counter: () => counter,
    fresh: () => makeCounter(),
    later: () => harden({ promise }),
    laterItself: () => promise,
    settle: (value: unknown) => resolve(value),
    fail: (reason: unknown) => reject(reason),
    throwCoded: () => {
      throw makeError('NO_SUCH_MACHINE', 'machine web9 is not there', { hint: 'create it' });
    },
    throwOddly: () => {
      throw Object.assign(Error('ENOENT: no such file'), { errno: -2, path: '/secret', code: 'ENOENT' });
    },
    unpassable: () => new Map(),
    halfUnpassable: () => [makeCounter(), new Map()],
    callBack: async (other: unknown) => on(other).incr!(5),
    text: () => 'abc',
    list: () => harden([1, 2, 3]),
  });
};

const nothing = Far('Nothing', {});

const pairs: readonly (readonly [
  string,
  () => { asker: Side; pair: ReturnType<typeof makePair<Side, Side>>; mine: Ours[] },
])[] = [
  [
    'both ours',
    () => {
      const pair = makePair(ours(nothing), ours(makeService()));
      return { asker: pair.a, pair, mine: [pair.a, pair.b] };
    },
  ],
  [
    'we ask, @endo/captp answers',
    () => {
      const pair = makePair(ours(nothing), endos(makeService()));
      return { asker: pair.a, pair, mine: [pair.a] };
    },
  ],
  [
    '@endo/captp asks, we answer',
    () => {
      const pair = makePair(endos(nothing), ours(makeService()));
      return { asker: pair.a, pair, mine: [pair.b] };
    },
  ],
];

describe.each(pairs)('CapTP, %s', (_name, make) => {
  test('carries everything passable there and back', async () => {
    const { asker, pair, mine } = make();
    const service = on(await asker.bootstrap());
    const values = [
      undefined,
      null,
      true,
      'text with "quotes" and \n and @qclass',
      1.5,
      -0,
      NaN,
      Infinity,
      -Infinity,
      12345678901234567890n,
      [1, [2, [3, undefined]]],
      { a: { b: [] } },
      { '@qclass': 'slot', index: 0 },
      { one: undefined, two: 2n },
    ].map((value) => harden(value));
    for (const value of values) {
      const back = await service.echo!(value);
      expect(back).toEqual(Object.is(value, -0) ? 0 : value);
      expect(Object.isFrozen(back)).toBe(true);
    }
    pair.a.close(Error('end'));
    pair.b.close(Error('end'));
    for (const side of mine) expect(side.counts()).toEqual(empty);
  });

  test('keeps the identity of references in both directions', async () => {
    const { asker, pair, mine } = make();
    const service = on(await asker.bootstrap());
    const counter = await service.counter!();
    expect(await service.counter!()).toBe(counter);
    expect(await service.echo!(counter)).toBe(counter);
    const local = makeCounter();
    expect(await service.echo!(local)).toBe(local);
    expect(await service.callBack!(local)).toBe(5);
    expect(await on(counter).incr!(2)).toBe(2);
    pair.a.close(Error('end'));
    pair.b.close(Error('end'));
    for (const side of mine) expect(side.counts()).toEqual(empty);
  });

  test('makes three chained calls in one round trip', async () => {
    const { asker, pair } = make();
    const service = await asker.bootstrap();
    await settled();
    const before = pair.trips();
    const sum = on(on(on(service).echo!(service)).counter!()).incr!(3);
    expect(await sum).toBe(3);
    expect(pair.trips() - before).toBe(2);
  });

  test('settles promises that are part of data, after the message that has them', async () => {
    const { asker } = make();
    const service = on(await asker.bootstrap());
    const { promise } = (await service.later!()) as { promise: Promise<unknown> };
    const early = on(promise).incr!(4);
    await service.settle!(service.counter!());
    expect(await early).toBe(4);
    expect(await on(await promise).incr!(1)).toBe(5);
    const mine = makePromiseKit<unknown>();
    const back = service.echo!(harden({ promise: mine.promise })) as Promise<{ promise: Promise<unknown> }>;
    mine.reject(Error('as I said'));
    await expect((await back).promise).rejects.toThrow('as I said');
  });

  test('passes errors as their messages and nothing else', async () => {
    const { asker } = make();
    const service = on(await asker.bootstrap());
    const coded = (await service.throwCoded!().catch((error: unknown) => error)) as Error;
    expect(coded.message).toBe('NO_SUCH_MACHINE: machine web9 is not there\nhint: create it');
    const odd = (await service.throwOddly!().catch((error: unknown) => error)) as Error;
    expect(odd.message).toBe('ENOENT: no such file');
    expect(Object.keys(odd)).toEqual([]);
    expect(JSON.stringify([odd, (odd as { path?: string }).path])).not.toContain('secret');
    expect(await service.echo!(harden([Error('in data')]))).toMatchObject([{ message: 'in data' }]);
  });

  test('rejects the call whose answer cannot be sent', async () => {
    const { asker, mine } = make();
    const service = on(await asker.bootstrap());
    await expect(service.unpassable!()).rejects.toThrow(/Map/);
    await expect(service.halfUnpassable!()).rejects.toThrow(/Map/);
    expect(await service.echo!(1)).toBe(1);
    for (const side of mine) expect(side.counts().exports).toBeLessThan(2);
  });

  test('rejects the call whose arguments cannot be sent, and sends nothing', async () => {
    const { asker, pair } = make();
    const service = on(await asker.bootstrap());
    await settled();
    const before = pair.log.length;
    await expect(service.echo!(new Map())).rejects.toThrow(/Map/);
    expect(pair.log.length).toBe(before);
  });
});

describe('CapTP', () => {
  test('holds nothing on either side once answers were heard and references are the only thing left', async () => {
    const { a, b } = makePair(ours(nothing), ours(makeService()));
    const service = on(await a.bootstrap());
    await Promise.all(Array.from({ length: 50 }, (_, index) => service.echo!(index)));
    await await service.later!();
    await service.settle!(1);
    await settled();
    // The promise that came with `later` is let go of when the collector says that nobody has it: see the leak test.
    expect(a.counts()).toEqual({ ...empty, imports: 2 });
    expect(b.counts()).toEqual({ ...empty, exports: 2 });
  });

  test('answers calls in the order in which they were sent, whether they waited for their target or not', async () => {
    const heard: unknown[] = [];
    const target = Far('Target', { hear: (what: unknown) => void heard.push(what) });
    const kit = makePromiseKit<unknown>();
    const { a } = makePair(
      ours(nothing),
      ours(Far('Late', { get: () => kit.promise, now: () => kit.resolve(target) })),
    );
    const late = on(await a.bootstrap());
    const promised = late.get!();
    void on(promised).hear!(1);
    void on(promised).hear!(2);
    void late.now!();
    void on(promised).hear!(3);
    const there = await promised;
    await Promise.all([on(promised).hear!(4), on(there).hear!(5), on(promised).hear!(6)]);
    expect(heard).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test.each(['toString', 'constructor', '__proto__', 'hasOwnProperty', '__defineGetter__', 'valueOf'])(
    'refuses to call %s from afar, also on an answer that is not there yet',
    async (method) => {
      const { a } = makePair(ours(nothing), ours(makeService()));
      const bootstrap = await a.bootstrap();
      const direct = await a.captp.ask('o-1', method, []).catch(codeOf);
      expect(direct).toBe('NO_SUCH_METHOD');
      const pipelined = on(bootstrap).fresh!();
      await expect(on(pipelined)[method]!().catch(codeOf)).resolves.toBe('NO_SUCH_METHOD');
    },
  );

  test('refuses to call methods of what is no reference', async () => {
    const { a } = makePair(ours(nothing), ours(makeService()));
    const service = on(await a.bootstrap());
    expect(await on(service.text!()).repeat!(3).catch(codeOf)).toBe('NO_SUCH_METHOD');
    expect(await on(service.list!()).map!(1).catch(codeOf)).toBe('NO_SUCH_METHOD');
    await expect(on(service.unpassable!()).get!(1)).rejects.toThrow(/Map/);
  });

  test('does not read properties or call objects as functions', async () => {
    const { a } = makePair(ours(nothing), ours(makeService()));
    const service = (await a.bootstrap()) as never;
    expect(await (E.get(service) as Record<string, Promise<unknown>>).echo!.catch(codeOf)).toBe('NO_SUCH_METHOD');
    expect(await (E(service) as unknown as () => Promise<unknown>)().catch(codeOf)).toBe('NO_SUCH_METHOD');
  });

  test('refuses at home what would be too much for the other side, and lives on', async () => {
    const limits = { ...defaultLimits, frameBytes: 2_000, depth: 8, values: 100, slots: 4, questions: 3 };
    const { a } = makePair(ours(nothing, { limits }), ours(makeService(), { limits }));
    const service = on(await a.bootstrap());
    const deep = JSON.parse(`${'['.repeat(9)}${']'.repeat(9)}`) as unknown;
    const fars = Array.from({ length: 5 }, () => Far('Some', {}));
    for (const much of ['x'.repeat(2_000), deep, Array(101).fill(0), fars]) {
      expect(await service.echo!(harden(much)).catch(codeOf)).toBe('LIMIT_EXCEEDED');
    }
    const many = await Promise.allSettled([1, 2, 3, 4].map((one) => service.echo!(one)));
    expect(many.map((one) => (one.status === 'fulfilled' ? one.value : codeOf(one.reason)))).toEqual([
      1,
      2,
      3,
      'LIMIT_EXCEEDED',
    ]);
    expect(await service.echo!('fine')).toBe('fine');
    expect(a.counts().exports).toBe(0);
  });

  test('tells the caller when the answer is too large', async () => {
    const limits = { ...defaultLimits, frameBytes: 2_000 };
    const { a } = makePair(ours(nothing), ours(Far('Large', { large: () => 'x'.repeat(3_000) }), { limits }));
    expect(await on(await a.bootstrap()).large!().catch(codeOf)).toBe('LIMIT_EXCEEDED');
  });

  test('closing rejects all that is outstanding and all that is asked later, with the reason', async () => {
    const { a, b } = makePair(ours(nothing), ours(makeService()));
    const bootstrap = await a.bootstrap();
    const { promise } = (await on(bootstrap).later!()) as { promise: Promise<unknown> };
    const answer = on(bootstrap).laterItself!();
    const chained = on(answer).incr!();
    await settled();
    const reason = makeError('SESSION_CLOSED', 'the session ended');
    a.close(reason);
    b.close(reason);
    for (const one of [promise, answer, chained, on(bootstrap).echo!(1), on(promise).incr!()]) {
      await expect(one).rejects.toBe(reason);
    }
    expect(a.counts()).toEqual(empty);
    expect(b.counts()).toEqual(empty);
  });

  test('promises that are each other never settle and harm nobody', async () => {
    const b = ours(makeService())(() => {});
    b.receive('{"type":"CTP_BOOTSTRAP","questionID":"q-1"}');
    await settled();
    b.receive(
      '{"type":"CTP_CALL","questionID":"q-2","target":"o-1","method":{"body":"[\\"echo\\",[[{\\"@qclass\\":\\"slot\\",\\"index\\":0},{\\"@qclass\\":\\"slot\\",\\"index\\":1}]]]","slots":["p+1","p+2"]}}',
    );
    const slot = (name: string) => `{"body":"{\\"@qclass\\":\\"slot\\",\\"index\\":0}","slots":["${name}"]}`;
    b.receive(`{"type":"CTP_RESOLVE","promiseID":"p-1","res":${slot('p+2')}}`);
    b.receive(`{"type":"CTP_RESOLVE","promiseID":"p-2","res":${slot('p+2')}}`.replace('p+2', 'p+3'));
    b.receive(`{"type":"CTP_RESOLVE","promiseID":"p-3","res":${slot('p+3')}}`);
    await settled();
    b.close(Error('end'));
    expect(b.counts()).toEqual(empty);
  });
});
