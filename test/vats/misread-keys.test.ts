/** Keys that somebody wrote past us and that are no text: what is read of them is another key, behind which the same ones come again. */
import { Buffer } from 'node:buffer';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { forgetRows } from '../../src/captp/forget-peer.ts';
import { codeOf } from '../../src/errors/gobs-error.ts';
import { openStore } from '../../src/persistence/open-store.ts';
import { makeRowChecksum } from '../../src/persistence/row-checksum.ts';
import { statePaths } from '../../src/persistence/state-directory.ts';
import { makeMarking } from '../../src/vats/collector-marking.ts';
import { makeSweep } from '../../src/vats/collector-sweep.ts';
import { pagesIn } from '../../src/vats/key-order.ts';
import { actorRange, entryRange, rootRange } from '../../src/vats/keys.ts';
import type { DurableMap } from '../../src/vats/kind.ts';
import { encodeRow } from '../../src/vats/row.ts';
import type { Store } from '../../src/vats/store.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { storePowers } from '../persistence/store-powers.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { openWorkshop } from './workshop.ts';

const id = 'id';
/** More than any page has, but that of a map. */
const COUNT = 1_200;
const peer = 'p'.repeat(52);

let temporary: TemporaryDirectory;
let directory: string;
beforeEach(async () => {
  temporary = await makeTemporaryDirectory();
  directory = join(temporary.path, 'state');
  const store = await open();
  const shop = await openWorkshop(store);
  await shop.turn(({ bcom, makeMap }) => bcom({ map: makeMap<number>() }));
  await shop.kernel.stop();
  await store.write([{ type: 'put', key: `p/${peer}/!`, value: '{"next":3,"given":0}' }]);
  await store.close();
});
afterEach(() => temporary.remove());

const open = () => openStore({ ...storePowers, directory, randomId: () => id });

/** Their checksums are of the keys that are read. */
const misread = async (prefix: string, value: string): Promise<void> => {
  const db = new storePowers.Level<Buffer, Buffer>(statePaths(directory).database, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
  });
  const checksum = makeRowChecksum(id);
  await db.batch(
    Array.from({ length: COUNT }, (_, n) => {
      const key = Buffer.concat([Buffer.from(prefix), Buffer.from([0xff, 0x80 + (n >> 6), 0x80 + (n & 63)])]);
      return { type: 'put' as const, key, value: Buffer.from(checksum.add(key.toString(), value)) };
    }),
  );
  await db.close();
};
const row = (kind: string): string => encodeRow({ kind, version: 1, change: 1, body: '#null', slots: [] });

/** Of the code that a promise is rejected with, should it be settled at all. */
const outcome = (asked: Promise<unknown>): Promise<unknown> => asked.then(() => 'fulfilled', codeOf);

/** No more than that many: what goes on for ever is seen to. */
const bounded = (store: Store, most = 10): Pick<Store, 'get' | 'page'> => {
  let pages = 0;
  return {
    get: store.get,
    page: async (request) => {
      pages += 1;
      if (pages > most) throw Error('endless');
      return store.page(request);
    },
  };
};
const withStore = async (use: (store: Store) => Promise<void>): Promise<void> => {
  const store = await open();
  try {
    await use(store);
  } finally {
    await store.close();
  }
};
const drain = async (pages: AsyncIterable<unknown>): Promise<void> => {
  for await (const _page of pages);
};

test('end whoever reads a range page by page', async () => {
  await misread(rootRange('test').gt, row('root'));
  await withStore(async (store) => {
    expect(await outcome(drain(pagesIn(bounded(store), rootRange('test'), 64)))).toBe('ROW_DAMAGED');
  });
});

test('end marking and sweeping', async () => {
  await misread(rootRange('test').gt, row('root'));
  await withStore(async (store) => {
    const marking = makeMarking({ rows: bounded(store), pace: 64 });
    marking.shadeRange(rootRange('test'));
    const mark = async (): Promise<void> => {
      while (!marking.done) await marking.step();
    };
    expect(await outcome(mark())).toBe('ROW_DAMAGED');
    const nothing = (): void => {};
    const sweep = makeSweep({
      rows: bounded(store),
      write: async () => {},
      isCondemned: () => false,
      isUnheld: () => true,
      breathe: async () => {},
      headerChanged: nothing,
      vatGone: nothing,
      pace: 64,
    });
    expect(await outcome(sweep.strip('test'))).toBe('ROW_DAMAGED');
  });
});

test.each([
  ['roots', rootRange('test').gt, row('root')],
  ['actors', actorRange('test').gt, row('counter')],
  ['what a peer was given', `p/${peer}/x/`, 'vat:test/counter/1/self'],
])('among %s end a cycle of the collector, and leave its process alone', async (_what, prefix, value) => {
  await misread(prefix, value);
  await withStore(async (store) => {
    const { kernel, counter } = await openWorkshop({ ...store, ...bounded(store, 100) });
    expect(await outcome(kernel.collector.collect())).toBe('ROW_DAMAGED');
    expect(await E(await counter(7)).read()).toBe(7);
    await kernel.stop();
  });
});

test('end whoever looks, walks through upgrades, or pages through a map', async () => {
  await misread(rootRange('test').gt, row('root'));
  await misread(actorRange('test').gt, row('counter'));
  await misread(entryRange('test', 2).gt, row('entry'));
  await withStore(async (store) => {
    const { kernel, turn } = await openWorkshop({ ...store, ...bounded(store, 100) });
    const { inspector } = kernel;
    expect(await outcome(inspector.roots('test'))).toBe('ROW_DAMAGED');
    expect(await outcome(inspector.referrers('vat:test/bench/1/self'))).toBe('ROW_DAMAGED');
    const after = `\ufffd\ufffd\ufffd`;
    expect(await outcome(inspector.actors('test', { after, limit: 64 }))).toBe('ROW_DAMAGED');
    expect(await outcome(drain(kernel.upgradeAll()))).toBe('ROW_DAMAGED');
    const map = (await turn(({ portrait }) => (portrait as { map: unknown }).map)) as DurableMap<number>;
    expect(await outcome(E(map).page({ limit: 64 }))).toBe('ROW_DAMAGED');
    await kernel.stop();
  });
});

test('end the forgetting of a peer', async () => {
  await misread(`p/${peer}/x/`, 'vat:test/counter/1/self');
  await withStore(async (store) => {
    const { kernel } = await openWorkshop({ ...store, ...bounded(store, 100) });
    expect(await outcome(forgetRows(kernel.committer, peer))).toBe('ROW_DAMAGED');
    await kernel.stop();
  });
});
