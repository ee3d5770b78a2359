import { Far } from '@endo/pass-style';
import { M } from '@endo/patterns';
import { beforeEach, describe, expect, test } from 'vitest';
import { E } from '../../src/vats/eventual-send.ts';
import { defineKind, defineKindKit, type DurableMap } from '../../src/vats/kind.ts';
import { makeMemoryStore, type MemoryStore } from '../../src/persistence/memory-store.ts';
import { allRows, openTestKernel, type TestKernel } from '../support/test-kernel.ts';

interface Counter {
  incr(by: number): number;
  read(): number;
  fail(): void;
  staleTwice(): void;
  updateTwice(): void;
  reenter(): void;
}
const CounterI = M.interface('Counter', {
  incr: M.call(M.number()).returns(M.number()),
  read: M.call().returns(M.number()),
  fail: M.call().returns(),
  staleTwice: M.call().returns(),
  updateTwice: M.call().returns(),
  reenter: M.call().returns(),
});
const counterKind = defineKind<number, Counter>({
  label: 'counter',
  guard: CounterI,
  portrait: M.number(),
  behave: (bcom, self, count) => ({
    incr: (by) => {
      bcom(count + by);
      return count + by;
    },
    read: () => count,
    fail: () => {
      bcom(count + 1000);
      throw Error('after bcom');
    },
    staleTwice: () => {
      bcom(count + 1);
      bcom(count + 2);
    },
    updateTwice: () => {
      bcom((n) => n + 1);
      bcom((n) => n + 1);
    },
    reenter: () => {
      self.incr(1);
      bcom(count + 1);
    },
  }),
});

interface Box {
  make(portrait: number): Counter;
  keep(name: string, value: unknown): void;
  kept(name: string): unknown;
  /** bcom, spawn, map write and send, and then it throws. */
  everythingThenThrow(target: object): void;
  /** The same as a near call that is caught. */
  everythingCaught(target: object): string;
  sendThenBcom(target: object): Promise<unknown>;
  hold(ref: unknown): void;
  held(): unknown;
  goOn(promise: Promise<number>): Promise<number>;
  wait(): Promise<number>;
  wake(n: number): void;
}
interface BoxPortrait {
  readonly map: DurableMap<unknown>;
  readonly held: unknown;
  readonly waiters: number;
}
const BoxI = M.interface('Box', {
  make: M.call(M.number()).returns(M.remotable()),
  keep: M.call(M.string(), M.any()).returns(),
  kept: M.call(M.string()).returns(M.any()),
  everythingThenThrow: M.call(M.remotable()).returns(),
  everythingCaught: M.call(M.remotable()).returns(M.string()),
  sendThenBcom: M.call(M.remotable()).returns(M.promise()),
  hold: M.call(M.any()).returns(),
  held: M.call().returns(M.any()),
  goOn: M.call(M.promise()).returns(M.promise()),
  wait: M.call().returns(M.promise()),
  wake: M.call(M.number()).returns(),
});
type Listener = { hear(what: string): string };
const kits: { resolve(n: number): void }[] = [];
const boxKind = defineKind<BoxPortrait, Box>({
  label: 'box',
  guard: BoxI,
  portrait: M.splitRecord({ map: M.remotable(), held: M.any(), waiters: M.number() }),
  behave: (bcom, self, { map, held }, { spawn, on, promiseKit }) => ({
    make: (n) => spawn(counterKind, n),
    keep: (name, value) => map.set(name, value),
    kept: (name) => map.get(name),
    everythingThenThrow: (target) => {
      bcom((old) => ({ ...old, held: 'changed' }));
      map.set('a', spawn(counterKind, 7));
      void E(target as Listener).hear('from a turn that throws');
      throw Error('no trace');
    },
    everythingCaught: (target) => {
      try {
        self.everythingThenThrow(target);
      } catch {
        return 'caught';
      }
      return 'not thrown';
    },
    sendThenBcom: (target) => {
      const answer = E(target as Listener).hear('hello');
      bcom((old) => ({ ...old, held: 'sent' }));
      return answer;
    },
    hold: (ref) => bcom((old) => ({ ...old, held: ref })),
    held: () => held,
    goOn: (promise) => {
      bcom((old) => ({ ...old, waiters: old.waiters + 1 }));
      return on(promise, (n, fresh) => {
        fresh.bcom({ ...fresh.portrait, waiters: fresh.portrait.waiters - 1 });
        return n * 2 + fresh.portrait.waiters;
      });
    },
    wait: () => {
      const kit = promiseKit<number>();
      kits.push(kit);
      return kit.promise;
    },
    wake: (n) => {
      kits.pop()!.resolve(n);
      if (n < 0) throw Error('undone');
    },
  }),
});

let store: MemoryStore;
let kernel: TestKernel;
let box: Box;

