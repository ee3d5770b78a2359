import { Far } from '@endo/pass-style';
import { beforeEach, describe, expect, test } from 'vitest';
import { makeMemoryStore, type MemoryStore } from '../../src/persistence/memory-store.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { makeKernel } from '../../src/vats/kernel.ts';
import { until } from '../support/until.ts';
import { makeGatedStore } from './gated-store.ts';
import { benchKind, counterKind, openWorkshop, type Counter, type Workshop } from './workshop.ts';

let store: MemoryStore;
let shop: Workshop;
beforeEach(async () => {
  store = makeMemoryStore();
  shop = await openWorkshop(store);
});

describe('instance numbers', () => {
  test('go on from one that is asked for, and those that were given stay', async () => {
    const names: string[] = [];
    for (const [round, firstInstance] of [1, 1_000, 1_000, 1].entries()) {
      const kernel = makeKernel({ store, firstInstance, now: () => 0, schedule: setImmediate });
      const vat = kernel.openVat('numbered');
      vat.register(counterKind, {});
      const root = await vat.makeOnce(`root-${round}`, ({ spawn }) => spawn(counterKind, round));
      expect(await E((await vat.makeOnce('root-0', () => ({}))) as Counter).read()).toBe(0);
      names.push(kernel.nameOf(root)!);
      await kernel.stop();
    }
    expect(names.map((name) => name.split('/')[2])).toEqual(['1', '1000', '1001', '1002']);
  });
});

describe('makeOnce', () => {
  test('makes a root once, also when it is asked for twice at once, and gives it again after a restart', async () => {
    let made = 0;
    const make = (shop: Workshop) =>
      shop.vat.makeOnce('root', ({ spawn }) => {
        made += 1;
        return spawn(counterKind, made);
      });
    const [one, two] = await Promise.all([make(shop), make(shop)]);
    expect(one).toBe(two);
    expect(await make(shop)).toBe(one);
    await shop.kernel.stop();
    const again = await openWorkshop(store);
    const root = (await make(again)) as Counter;
    expect(again.kernel.nameOf(root)).toBe(shop.kernel.nameOf(one));
    expect(await E(root).read()).toBe(1);
    expect(made).toBe(1);
  });

  test('that throws makes nothing, and the next one may', async () => {
    const before = store.entries();
    const failing = shop.vat.makeOnce('root', ({ spawn }) => {
      spawn(counterKind, 1);
      throw Error('not yet');
    });
    await expect(failing).rejects.toThrow('not yet');
    expect(store.entries()).toEqual(before);
    const root = (await shop.vat.makeOnce('root', ({ spawn }) => spawn(counterKind, 7))) as Counter;
    expect(await E(root).read()).toBe(7);
  });

  test('of something that is not durable is refused', async () => {
    await expect(shop.vat.makeOnce('root', () => Far('Thing', {}))).rejects.toThrow(/^NOT_DURABLE/);
    await expect(shop.vat.makeOnce('root', ({ spawn }) => [spawn(counterKind, 1), Promise.resolve()])).rejects.toThrow(
      /^NOT_DURABLE/,
    );
  });

  test('refuses names that would not be one row', () => {
    for (const name of ['', '__proto__', 'a/b', 'A', '!', 'x'.repeat(64)]) {
      expect(() => shop.vat.makeOnce(name, () => expect.unreachable()), name).toThrow(TypeError);
    }
  });
});

describe('a vat', () => {
  test('has a name that is one part of a key, and is open once', () => {
    for (const name of ['', 'A', 'a/b', '__proto__', '1', 'x'.repeat(64)]) {
      expect(() => shop.kernel.openVat(name), name).toThrow(TypeError);
    }
    expect(() => shop.kernel.openVat('test')).toThrow(/is open/);
  });

  test('that is opened late has its actors: references to them were there before', async () => {
    const other = await shop.neighbour('other');
    const theirs = await other.counter(5);
    await shop.turn(({ bcom }, it: Counter) => bcom([it]), theirs);
    await shop.kernel.stop();

    const again = await openWorkshop(store);
    const held = again.script(({ portrait }) => E((portrait as [Counter])[0]).incr(1));
    await expect(E(again.bench).run(held)).rejects.toThrow(/^VAT_STOPPED: vat other was not opened/);
    await again.neighbour('other');
    expect(await E(again.bench).run(held)).toBe(6);
  });

  test('with a long queue does not starve another, nor the event loop', async () => {
    const other = await shop.neighbour('other');
    const [mine, theirs] = [await shop.counter(0), await other.counter(0)];
    const order: string[] = [];
    const many = Promise.all(Array.from({ length: 2_000 }, () => E(mine).incr(1)));
    void many.then(() => order.push('many'));
    await new Promise<void>((resolve) => setImmediate(resolve)).then(() => order.push('event loop'));
    await E(theirs)
      .incr(1)
      .then(() => order.push('other vat'));
    await many;
    expect(order).toEqual(['event loop', 'other vat', 'many']);
    expect(await E(mine).read()).toBe(2_000);
  });

  test('runs turns in one process with others, and none at once', async () => {
    const other = await shop.neighbour('other');
    let running = 0;
    let most = 0;
    const busy = (): void => {
      running += 1;
      most = Math.max(most, running);
      running -= 1;
    };
    await Promise.all([shop, other].flatMap((each) => Array.from({ length: 20 }, () => each.turn(busy))));
    expect(most).toBe(1);
  });
});

