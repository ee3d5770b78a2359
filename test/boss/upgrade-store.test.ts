/** The upgrade of a closed store, on a real LevelDB. */
import { M } from '@endo/patterns';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { upgradeStore, type UpgradeStorePowers } from '../../src/boss/upgrade-store.ts';
import { openStore } from '../../src/persistence/open-store.ts';
import { verify } from '../../src/persistence/verify.ts';
import { defineKind } from '../../src/vats/kind.ts';
import type { UpgradeStep } from '../../src/vats/lineage.ts';
import { defineRetiredKind } from '../../src/vats/retired-kind.ts';
import { versionsOf } from '../../src/vats/known-kinds.ts';
import { storePowers } from '../persistence/store-powers.ts';
import { commitsOf, valuesOf } from '../support/e2e/rows-of.ts';
import { openTestKernel } from '../support/test-kernel.ts';
import { counterKind } from '../vats/workshop.ts';

const powers: UpgradeStorePowers = {
  ...storePowers,
  openStore,
  uid: process.getuid!(),
  randomId: () => 'an-id',
  setImmediate: (callback) => void setImmediate(callback),
};

const plainKindOf = (label: string, upgrades: readonly UpgradeStep[] = [], formerly: readonly string[] = []) =>
  defineKind<unknown, { read(): unknown }>({
    ...{ label, formerly, version: upgrades.length + 1, upgrades },
    guard: M.interface('Plain', { read: M.call().returns(M.any()) }),
    portrait: M.any(),
    behave: (_bcom, _self, value) => ({ read: () => value }),
  });

const HOSTS = 250;
let state: string;
const open = () => openStore({ ...powers, directory: state });

beforeEach(async () => {
  state = fs.mkdtempSync(join(tmpdir(), 'gobs-upgrade-'));
  const store = await open();
  const kernel = openTestKernel(store);
  const vat = kernel.openVat('boss');
  const kinds = [plainKindOf('host'), plainKindOf('banner')] as const;
  for (const kind of kinds) vat.register(kind, {});
  await vat.makeOnce('all', ({ spawn, makeMap }) => {
    const hosts = makeMap<object>();
    for (let n = 0; n < HOSTS; n += 1) hosts.set(`h${n}`, spawn(kinds[0], n));
    hosts.set('banner', spawn(kinds[1], 'hello'));
    return hosts;
  });
  await kernel.stop();
  await store.close();
});
afterEach(() => fs.rmSync(state, { recursive: true }));

const spawning: UpgradeStep = (old, { spawn, makeMap }) => {
  if (old === 7) throw Error('seven');
  const map = makeMap<unknown>();
  map.set('old', old);
  return { map, counter: spawn(counterKind, 1) };
};
const newer = [plainKindOf('machine', [spawning], ['host']), counterKind, defineRetiredKind({ label: 'banner' })];

const expected = {
  upgraded: [
    {
      vat: 'boss',
      from: { kind: 'host', version: 1 },
      to: { kind: 'machine', version: 2 },
      rows: HOSTS - 1,
      spawned: { counter: HOSTS - 1, map: HOSTS - 1 },
    },
  ],
  retired: [{ vat: 'boss', kind: 'banner', version: 1, rows: 1 }],
  failed: 1,
  failures: [
    {
      vat: 'boss',
      key: expect.stringMatching(/^v\/boss\/a\/host\/\d+$/) as string,
      code: 'UPGRADE_FAILED',
      message: expect.stringMatching(
        /^row v\/boss\/a\/host\/\d+: host version 1 to machine version 2: .*: seven$/,
      ) as string,
    },
  ],
};

describe('the upgrade of a store', () => {
  test('by a dry run says the same as the real one, and leaves every value as it is on disk', async () => {
    const before = [await valuesOf(state), commitsOf(state)];
    expect(await upgradeStore({ state, dryRun: true }, powers, newer)).toEqual({ dryRun: true, ...expected });
    expect([await valuesOf(state), commitsOf(state)]).toEqual(before);
    expect(await upgradeStore({ state, dryRun: false }, powers, newer)).toEqual({ dryRun: false, ...expected });
    expect(await valuesOf(state)).not.toEqual(before[0]);
    const again = { ...expected, upgraded: [] };
    expect(await upgradeStore({ state, dryRun: false }, powers, newer)).toEqual({ dryRun: false, ...again });
  });

  test('tells of rows that need none, and whose portraits are not of their kind', async () => {
    const strict = defineKind<number, object>({
      label: 'banner',
      guard: M.interface('Banner', {}),
      portrait: M.number(),
      behave: () => ({}),
    });
    const told = await upgradeStore({ state, dryRun: true }, powers, [plainKindOf('host'), strict]);
    expect(told).toEqual({
      ...{ dryRun: true, upgraded: [], retired: [], failed: 1 },
      failures: [
        {
          vat: 'boss',
          key: expect.stringMatching(/^v\/boss\/a\/banner\/\d+$/) as string,
          code: 'BAD_PORTRAIT',
          message: expect.stringMatching(/^row v\/boss\/a\/banner\/\d+: .*Must be a number$/) as string,
        },
      ],
    });
  });

  test('leaves a store with which nothing is wrong', async () => {
    const told: number[] = [];
    await upgradeStore({ state, dryRun: false, onProgress: (rows) => told.push(rows) }, powers, newer);
    expect(told.at(-1)).toBe(HOSTS - 1);
    const rows = Object.entries(await valuesOf(state));
    const source = {
      where: state,
      async *pages() {
        yield rows;
      },
      close: async () => {},
    };
    const { findings } = await verify(source, { kinds: Object.fromEntries(versionsOf(newer)) });
    expect(findings).toEqual([]);
  });

  test('is refused while somebody has it open, and where there is none; nothing is made', async () => {
    const store = await open();
    await expect(upgradeStore({ state, dryRun: true }, powers, newer)).rejects.toThrow(
      /^STORE_IN_USE: .*\nhint: stop it with: gobs down --state /,
    );
    await store.close();
    for (const nothing of [`${state}/nothing`, join(state, 'machines')]) {
      await expect(upgradeStore({ state: nothing, dryRun: false }, powers, newer)).rejects.toThrow(
        /^STORE_UNUSABLE: .*: there is no store here/,
      );
      expect(fs.existsSync(nothing)).toBe(false);
    }
  });

  test('is refused to a program that knows less than the store has', async () => {
    const before = [await valuesOf(state), commitsOf(state)];
    await expect(upgradeStore({ state, dryRun: false }, powers, [plainKindOf('host')])).rejects.toThrow(
      /^UNKNOWN_KIND: vat boss has actors of kind banner/,
    );
    expect([await valuesOf(state), commitsOf(state)]).toEqual(before);
  });
});