const open = async (): Promise<void> => {
  kernel = openTestKernel(store);
  const vat = kernel.openVat('test');
  vat.register(counterKind, {});
  vat.register(boxKind, {});
  box = (await vat.makeOnce('box', ({ spawn, makeMap }) =>
    spawn(boxKind, { map: makeMap(), held: null, waiters: 0 }),
  )) as Box;
};

const restart = async (): Promise<void> => {
  await kernel.stop();
  await open();
};

beforeEach(async () => {
  store = makeMemoryStore();
  await open();
});

describe('a turn', () => {
  test('is durable when its answer arrives', async () => {
    const counter = await E(box).make(1);
    expect(await E(counter).incr(4)).toBe(5);
    const name = kernel.nameOf(counter)!;
    expect(name).toBe('vat:test/counter/3/self');
    expect(kernel.inspector.portrait(name)).toMatchObject({ kind: 'counter', change: 2, portrait: '5' });
    await restart();
    expect(await E(kernel.refOf(name) as Counter).read()).toBe(5);
  });

  test('that throws after bcom, spawn, map write and send leaves all rows equal and the receiver unaware', async () => {
    const heard: string[] = [];
    const listener = Far('Listener', { hear: (what: string) => heard.push(what) });
    await E(box).keep('before', 1);
    const before = await allRows(store);
    await expect(E(box).everythingThenThrow(listener)).rejects.toThrow('no trace');
    await kernel.idle();
    expect(await allRows(store)).toEqual(before);
    expect(heard).toEqual([]);
    expect(await E(box).held()).toBe(null);
  });

  test('whose near call throws and is caught keeps nothing of that call', async () => {
    const heard: string[] = [];
    const listener = Far('Listener', { hear: (what: string) => heard.push(what) });
    const before = await allRows(store);
    expect(await E(box).everythingCaught(listener)).toBe('caught');
    await kernel.idle();
    expect(await allRows(store)).toEqual(before);
    expect(heard).toEqual([]);
    expect(await E(box).kept('a')).toBe(undefined);
  });

  test('that cannot be written rejects with COMMIT_FAILED, and the vat goes on from the store', async () => {
    const good = store;
    let broken = false;
    store = { ...good, write: (ops) => (broken ? Promise.reject(Error('disk full')) : good.write(ops)) };
    await restart();
    const counter = await E(box).make(1);
    broken = true;
    const results = await Promise.allSettled([E(counter).incr(1), E(counter).incr(1), E(box).make(3)]);
    for (const result of results) {
      expect(result.status === 'rejected' && (result.reason as Error).message).toMatch(/^COMMIT_FAILED: .*disk full/);
    }
    expect(kernel.failedCommits.length).toBeGreaterThan(0);
    broken = false;
    expect(await E(counter).read()).toBe(1);
    expect(await E(counter).incr(5)).toBe(6);
  });
});

describe('become', () => {
  test('is refused as stale after an earlier one of the same behaviour', async () => {
    const counter = await E(box).make(1);
    await expect(E(counter).staleTwice()).rejects.toThrow('STALE_BECOME');
    expect(await E(counter).read()).toBe(1);
  });
  test('is refused as stale after a re-entrant near call', async () => {
    const counter = await E(box).make(1);
    await expect(E(counter).reenter()).rejects.toThrow('STALE_BECOME');
    expect(await E(counter).read()).toBe(1);
  });
  test('with an updater sees the latest', async () => {
    const counter = await E(box).make(1);
    await E(counter).updateTwice();
    expect(await E(counter).read()).toBe(3);
  });
});

describe('a reference', () => {
  test('is one object for one actor, over eviction and restart', async () => {
    const counter = await E(box).make(1);
    await E(box).hold(counter);
    expect(await E(box).held()).toBe(counter);
    const name = kernel.nameOf(counter);
    await restart();
    expect(kernel.nameOf(await E(box).held())).toBe(name);
  });
  test('to an object of the host world is refused in a portrait', async () => {
    await expect(E(box).hold(Far('Listener', {}))).rejects.toThrow(/^NOT_DURABLE/);
    await expect(E(box).hold(Promise.resolve(1))).rejects.toThrow(/^NOT_DURABLE/);
  });
  test('to a number that no actor has answers NO_SUCH_ACTOR', async () => {
    await expect(E(kernel.refOf('vat:test/counter/99/self') as Counter).read()).rejects.toThrow(/^NO_SUCH_ACTOR/);
    await expect(E(kernel.refOf('vat:other/counter/1/self') as Counter).read()).rejects.toThrow(/^NO_SUCH_ACTOR/);
  });
});