describe('stop', () => {
  test('waits for what was begun, and refuses what comes after with VAT_STOPPED', async () => {
    const gated = makeGatedStore(makeMemoryStore());
    const shop = await openWorkshop(gated);
    const counter = await shop.counter(0);
    gated.shut();
    const begun = E(counter).incr(1);
    await until(() => shop.kernel.committer.get('v/test/a/counter/2')!.includes('"c":2'));
    let stopped = false;
    const stopping = shop.kernel.stop().then(() => (stopped = true));
    await expect(E(counter).incr(1)).rejects.toThrow(/^VAT_STOPPED/);
    expect(stopped).toBe(false);
    gated.open();
    await stopping;
    expect(await begun).toBe(1);
    await gated.close();
  });

  test('runs no turn after it: what settles then goes unheard, and the closed store untouched', async () => {
    let settle: (n: number) => void = () => {};
    const late = new Promise<number>((resolve) => (settle = resolve));
    let heard = false;
    void shop.turn(({ on }, p: Promise<number>) => on(p, () => (heard = true)), late);
    await shop.kernel.idle();
    await shop.kernel.stop();
    await store.close();
    settle(1);
    for (let round = 0; round < 10; round += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toBe(false);
    expect(shop.kernel.failedCommits).toEqual([]);
  });
});

describe('idle', () => {
  test('resolves when chains of messages between vats and host objects have come to their end', async () => {
    const other = await shop.neighbour('other');
    let hops = 0;
    const bounce = Far('Bounce', {
      hop: (n: number) => {
        hops += 1;
        return n === 0 ? 'done' : E(n % 2 === 0 ? shop.bench : other.bench).run(scripts[n % 2]!, bounce, n - 1);
      },
    });
    type Bounce = { hop(n: number): unknown };
    const scripts = [shop, other].map((each) =>
      each.script(({ bcom }, it: Bounce, n: number) => {
        bcom(n);
        return E(it).hop(n);
      }),
    );
    void bounce.hop(20);
    await shop.kernel.idle();
    expect(hops).toBe(21);
  });

  test('resolves at once when nothing is to be done, and again', async () => {
    await Promise.all([shop.kernel.idle(), shop.kernel.idle()]);
    await shop.kernel.idle();
  });
});

describe('a router', () => {
  const peer = `peer:${'a'.repeat(52)}/7`;

  test('gets what is sent to the names of its scheme, from host and vats, after the turn is durable', async () => {
    const gated = makeGatedStore(makeMemoryStore());
    const shop = await openWorkshop(gated);
    const got: unknown[] = [];
    shop.kernel.setRouter('peer', {
      deliver: (name, method, args) => Promise.resolve(got.push([name, method, ...args])),
    });
    expect(() => shop.kernel.setRouter('peer', { deliver: () => Promise.resolve() })).toThrow(TypeError);
    const ref = shop.kernel.refOf(peer) as Counter;
    await E(ref).incr(1);
    await shop.turn(({ bcom }, it: Counter) => bcom({ it }), ref);
    gated.shut();
    const sent = shop.turn(({ portrait, bcom }) => {
      bcom(null);
      return E((portrait as { it: Counter }).it).incr(2);
    });
    await until(() => shop.kernel.committer.get('v/test/a/bench/1')!.includes('"c":3'));
    expect(got).toEqual([[peer, 'incr', 1]]);
    gated.open();
    expect(await sent).toBe(2);
    expect(got).toEqual([
      [peer, 'incr', 1],
      [peer, 'incr', 2],
    ]);
  });

  test('that throws though it must not rejects the call', async () => {
    shop.kernel.setRouter('peer', {
      deliver: () => {
        throw Error('a mistake');
      },
    });
    const ref = shop.kernel.refOf(peer) as Counter;
    await expect(E(ref).incr(1)).rejects.toThrow('a mistake');
    await expect(shop.turn((_here, it: Counter) => E(it).incr(1), ref)).rejects.toThrow('a mistake');
  });

  test('is not asked for references of which there is none', async () => {
    await expect(E(shop.kernel.refOf(peer) as Counter).read()).rejects.toThrow(/^NO_SUCH_ACTOR/);
  });
});

describe('names', () => {
  test('are those of references; a host object has none to show', async () => {
    const counter = await shop.counter(1);
    expect(shop.kernel.nameOf(counter)).toBe('vat:test/counter/2/self');
    expect(shop.kernel.refOf('vat:test/counter/2/self')).toBe(counter);
    const thing = Far('Thing', {});
    await shop.turn((_here, it: object) => it, thing);
    for (const value of [thing, {}, null, undefined, 'vat:test/counter/2/self', Symbol('x')]) {
      expect(shop.kernel.nameOf(value)).toBe(undefined);
    }
  });

  test('of a host object that is guessed gives nothing', async () => {
    let pinged = 0;
    const thing = Far('Thing', { ping: () => (pinged += 1) });
    await shop.turn((_here, it: object) => it, thing);
    const guessed = shop.kernel.refOf('host:2') as { ping(): number };
    await expect(E(guessed).ping()).rejects.toThrow(/^NO_SUCH_ACTOR/);
    expect(pinged).toBe(0);
  });
});

describe('a listener of the host that throws', () => {
  test('harms neither the turn nor its caller', async () => {
    const mistakes: unknown[] = [];
    const kernel = makeKernel({
      store: makeMemoryStore(),
      now: () => 1,
      schedule: setImmediate,
      onTurnError: () => {
        throw Error('the log is full');
      },
      onHostError: (error) => mistakes.push(error),
    });
    const vat = kernel.openVat('test');
    vat.register(counterKind, {});
    vat.register(benchKind, { script: () => () => 1 });
    const counter = (await vat.makeOnce('counter', ({ spawn }) => spawn(counterKind, 1))) as Counter;
    await expect(E(counter).fail(1)).rejects.toThrow('after bcom');
    expect(await E(counter).incr(1)).toBe(2);
    expect(mistakes).toMatchObject([{ message: 'the log is full' }]);
  });
});
