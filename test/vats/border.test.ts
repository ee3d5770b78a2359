import { E as hostE } from '@endo/eventual-send';
import { Far, makeTagged } from '@endo/pass-style';
import { beforeEach, describe, expect, test } from 'vitest';
import { makeError } from '../../src/errors/gobs-error.ts';
import { makeMemoryStore, type MemoryStore } from '../../src/persistence/memory-store.ts';
import { E } from '../../src/vats/eventual-send.ts';
import type { PromiseKit } from '../../src/vats/kind.ts';
import { allRows } from '../support/test-kernel.ts';
import { collectGarbage } from './collect-garbage.ts';
import { counterKind, listenerKind, openWorkshop, type Counter, type Listener, type Workshop } from './workshop.ts';

let store: MemoryStore;
let shop: Workshop;
let other: Workshop;

beforeEach(async () => {
  store = makeMemoryStore();
  shop = await openWorkshop(store);
  other = await shop.neighbour('other');
});

const errorOf = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    (value) => Error(`it gave ${String(value)}`),
    (error: Error) => error,
  );

const deep = (levels: number): unknown => {
  let value: unknown = 'bottom';
  for (let level = 0; level < levels; level += 1) value = [value];
  return harden(value);
};

const values: readonly (readonly [string, unknown])[] = [
  ['undefined', undefined],
  ['null', null],
  ['an empty text', ''],
  ['text with a lone surrogate and zeros', 'a\ud800\u0000\n'],
  ['text that looks like an encoding', '#"$0.Alleged: x"'],
  ['a large bigint', -(10n ** 40n)],
  ['NaN', NaN],
  ['Infinity', -Infinity],
  ['a registered symbol', Symbol.for('gobs')],
  ['a well-known symbol', Symbol.iterator],
  ['a tagged value', makeTagged('mine', harden({ a: [1n] }) as never)],
  [
    'a record with keys of every sort',
    { ['__proto__']: 1, then: 2, constructor: 'x', toString: null, '@qclass': 'slot', '': 3, '#a': 4 },
  ],
  ['a record that looks like a slot', { '@qclass': 'slot', index: 0 }],
  ['nested data', { list: [[], [{}], { deep: [undefined, [NaN]] }] }],
  ['data 300 levels deep', deep(300)],
];

describe('a value', () => {
  test.each(values)(
    'is the same in a vat, in its portrait, after a restart and in another vat: %s',
    async (_, given) => {
      const value = harden(given);
      const echo = await shop.turn(({ bcom }, it: unknown) => {
        bcom({ it });
        return it;
      }, value);
      expect(echo).toEqual(value);
      const far = await other.turn(
        (_here, bench: Workshop['bench'], id: number) => E(bench).run(id),
        shop.bench,
        shop.script(({ portrait }) => portrait),
      );
      expect(far).toEqual({ it: value });
      await shop.kernel.stop();
      const again = await openWorkshop(store);
      expect(await again.turn(({ portrait }) => portrait)).toEqual({ it: value });
      expect(await again.turn(({ portrait }) => Object.getPrototypeOf(portrait) === Object.prototype)).toBe(true);
    },
  );

  test('of minus zero is kept as zero, as Endo writes it', async () => {
    await shop.turn(({ bcom }) => bcom(-0));
    await shop.kernel.stop();
    const again = await openWorkshop(store);
    expect(await again.turn(({ portrait }) => Object.is(portrait, 0))).toBe(true);
  });

  test.each([
    ['a symbol of one realm', () => Symbol('mine')],
    ['a function', () => () => 1],
    ['a thenable', () => ({ then: () => {} })],
    ['an object with a method', () => ({ method: () => {} })],
    ['a map', () => new Map()],
    ['a date', () => new Date(0)],
    ['a typed array', () => new Uint8Array(2)],
    [
      'an accessor',
      () => ({
        get a() {
          return 1;
        },
      }),
    ],
    [
      'data 100,000 levels deep',
      () => {
        let v: unknown[] = [];
        for (let n = 0; n < 100_000; n += 1) v = [v];
        return v;
      },
    ],
  ])('that is not passable is refused, in and out, and nothing hangs or is kept: %s', async (_, make) => {
    const before = await allRows(store);
    const listener = await shop.turn<Listener>(({ spawn }) => spawn(listenerKind, []));
    const attempts = [
      shop.turn(() => 'never', make()),
      shop.turn(({ bcom }) => {
        bcom('changed');
        return make();
      }),
      shop.turn(({ bcom }) => bcom([make()])),
      shop.turn(({ bcom }, l: Listener) => {
        bcom('changed');
        return E(l).hear(make());
      }, listener),
    ];
    for (const error of await Promise.all(attempts.map(errorOf))) expect(error.message).toMatch(/^NOT_PASSABLE: /);
    await shop.kernel.idle();
    expect(await allRows(store)).toEqual(before);
    expect(shop.kernel.hostErrors).toEqual([]);
  });

  test('that is no actor cannot leave its vat: the turn that tries is undone', async () => {
    const before = await allRows(store);
    const listener = await shop.turn<Listener>(({ spawn }) => spawn(listenerKind, []));
    const attempts = [
      shop.turn(({ bcom }) => {
        bcom('changed');
        return [Far('Thing', {})];
      }),
      shop.turn(({ bcom }, l: Listener) => {
        bcom('changed');
        void E(l).hear({ thing: Far('Thing', {}) });
      }, listener),
    ];
    for (const error of await Promise.all(attempts.map(errorOf))) {
      expect(error.message).toMatch(/^NOT_PASSABLE: .*no actor.*\nhint: spawn/);
    }
    expect(await allRows(store)).toEqual(before);
  });

  test('is what it was when it was sent, whatever the sender does to it then', async () => {
    const list = [1];
    const answer = shop.turn((_here, it: number[]) => it.length, list);
    await Promise.resolve();
    await Promise.resolve();
    expect(() => list.push(2)).toThrow(TypeError);
    expect(await answer).toBe(1);
  });
});

