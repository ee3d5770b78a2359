/** The trace of a store in which not every row can be read, and of groups that are written while much waits. */
import { beforeEach, describe, expect, test } from 'vitest';
import { makeError } from '../../src/errors/gobs-error.ts';
import { makeMemoryStore, type MemoryStore } from '../../src/persistence/memory-store.ts';
import { E } from '../../src/vats/eventual-send.ts';
import type { Store } from '../../src/vats/store.ts';
import { openTestKernel } from '../support/test-kernel.ts';
import { makeGatedStore } from './gated-store.ts';
import { letAllArrive, watch } from './watch.ts';
import { openWorkshop, type Workshop } from './workshop.ts';

const limits = { slots: 16, rowLength: 600, waiting: 10 };
const open = (on: Store, epoch = 1): Promise<Workshop> =>
  openWorkshop(on, { kernel: openTestKernel(on, { trace: { epoch, limits } }) });

let memory: MemoryStore;
beforeEach(() => {
  memory = makeMemoryStore();
});

/** The store, of which reading the row throws, alone or in a page. */
const unreadable = (row: string, error: Error): Store => ({
  ...memory,
  get: (key) => {
    if (key === row) throw error;
    return memory.get(key);
  },
  page: async (request) => {
    const page = await memory.page(request);
    if (page.some(([key]) => key === row)) throw error;
    return page;
  },
});

describe('a row of the trace', () => {
  const fill = async (): Promise<number> => {
    const life = await open(memory);
    const counter = await life.counter(0);
    for (let n = 0; n < 8; n += 1) await E(counter).add(0);
    const { records } = await life.kernel.inspector.trace();
    await life.kernel.stop();
    return records.length;
  };

  test('that is damaged is passed over, and the others are shown', async () => {
    const all = await fill();
    const life = await open(unreadable('t/000003', makeError('ROW_DAMAGED', 'row t/000003: checksum')), 2);
    const { records } = await life.kernel.inspector.trace();
    const before = records.filter(({ id }) => id.startsWith('nameless-1-'));
    expect(before.length).toBeLessThan(all);
    expect(before.length).toBeGreaterThan(all - 4);
    await life.kernel.stop();
  });

  test.each(['no row', '{"v":1,"n":3}', 'null', '{"v":1,"n":3,"s":4,"r":[[]]}', '{"v":1,"n":1e16,"s":4,"r":[]}'])(
    'that holds %s is passed over',
    async (text) => {
      await fill();
      await memory.write([{ type: 'put', key: 't/000003', value: text }]);
      const life = await open(memory, 2);
      expect((await life.kernel.inspector.trace()).records.length).toBeGreaterThan(4);
      await life.kernel.stop();
    },
  );

  test('that cannot be read since the store cannot be used is no reason to begin anew', async () => {
    await fill();
    const rows = memory.entries().filter(([key]) => key.startsWith('t/'));
    const error = makeError('STORE_UNUSABLE', 'the disk is gone');
    let isBroken = true;
    const life = openTestKernel(
      {
        ...memory,
        get: (key) => {
          if (isBroken && key.startsWith('t/')) throw error;
          return memory.get(key);
        },
      },
      { trace: { epoch: 2, limits } },
    );
    await expect(life.inspector.trace()).rejects.toThrow('STORE_UNUSABLE');
    const write = life.committer.write([{ type: 'put', key: 's/a', value: 'a' }]);
    await expect(write).resolves.toBeUndefined();
    const failing = openWorkshop(memory, { kernel: life });
    await expect(failing.then(({ counter }) => counter(1))).rejects.toThrow('COMMIT_FAILED');
    isBroken = false;
    const [bench] = [life.refOf('vat:test/bench/1/self') as Workshop['bench']];
    await E(bench)
      .run(0)
      .catch(() => {});
    await life.committer.write([{ type: 'put', key: 's/a', value: 'b' }]);
    const written = new Map(memory.entries());
    for (const [key, value] of rows) expect(written.get(key)).toBe(value);
    expect((await life.inspector.trace()).records.length).toBeGreaterThan(rows.length);
    await life.stop();
  });
});

describe('who follows the trace', () => {
  test('misses nothing that was written while more waited than there is room for', async () => {
    const gated = makeGatedStore(memory);
    const life = await open(gated);
    const counter = await life.counter(0);
    const { last } = await life.kernel.inspector.trace();
    gated.shut();
    const turns = [watch(E(counter).incr(1))];
    await letAllArrive();
    for (let n = 0; n < 50; n += 1) turns.push(watch(E(counter).read()));
    await letAllArrive();
    const during = await life.kernel.inspector.trace({ after: last });
    expect(during).toEqual({ records: [], last, cut: false });
    gated.open();
    await letAllArrive();
    const { records } = await life.kernel.inspector.trace({ after: during.last });
    expect(records[0]).toMatchObject({ method: 'incr', number: last + 1, error: null });
    expect(records.at(-1)).toMatchObject({ method: 'read', number: last + 51 });
    await life.kernel.stop();
  });

  test('sees nothing twice when a group could not be written', async () => {
    const gated = makeGatedStore(memory);
    const life = await open(gated);
    const counter = await life.counter(0);
    for (let n = 0; n < 3; n += 1) await E(counter).read();
    const { last, records } = await life.kernel.inspector.trace();
    expect(records.at(-1)).toMatchObject({ method: 'read', number: last });
    gated.shut();
    const turn = watch(E(counter).incr(1));
    await letAllArrive();
    await gated.refuseOne(Error('disk full'));
    gated.open();
    await letAllArrive();
    expect(turn.outcome).toBe('COMMIT_FAILED');
    const after = await life.kernel.inspector.trace({ after: last });
    expect(after.records.map(({ method, error }) => [method, error?.code])).toEqual([['incr', 'COMMIT_FAILED']]);
    await life.kernel.stop();
  });
});
