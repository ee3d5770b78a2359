import { beforeEach, describe, expect, test } from 'vitest';
import { makeError } from '../../src/errors/gobs-error.ts';
import { makeMemoryStore, type MemoryStore } from '../../src/persistence/memory-store.ts';
import { E } from '../../src/vats/eventual-send.ts';
import type { Store } from '../../src/vats/store.ts';
import type { TraceRecord } from '../../src/vats/trace-record.ts';
import type { TraceLimits } from '../../src/vats/trace-rows.ts';
import { makeMessageContext } from '../support/message-context.ts';
import { allRows, openTestKernel } from '../support/test-kernel.ts';
import { makeGatedStore } from './gated-store.ts';
import { letAllArrive, watch } from './watch.ts';
import { counterKind, openWorkshop, type Counter, type Here, type Workshop, type WorkshopOptions } from './workshop.ts';

interface LifeOptions extends WorkshopOptions {
  readonly on?: Store;
  readonly epoch?: number;
  readonly joined?: boolean;
  readonly limits?: TraceLimits;
  readonly routine?: readonly string[];
}

const open = ({
  on = store,
  epoch = 1,
  joined = true,
  limits,
  routine = [],
  ...options
}: LifeOptions = {}): Promise<Workshop> => {
  const context = joined ? { context: makeMessageContext() } : {};
  const trace = { epoch, unseen: ['heard'], routine, ...context, ...(limits === undefined ? {} : { limits }) };
  return openWorkshop(on, { ...options, kernel: openTestKernel(on, { trace }) });
};

let store: MemoryStore;
let shop: Workshop;
beforeEach(async () => {
  store = makeMemoryStore();
  shop = await open();
});

const records = async (of: Workshop = shop, request = {}): Promise<readonly TraceRecord[]> =>
  (await of.kernel.inspector.trace({ limit: 10_000, ...request })).records;
const short = ({ target, method, from }: TraceRecord): string => `${from} ${target}.${method}`;