describe('a reference', () => {
  test('of the host comes back as the same object, through two vats', async () => {
    const thing = Far('Thing', { name1: () => 'thing' });
    const back = await shop.turn(
      (_here, it: object, bench: Workshop['bench'], id: number) => E(bench).run(id, it),
      thing,
      other.bench,
      other.script((_here, it) => it),
    );
    expect(back).toBe(thing);
  });

  test('is one object in its vat, wherever it came from', async () => {
    const counter = await shop.counter(1);
    const same = await other.turn(
      (_here, bench: Workshop['bench'], id: number, it: Counter) => E(bench).run(id, it),
      shop.bench,
      shop.script(({ bcom }, it: Counter) => {
        bcom([it, it]);
        return it.read();
      }),
      counter,
    );
    expect(same).toBe(1);
    expect(
      await shop.turn(({ portrait }, it: Counter) => (portrait as Counter[]).every((one) => one === it), counter),
    ).toBe(true);
  });

  test('answers method calls only', async () => {
    const counter = await shop.counter(1);
    expect((await errorOf((hostE.get(counter as never) as { read: Promise<unknown> }).read)).message).toMatch(
      /^NO_SUCH_METHOD: .*property/,
    );
    expect((await errorOf((hostE(counter as never) as unknown as () => Promise<unknown>)())).message).toMatch(
      /^NO_SUCH_METHOD: .*function/,
    );
  });

  test('of another vat has no methods near', async () => {
    const counter = await shop.counter(1);
    expect((await errorOf(other.turn((_here, it: Counter) => it.read(), counter))).message).toMatch(/not a function/);
  });

  test('that is a function is refused: a vat could not call it', async () => {
    const callback = Far('callback', () => 1);
    expect((await errorOf(shop.turn(() => 1, callback))).message).toMatch(/^NOT_PASSABLE: a function/);
  });

  test('to an ephemeral actor keeps it, held by the host or by another vat, and nothing else does', async () => {
    const heard: string[] = [];
    const collected = new FinalizationRegistry<string>((what) => heard.push(what));
    const make = async (what: string): Promise<Listener> =>
      shop.turn<Listener>(({ spawn }) => {
        const token = harden({ what });
        collected.register(token, what);
        return spawn(listenerKind, [token]);
      });
    let held: Listener | undefined = await make('held by the host');
    await other.turn(
      ({ spawn }, it: Listener) => void (holder = spawn(listenerKind, [it])),
      await make('held by a vat'),
    );
    await make('held by nobody');
    await collectGarbage();
    expect(heard).toEqual(['held by nobody']);
    expect(await E(held).heard()).toHaveLength(1);
    const texts = await other.turn(({ on }) =>
      on(E(holder!.heard()[0] as Listener).heard(), (all) => (all as { what: string }[]).map(({ what }) => what)),
    );
    expect(texts).toEqual(['held by a vat']);
    held = undefined;
    holder = undefined;
    await collectGarbage();
    expect(heard.sort()).toEqual(['held by a vat', 'held by nobody', 'held by the host']);
  });
  let holder: Listener | undefined;

  test('to an ephemeral actor keeps it while a message is on its way, also if nobody holds it any more', async () => {
    const heard: unknown[] = [];
    const report = Far('Report', { hear: (what: unknown) => void heard.push(what) });
    await (async () => {
      const listener = await shop.turn<Listener>(({ spawn }) => spawn(listenerKind, []));
      void E(listener)
        .hear('last words')
        .then(
          (answer) => report.hear(answer),
          (error: Error) => report.hear(error.message),
        );
    })();
    await Promise.resolve();
    await Promise.resolve();
    await collectGarbage();
    await shop.kernel.idle();
    expect(heard).toEqual([undefined]);
  });

  test('to an ephemeral actor keeps it though its name was made into a reference first', async () => {
    const listener = await shop.turn<Listener>(({ spawn, bcom }) => {
      bcom(null);
      return spawn(listenerKind, ['kept']);
    });
    const name = shop.kernel.nameOf(listener)!;
    expect(shop.kernel.refOf(name)).toBe(listener);
    await collectGarbage();
    expect(await E(listener).heard()).toEqual(['kept']);
  });

  test('to a host object keeps the object, while the vat holds it', async () => {
    const gone: string[] = [];
    const collected = new FinalizationRegistry<string>((what) => gone.push(what));
    const make = (): object => {
      const thing = Far('Thing', { ping: () => 'pong' });
      collected.register(thing, 'thing');
      return thing;
    };
    let listener: Listener | undefined = await shop.turn<Listener>(
      ({ spawn }, it: object) => spawn(listenerKind, [it]),
      make(),
    );
    await collectGarbage();
    expect(gone).toEqual([]);
    const pong = await shop.turn((_here, l: Listener) => E(l.heard()[0] as { ping(): string }).ping(), listener);
    expect(pong).toBe('pong');
    listener = undefined;
    await collectGarbage();
    expect(gone).toEqual(['thing']);
  });
});