describe('a message', () => {
  test('is checked against the guard, once, where it enters', async () => {
    await expect(E(box).make('x' as never)).rejects.toThrow(/^BAD_ARGUMENTS: Box.make: .*arg 0/);
    await expect((E(box).make as (...all: unknown[]) => Promise<unknown>)(1, 2)).rejects.toThrow(
      /^BAD_ARGUMENTS: Box.make: 2 arguments, takes 1/,
    );
    await expect((E(box) as unknown as Record<string, () => Promise<void>>).nothing!()).rejects.toThrow(
      /^NO_SUCH_METHOD/,
    );
    await expect((E(box) as unknown as Record<string, () => Promise<void>>).toString!()).rejects.toThrow(
      /^NO_SUCH_METHOD/,
    );
  });
  test('asks for the methods by name', async () => {
    const methods = await (E(box) as unknown as { __getMethodNames__(): Promise<string[]> }).__getMethodNames__();
    expect(methods).toContain('everythingCaught');
  });
});

describe('on', () => {
  test('runs its handler as a turn of its own, with fresh portrait and bcom', async () => {
    let settle: (n: number) => void = () => {};
    const late = new Promise<number>((resolve) => (settle = resolve));
    const first = E(box).goOn(late);
    const second = E(box).goOn(late);
    await E(box).held();
    settle(21);
    expect([await first, await second]).toEqual([44, 43]);
  });
  test('passes a rejection on', async () => {
    const broken = Promise.reject(Error('never mind'));
    broken.catch(() => {});
    await expect(E(box).goOn(broken)).rejects.toThrow('never mind');
  });
});

describe('a promise kit', () => {
  test('settles when the turn that resolves it is durable, and not if it is undone', async () => {
    const waiting = E(box).wait();
    let settled = false;
    void waiting.then(() => (settled = true));
    await E(box).held();
    kits.push(kits[0]!);
    await expect(E(box).wake(-1)).rejects.toThrow('undone');
    await kernel.idle();
    expect(settled).toBe(false);
    await E(box).wake(5);
    expect(await waiting).toBe(5);
  });
});

describe('a kind', () => {
  const guardOf = (method: string) => M.interface('X', { [method]: M.call().returns() });
  test('is refused with method names that E() cannot call', () => {
    for (const method of ['name', 'length', 'then', 'constructor', '__proto__x']) {
      const define = () => defineKind({ label: 'x', guard: guardOf(method), portrait: M.any(), behave: () => ({}) });
      expect(define, method).toThrow(TypeError);
    }
  });
  test('is refused with asynchronous methods', async () => {
    expect(() =>
      defineKind({
        label: 'x',
        guard: M.interface('X', { go: M.callWhen().returns() }),
        portrait: M.any(),
        behave: () => ({}),
      }),
    ).toThrow(/synchronous/);
    const asyncKind = defineKind({
      label: 'async',
      guard: guardOf('go'),
      portrait: M.any(),
      behave: () => ({ go: async () => {} }),
    });
    const vat = kernel.openVat('other');
    vat.register(asyncKind, {});
    await expect(vat.makeOnce('x', ({ spawn }) => spawn(asyncKind, null))).rejects.toThrow(/synchronous/);
  });
  test('with several facets shares one portrait behind them', async () => {
    const kit = defineKindKit({
      label: 'kit',
      facets: {
        up: M.interface('Up', { incr: M.call().returns() }),
        look: M.interface('Look', { read: M.call().returns(M.number()) }),
      },
      portrait: M.number(),
      behave: (bcom, _self, n: number) => ({ up: { incr: () => bcom(n + 1) }, look: { read: () => n } }),
    });
    const vat = kernel.openVat('other');
    vat.register(kit, {});
    const up = (await vat.makeOnce('x', ({ spawn }) => spawn(kit, 1).up!)) as { incr(): void };
    await E(up).incr();
    const look = kernel.refOf(kernel.nameOf(up)!.replace('/up', '/look')) as { read(): number };
    expect(await E(look).read()).toBe(2);
    await expect((E(look) as unknown as { incr(): Promise<void> }).incr()).rejects.toThrow(/^NO_SUCH_METHOD/);
  });
});

describe('vats of one process', () => {
  test('send each other messages, translated, and share nothing but frozen data', async () => {
    const vat = kernel.openVat('other');
    vat.register(counterKind, {});
    vat.register(boxKind, {});
    const other = (await vat.makeOnce('box', ({ spawn, makeMap }) =>
      spawn(boxKind, { map: makeMap(), held: null, waiters: 0 }),
    )) as Box;
    const counter = await E(box).make(1);
    await E(other).hold({ deep: [counter] });
    const held = (await E(other).held()) as { deep: [Counter] };
    expect(held.deep[0]).toBe(counter);
    expect(kernel.inspector.portrait(kernel.nameOf(other)!).references).toContain(kernel.nameOf(counter));
  });
});