describe('a turn leaves a record', () => {
  test('of who called what and when, and what it changed', async () => {
    const counter = await shop.counter(5);
    await E(counter).incr(1);
    const [, spawned, called] = await records();
    expect(spawned).toMatchObject({
      target: 'vat:test/bench/1/self',
      method: 'run',
      changed: ['vat:test/counter/2/self'],
    });
    expect(called).toEqual({
      number: 3,
      id: 'nameless-1-3',
      at: expect.any(Number),
      vat: 'test',
      target: 'vat:test/counter/2/self',
      method: 'incr',
      from: 'host',
      cause: null,
      error: null,
      changed: ['vat:test/counter/2/self'],
      effects: [],
      omitted: 0,
    });
  });

  test('of what it sent, and the turn that this became has the same id, in this vat and in another', async () => {
    const other = await shop.neighbour('other');
    const [near, far] = [await shop.counter(1), await other.counter(2)];
    await shop.turn(
      (_here, one: Counter, two: Counter) => {
        void E(one).add(1);
        void E(two).add(1);
      },
      near,
      far,
    );
    await shop.kernel.idle();
    const all = await records();
    const { effects } = all.find(({ effects: sent }) => sent.length === 2)!;
    expect(effects.map(({ target, method }) => `${target}.${method}`)).toEqual([
      'vat:test/counter/2/self.add',
      'vat:other/counter/2/self.add',
    ]);
    const turns = effects.map((effect) => all.find(({ id }) => id === effect.id)!);
    expect(turns.map(short)).toEqual(['vat:test vat:test/counter/2/self.add', 'vat:test vat:other/counter/2/self.add']);
  });

  test('of a continuation, with the message that asked for it as its cause', async () => {
    const counter = await shop.counter(5);
    await shop.turn(({ on }, it: Counter) => on(E(it).incr(1), (now) => now), counter);
    const all = await records();
    const asked = all.find(({ effects }) => effects.length === 1)!;
    const last = all.at(-1)!;
    expect(last).toMatchObject({ target: 'vat:test/bench/1', method: 'on', from: 'vat:test', cause: asked.id });
  });

  test('though not if nothing comes of what the process does from time to time, and of what follows that', async () => {
    const quiet = await open({ on: makeMemoryStore(), routine: ['run'] });
    const counter = await quiet.counter(5);
    const later = (body: (here: Here, counter: Counter) => void): Promise<unknown> =>
      quiet.turn((here, it: Counter) => {
        const { promise, resolve } = here.promiseKit<void>();
        resolve();
        return here.on(promise, () => body(here, it));
      }, counter);
    const before = (await records(quiet)).length;
    await quiet.turn(() => 'nothing');
    await later(() => {});
    expect((await records(quiet)).slice(before)).toEqual([]);

    await quiet.turn(({ spawn }) => spawn(counterKind, 1));
    await quiet
      .turn(() => {
        throw makeError('MACHINE_GONE', 'gone');
      })
      .catch(() => {});
    await later(({ spawn }) => void spawn(counterKind, 1));
    await later((_here, it) => void E(it).read());
    // Of somebody else it is no routine.
    const nothing = quiet.script(() => 'nothing');
    await quiet.turn(({ self }) => E(self).run(nothing));
    await quiet.kernel.idle();
    const all = (await records(quiet)).slice(before);
    const told = all.map(({ method, from, error, changed, effects }) =>
      [from, method, error?.code ?? 'ok', changed.length, effects.length].join(' '),
    );
    expect(told).toEqual([
      'host run ok 1 0',
      'host run MACHINE_GONE 0 0',
      'vat:test on ok 1 0',
      'vat:test on ok 0 1',
      'vat:test read ok 0 0',
      'host run ok 0 1',
      'vat:test run ok 0 0',
    ]);
  });

  test('and names no cause that left none, but what was before that', async () => {
    const quiet = await open({ on: makeMemoryStore(), routine: ['run'] });
    const chain = (first: (here: Here) => void): Promise<unknown> =>
      quiet.turn((here) => {
        const { promise, resolve } = here.promiseKit<void>();
        resolve();
        first(here);
        // The first continuation does nothing but to ask for the second.
        return here.on(promise, () => here.on(promise, () => void here.spawn(counterKind, 1)));
      });
    const before = (await records(quiet)).length;
    await chain(() => {});
    await chain(({ bcom }) => bcom('begun'));
    const [alone, first, last, ...more] = (await records(quiet)).slice(before);
    expect(more).toEqual([]);
    expect(alone).toMatchObject({ method: 'on', cause: null });
    expect(first).toMatchObject({ method: 'run', cause: null });
    expect(last).toMatchObject({ method: 'on', cause: first!.id });
  });

  test('of messages to promises, which have their ids when they get there', async () => {
    const counter = await shop.counter(5);
    await shop.turn(
      ({ self }, it: Counter, id: number) => void E(E(self).run(id, it) as Promise<Counter>).add(1),
      counter,
      shop.script((_here, it) => it),
    );
    await shop.kernel.idle();
    const all = await records();
    const sent = all.flatMap(({ effects }) => effects).find(({ target }) => target === 'promise')!;
    expect(all.find(({ id }) => id === sent.id)).toMatchObject({ target: 'vat:test/counter/2/self', method: 'add' });
  });

  test('that failed, which changed and sent nothing', async () => {
    const counter = await shop.counter(5);
    await expect(E(counter).fail(1)).rejects.toThrow('after bcom');
    expect((await records()).at(-1)).toMatchObject({
      error: { code: 'UNEXPECTED', message: '' },
      changed: [],
      effects: [],
    });
  });

  test('with no more names than there is room for, and says how many it left out', async () => {
    const other = await shop.counter(1);
    await shop.turn((_here, it: Counter) => { for (let n = 0; n < 30; n += 1) void E(it).add(1); }, other); // prettier-ignore
    await shop.kernel.idle();
    const sent = (await records()).find(({ effects }) => effects.length > 0)!;
    expect(sent.effects).toHaveLength(12);
    expect(sent.omitted).toBe(18);
  });
});

const traceRows = async (of: Store = store) => (await allRows(of)).filter(([key]) => key.startsWith('t/'));