describe('a promise', () => {
  test('crosses both ways, and settles on the other side', async () => {
    let settle: (value: unknown) => void = () => {};
    const promise = new Promise((resolve) => (settle = resolve));
    const { back, next } = await shop.turn<{ back: Promise<unknown>; next: Promise<number> }>(
      ({ on }, p: Promise<number>) => ({ back: p, next: on(p, (n) => n + 1) }),
      promise,
    );
    expect(back).toBe(promise);
    settle(20);
    expect(await next).toBe(21);
  });

  test('goes through two vats and carries a reference back to its own', async () => {
    const counter = await shop.counter(5);
    let kit: PromiseKit<Counter> | undefined;
    const promised = await shop.turn<{ p: Promise<Counter> }>(({ promiseKit }) => {
      kit = promiseKit<Counter>();
      return { p: kit.promise };
    });
    const read = shop.script((_here, it: Counter) => it.read());
    const answer = other.turn<number>(
      ({ on }, p: Promise<Counter>, bench: Workshop['bench']) => on(p, (it) => E(bench).run(read, it)),
      promised.p,
      shop.bench,
    );
    await shop.turn((_here, it: Counter) => kit!.resolve(it), counter);
    expect(await answer).toBe(5);
  });

  test('can be sent to: calls follow the answer that they depend on, from the host and from a vat', async () => {
    const make = shop.script(({ spawn }, n: number) => spawn(counterKind, n));
    const pipeline = (bench: Workshop['bench']) => E(E(bench).run(make, 7) as Promise<Counter>).incr(1);
    expect(await pipeline(shop.bench)).toBe(8);
    expect(await shop.turn((_here, bench: Workshop['bench']) => pipeline(bench), shop.bench)).toBe(8);
    expect(await other.turn((_here, bench: Workshop['bench']) => pipeline(bench), shop.bench)).toBe(8);
  });

  test('of the vat itself can be sent to, before and after it is fulfilled', async () => {
    const counter = await shop.counter(0);
    const answers = await shop.turn<Promise<number>[]>(({ promiseKit, on }, c: Counter) => {
      const kit = promiseKit<Counter>();
      const early = E(kit.promise).incr(1);
      kit.resolve(c);
      const late = on(kit.promise, () => E(kit.promise).incr(1));
      return [early, late];
    }, counter);
    expect(await Promise.all(answers)).toEqual([1, 2]);
  });

  test('that is rejected, or fulfilled with what cannot be called, rejects the calls to it', async () => {
    const answers = await shop.turn<Promise<unknown>[]>(() =>
      [Promise.reject(Error('no')), Promise.resolve(5), Promise.resolve({ read: 1 })].map((p) =>
        E(p as unknown as Promise<Counter>).read(),
      ),
    );
    const messages = await Promise.all(answers.map(async (answer) => (await errorOf(answer)).message));
    expect(messages[0]).toBe('no');
    expect(messages[1]).toMatch(/^NOT_PASSABLE/);
    expect(messages[2]).toMatch(/^NOT_PASSABLE/);
  });

  test('that is fulfilled with what cannot cross is rejected on the other side', async () => {
    const { p } = await shop.turn<{ p: Promise<unknown> }>(() => ({ p: Promise.resolve(Far('Thing', {})) }));
    expect((await errorOf(p)).message).toMatch(/^NOT_PASSABLE/);
  });

  test('leaves nothing behind once it is settled and forgotten', async () => {
    const gone: string[] = [];
    const collected = new FinalizationRegistry<string>((what) => gone.push(what));
    await (async () => {
      const hostPromise = Promise.resolve(1);
      collected.register(hostPromise, 'host');
      const { p } = await shop.turn<{ p: Promise<number> }>(({ promiseKit }, it: Promise<number>) => {
        const kit = promiseKit<number>();
        collected.register(it, 'vat twin');
        collected.register(kit.promise, 'vat');
        kit.resolve(1);
        return { p: kit.promise };
      }, hostPromise);
      collected.register(p, 'host twin');
      expect(await p).toBe(1);
    })();
    await shop.kernel.idle();
    await collectGarbage();
    expect(gone.sort()).toEqual(['host', 'host twin', 'vat', 'vat twin']);
  });
});

