import { M } from '@endo/patterns';
import { beforeEach, describe, expect, test } from 'vitest';
import { makeMemoryStore, type MemoryStore } from '../../src/persistence/memory-store.ts';
import { makeOverlayStore } from '../../src/persistence/overlay-store.ts';
import { E } from '../../src/vats/eventual-send.ts';
import { defineKind } from '../../src/vats/kind.ts';
import type { UpgradeStep } from '../../src/vats/lineage.ts';
import { decodeRow, isStripped, stripped } from '../../src/vats/row.ts';
import { defineRetiredKind, type Definition } from '../../src/vats/retired-kind.ts';
import type { WalkedRow } from '../../src/vats/upgrade-walk.ts';
import type { Store } from '../../src/vats/store.ts';
import { openTestKernel } from '../support/test-kernel.ts';

interface Thing {
  read(): unknown;
}

const thingKindOf = (upgrades: readonly UpgradeStep[] = []) =>
  defineKind<unknown, Thing, { needed(): void }>({
    label: 'thing',
    version: upgrades.length + 1,
    upgrades,
    guard: M.interface('Thing', { read: M.call().returns(M.any()) }),
    portrait: M.any(),
    behave: (_bcom, _self, value, { needed }) => {
      needed();
      return { read: () => value };
    },
  });

const COUNT = 450;
let store: MemoryStore;

beforeEach(async () => {
  store = makeMemoryStore();
  const kernel = openTestKernel(store);
  const kind = thingKindOf();
  const needed = (): void => {};
  const makeVat = kernel.defineVatType({ type: 'made', root: kind, open: (made) => made.register(kind, { needed }) });
  for (const name of ['one', 'two']) {
    const vat = kernel.openVat(name);
    vat.register(kind, { needed: () => {} });
    await vat.makeOnce('things', ({ spawn, makeMap }) => {
      const map = makeMap<unknown>();
      const count = name === 'one' ? COUNT : 1;
      for (let n = 0; n < count; n += 1) map.set(`t${n}`, spawn(kind, n));
      if (name === 'two') makeVat({ about: null, portrait: 'made' });
      return map;
    });
  }
  await kernel.stop();
});

const walk = async (over: Store, kinds: readonly Definition[]): Promise<readonly WalkedRow[]> => {
  const kernel = openTestKernel(over);
  const rows: WalkedRow[] = [];
  for await (const row of kernel.upgradeAll(kinds)) rows.push(row);
  await kernel.stop();
  return rows;
};
const outcomes = (rows: readonly WalkedRow[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { vat, outcome } of rows) counts[`${vat} ${outcome}`] = (counts[`${vat} ${outcome}`] ?? 0) + 1;
  return counts;
};
/** Cannot make its methods without its powers. */
const needyKind = defineKind<null, Thing, { needed(): void }>({
  label: 'needy',
  guard: M.interface('Needy', { read: M.call().returns(M.any()) }),
  portrait: M.null(),
  behave: (_bcom, _self, value, { needed }) => {
    needed();
    return { read: () => value };
  },
});
const spawning: UpgradeStep = (old, { spawn }) => ({ old, needy: spawn(needyKind, null) });

describe('a walk over a store', () => {
  test('upgrades every row of every vat, made or not, without the powers of any kind, and once', async () => {
    const kinds = [thingKindOf([spawning]), needyKind];
    const rows = await walk(store, kinds);
    expect(outcomes(rows)).toEqual({ 'one upgraded': COUNT, 'two upgraded': 1, 'made-1 upgraded': 1 });
    expect(rows[0]).toEqual({
      vat: 'made-1',
      key: 'v/made-1/a/thing/1',
      outcome: 'upgraded',
      from: { kind: 'thing', version: 1 },
      to: { kind: 'thing', version: 2 },
      spawned: { needy: 1 },
    });
    expect(store.entries().filter(([key]) => key.includes('/a/needy/'))).toHaveLength(COUNT + 2);
    expect(await walk(store, kinds)).toEqual([]);
  });

  test('tells of what fails and of what is retired, and goes on', async () => {
    const picky: UpgradeStep = (old) => {
      if (old === 7) throw Error('seven');
      return old;
    };
    const rows = await walk(store, [thingKindOf([picky])]);
    expect(outcomes(rows)).toEqual({
      'one upgraded': COUNT - 1,
      'one failed': 1,
      'two upgraded': 1,
      'made-1 upgraded': 1,
    });
    expect(rows.find(({ outcome }) => outcome === 'failed')).toMatchObject({
      error: {
        code: 'UPGRADE_FAILED',
        message: expect.stringMatching(/^row v\/one\/a\/thing\/\d+: .*: seven$/) as string,
      },
    });
    const retired = await walk(store, [defineRetiredKind({ label: 'thing', version: 2, upgrades: [() => 1] })]);
    expect(outcomes(retired)).toEqual({ 'one retired': COUNT, 'two retired': 1, 'made-1 retired': 1 });
    const unknown = await walk(store, []);
    expect(unknown[0]).toMatchObject({ outcome: 'failed', error: { code: 'UNKNOWN_KIND' } });
  });

  test('passes over what a collector that was killed had taken the portrait of', async () => {
    const key = store.entries().find(([each]) => each.startsWith('v/one/a/thing/'))![0];
    await store.write([{ type: 'put', key, value: stripped(decodeRow(key, store.get(key)!)) }]);
    const needsNumber: UpgradeStep = (old: number) => old.toFixed();
    const kinds = [thingKindOf([needsNumber])];
    const rows = await walk(store, kinds);
    expect(outcomes(rows)['one upgraded']).toBe(COUNT - 1);
    expect(outcomes(rows)['one failed']).toBe(undefined);
    expect(isStripped(decodeRow(key, store.get(key)!))).toBe(true);
    const kernel = openTestKernel(store);
    kernel.openVat('one').register(kinds[0]!, { needed: () => {} });
    const thing = kernel.refOf(key.replace(/^v\/one\/a\/(.*)$/, 'vat:one/$1/self')) as Thing;
    await expect(E(thing).read()).rejects.toThrow(/^NO_SUCH_ACTOR/);
    await kernel.stop();
  });

  test('over an overlay does the same, and writes nothing', async () => {
    const before = store.entries();
    const overlay = makeOverlayStore(store);
    const rows = await walk(overlay, [thingKindOf([spawning]), needyKind]);
    expect(store.entries()).toEqual(before);
    expect(await walk(overlay, [thingKindOf([spawning]), needyKind])).toEqual([]);
    expect(await walk(store, [thingKindOf([spawning]), needyKind])).toEqual(rows);
  });

  test('without kinds takes the vats that are open', async () => {
    const kernel = openTestKernel(store);
    const vat = kernel.openVat('two');
    const kind = thingKindOf([(old) => old]);
    vat.register(kind, { needed: () => {} });
    const rows: WalkedRow[] = [];
    for await (const row of kernel.upgradeAll()) rows.push(row);
    expect(outcomes(rows)).toEqual({ 'two upgraded': 1 });
    const thing = kernel.refOf(rows[0]!.key.replace(/^v\/two\/a\/(.*)$/, 'vat:two/$1/self')) as Thing;
    expect(await E(thing).read()).toBe(0);
    await kernel.stop();
  });
});