describe('the trace', () => {
  test('is there after a restart, and goes on with other ids and higher numbers', async () => {
    const counter = await shop.counter(5);
    await E(counter).incr(1);
    const before = await records();
    await shop.kernel.stop();
    shop = await open({ epoch: 2 });
    await shop.counter(6);
    const after = await records();
    expect(after.slice(0, before.length)).toEqual(before);
    const fresh = after.slice(before.length);
    expect(fresh.map(({ id }) => id)).toEqual(['nameless-2-1', 'nameless-2-2']);
    expect(fresh[0]!.number).toBeGreaterThan(before.at(-1)!.number);
  });

  test('is written with what the turns changed, one row for each group; a turn that wrote nothing causes no write', async () => {
    const counter = await shop.counter(5);
    const rows = (await traceRows()).length;
    for (let n = 0; n < 5; n += 1) await E(counter).read();
    await shop.kernel.idle();
    expect((await traceRows()).length).toBe(rows);
    expect((await records()).slice(-5).map(({ method }) => method)).toEqual(Array(5).fill('read'));
    await Promise.all(Array.from({ length: 20 }, () => E(counter).add(1)));
    expect((await traceRows()).length).toBe(rows + 1);
    const restarted = await open({ epoch: 2 });
    expect((await records(restarted)).filter(({ method }) => method === 'read')).toHaveLength(5);
  });

  test('is bounded in rows and in bytes, however many turns there are, and keeps the newest, over restarts', async () => {
    const limits = { slots: 16, rowLength: 600, waiting: 50 };
    const own = makeMemoryStore();
    for (let epoch = 1; epoch <= 3; epoch += 1) {
      const life = await open({ on: own, limits, epoch });
      const counter = await life.counter(0);
      for (let n = 0; n < 60; n += 1) await E(counter).add(0);
      const rows = await traceRows(own);
      expect(rows).toHaveLength(16);
      for (const [, value] of rows) expect(value.length).toBeLessThan(700);
      const kept = await records(life);
      expect(kept.length).toBeGreaterThanOrEqual(15);
      expect(kept.at(-1)!.id).toBe(`nameless-${epoch}-62`);
      expect(kept.map(({ number }) => number)).toEqual([...kept.map(({ number }) => number)].sort((a, b) => a - b));
      await life.kernel.stop();
    }
  });

  test('keeps of what only waits as many as it may', async () => {
    const life = await open({ on: makeMemoryStore(), limits: { slots: 16, rowLength: 600, waiting: 10 } });
    const counter = await life.counter(0);
    for (let n = 0; n < 100; n += 1) await E(counter).read();
    const kept = await records(life);
    expect(kept.length).toBeLessThan(30);
    expect(kept.at(-1)).toMatchObject({ method: 'read', number: 102, id: 'nameless-1-102' });
  });

  test('shows nothing that is not durable, and what failed to be written as failed', async () => {
    const gated = makeGatedStore(makeMemoryStore());
    const life = await open({ on: gated });
    const counter = await life.counter(0);
    const before = await records(life);
    gated.shut();
    const turns = [watch(E(counter).incr(1))];
    await letAllArrive();
    turns.push(watch(E(counter).incr(1)), watch(E(counter).read()));
    await letAllArrive();
    expect(await records(life)).toEqual(before);
    await gated.refuseOne(Error('disk full'));
    gated.open();
    await letAllArrive();
    expect(turns.map(({ outcome }) => outcome)).toEqual(Array(3).fill('COMMIT_FAILED'));
    const after = await records(life);
    expect(after.slice(before.length).map(({ method, error, changed }) => [method, error?.code, changed])).toEqual([
      ['incr', 'COMMIT_FAILED', []],
      ['incr', 'COMMIT_FAILED', []],
      ['read', 'COMMIT_FAILED', []],
    ]);
    await E(counter).incr(1);
    expect((await records(life)).map(({ number }) => number)).toEqual(
      after.map(({ number }) => number).concat(after.at(-1)!.number + 1),
    );
  });

  test('shows as done what was answered, though a later group could not be written', async () => {
    const gated = makeGatedStore(makeMemoryStore());
    const life = await open({ on: gated });
    const counter = await life.counter(0);
    const before = (await records(life)).length;
    gated.shut();
    const first = watch(E(counter).incr(1));
    await letAllArrive();
    const read = watch(E(counter).read());
    await letAllArrive();
    await gated.letOneThrough();
    await letAllArrive();
    const second = watch(E(counter).incr(1));
    await letAllArrive();
    await gated.refuseOne(Error('disk full'));
    gated.open();
    await letAllArrive();
    expect([first, read, second].map(({ outcome }) => outcome)).toEqual([1, 1, 'COMMIT_FAILED']);
    const after = (await records(life)).slice(before);
    expect(after.map(({ method, error }) => [method, error?.code])).toEqual([
      ['incr', undefined],
      ['read', undefined],
      ['incr', 'COMMIT_FAILED'],
    ]);
  });

  test('answers who waits when there is something newer, and not before', async () => {
    const counter = await shop.counter(0);
    const { last } = await shop.kernel.inspector.trace();
    const waiting = watch(shop.kernel.inspector.trace({ after: last, wait: true }));
    await letAllArrive();
    expect(waiting.outcome).toBe('waiting');
    await E(counter).read();
    await letAllArrive();
    expect(waiting.outcome).toMatchObject({ records: [{ method: 'read' }], last: last + 1, cut: false });
    expect(await shop.kernel.inspector.trace({ after: last + 1 })).toEqual({ records: [], last: last + 1, cut: false });
  });

  test('says when there was more than was asked for, and gives the newest', async () => {
    const counter = await shop.counter(0);
    for (let n = 0; n < 10; n += 1) await E(counter).add(0);
    const { records: found, cut, last } = await shop.kernel.inspector.trace({ limit: 3 });
    expect([found.length, cut, found.at(-1)!.number]).toEqual([3, true, last]);
  });

  test('leaves no record of turns by which it is looked at', async () => {
    const before = (await records()).length;
    await shop.turn(() => 1);
    const listener = await shop.turn<Counter>(({ spawn }) => spawn(counterKind, 1));
    await (E(listener as never) as { heard(): Promise<unknown> }).heard().catch(() => {});
    expect((await records()).length).toBe(before + 2);
  });

  test('works without a context: nothing is joined, and everything else is there', async () => {
    const life = await open({ on: makeMemoryStore(), joined: false });
    const counter = await life.counter(0);
    await life.turn((_here, it: Counter) => void E(it).add(1), counter);
    await life.kernel.idle();
    const all = await records(life);
    expect(all.at(-1)).toMatchObject({ method: 'add', from: 'host', changed: ['vat:test/counter/2/self'] });
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  });

  test('holds nothing that was passed, returned, stored or used as a key', async () => {
    const canary = 'canary-7f3a';
    const map = await shop.turn<Counter>(({ makeMap, bcom }, it: string) => {
      const made = makeMap();
      made.set(it, it);
      bcom(harden({ it }));
      return made as never;
    }, canary);
    await (E(map as never) as { get(key: string): Promise<unknown> }).get(canary);
    await E(await shop.counter(1))
      .incr(canary as never)
      .catch(() => {});
    await shop.turn(() => { throw Error(canary); }).catch(() => {}); // prettier-ignore
    await shop.turn(() => { throw Error(`MY_CODE: ${canary}`); }).catch(() => {}); // prettier-ignore
    await shop.turn(() => { throw makeError('ROW_DAMAGED', `row v/test/k: {} expected, ${canary} found`); }).catch(() => {}); // prettier-ignore
    await shop.turn(() => { throw makeError('UPGRADE_FAILED', `from 1 to 2: BAD_PORTRAIT: ${canary}`); }).catch(() => {}); // prettier-ignore
    await shop.counter(2);
    expect((await records()).length).toBeGreaterThan(5);
    expect(JSON.stringify(await records())).not.toContain(canary);
    expect(JSON.stringify(await traceRows())).not.toContain(canary);
  });
});
