import { Far } from '@endo/pass-style';
import { beforeEach, describe, expect, test } from 'vitest';
import { makeMemoryStore } from '../../src/persistence/memory-store.ts';
import { E } from '../../src/vats/eventual-send.ts';
import type { PromiseKit } from '../../src/vats/kind.ts';
import { collectGarbage } from './collect-garbage.ts';
import { errorOf } from './error-of.ts';
import { counterKind, openWorkshop, type Counter, type Workshop } from './workshop.ts';

let shop: Workshop;
let other: Workshop;

beforeEach(async () => {
  shop = await openWorkshop(makeMemoryStore());
  other = await shop.neighbour('other');
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