describe('an error', () => {
  test('crosses with class and message, so with code and hint, and without stack, cause and anything else', async () => {
    const error = await errorOf(
      other.turn(
        (_here, bench: Workshop['bench'], id: number) => E(bench).run(id),
        shop.bench,
        shop.script(() => {
          throw Object.assign(new RangeError('OUT_OF_RANGE: 5\nhint: less', { cause: Error('secret') }), {
            extra: 'secret',
          });
        }),
      ),
    );
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toBe('OUT_OF_RANGE: 5\nhint: less');
    expect(error.cause).toBe(undefined);
    expect(Object.keys(error)).toEqual([]);
    expect(error.stack ?? '').not.toContain('border.test.ts');
  });

  test('in a result or an argument crosses the same way', async () => {
    const thrown = makeError('BAD_NAME', 'x', { hint: 'y', cause: Error('secret') });
    const [back] = await shop.turn<Error[]>((_here, error: Error) => [error], thrown);
    expect(back!.message).toBe('BAD_NAME: x\nhint: y');
    expect(back!.cause).toBe(undefined);
  });

  test.each([
    ['a text', () => 'oops', /^UNEXPECTED: oops$/],
    ['a symbol', () => Symbol('oops'), /^UNEXPECTED: /],
    [
      'an object that refuses to be text',
      () => ({
        toString: () => {
          throw Error('ha');
        },
      }),
      /^UNEXPECTED: /,
    ],
    [
      'an error that refuses to be looked at',
      () =>
        new Proxy(Error('x'), {
          getPrototypeOf: () => {
            throw Error('ha');
          },
        }),
      /^UNEXPECTED: /,
    ],
    [
      'an error with a hostile message',
      () =>
        Object.defineProperty(Error('x'), 'message', {
          get: () => {
            throw Error('ha');
          },
        }),
      /./,
    ],
    ['undefined', () => undefined, /^UNEXPECTED: undefined$/],
  ])('may be %s: the caller hears of it, and the vat goes on', async (_, make, expected) => {
    const error = await errorOf(
      shop.turn(() => {
        const thrown = make() as Error;
        throw thrown;
      }),
    );
    expect(error).toBeInstanceOf(Error);
    expect(error.message).toMatch(expected);
    expect(await shop.turn(() => 'goes on')).toBe('goes on');
    expect(shop.kernel.hostErrors).toEqual([]);
  });

  test('in a handler of `on` undoes what the handler did, and nothing else', async () => {
    const counter = await shop.counter(0);
    const answers = await shop.turn<Promise<unknown>[]>(({ on }, c: Counter) => {
      c.add(1);
      return [
        on(Promise.resolve(), () => {
          c.add(10);
          throw Error('in a handler');
        }),
        on(
          Promise.reject(Error('first')),
          () => {},
          () => {
            c.add(20);
            throw Error('in the other');
          },
        ),
        on(Promise.resolve(), () => c.add(100)),
      ];
    }, counter);
    const outcomes = await Promise.allSettled(answers);
    expect(
      outcomes.map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as Error).message : 'done')),
    ).toEqual(['in a handler', 'in the other', 'done']);
    expect(await E(counter).read()).toBe(101);
  });
});
