import { beforeEach, describe, expect, test } from 'vitest';
import { makeError } from '../../src/errors/gobs-error.ts';
import { makeMemoryStore } from '../../src/persistence/memory-store.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { errorOf } from './error-of.ts';
import { openWorkshop, type Counter, type Workshop } from './workshop.ts';

let shop: Workshop;
let other: Workshop;

beforeEach(async () => {
  shop = await openWorkshop(makeMemoryStore());
  other = await shop.neighbour('other');
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
