/** Stores that no boss has open, into which somebody has put rows who knows the format and the store's id. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { makeRowChecksum, type RowChecksum } from '../../src/persistence/row-checksum.ts';
import type { StoreEntry } from '../../src/vats/store.ts';
import type { Ran } from '../cli/run-in-process.ts';
import { craftedRows, longKeys } from '../support/crafted-rows.ts';
import { makeCraftedWorld, requireLines, rowsIn, type CraftedWorld } from '../support/crafted-world.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

let sandbox: Sandbox;
let world: CraftedWorld;
let checksum: RowChecksum;
beforeEach(async () => {
  sandbox = await makeSandbox();
  world = await makeCraftedWorld(sandbox);
  checksum = makeRowChecksum((JSON.parse(world.backup.split('\n')[0]!) as { store: string }).store);
});
afterEach(async () => {
  world.end();
  await sandbox.end();
});

const inLines = async (running: Promise<Ran>): Promise<Ran> => {
  const ran = await running;
  requireLines(ran.stderr);
  return ran;
};

const verified = async (state: string): Promise<Ran> => {
  const ran = await inLines(world.store('verify', '--state', state));
  requireLines(ran.stdout);
  return ran;
};
const exported = (state: string) => inLines(world.store('export', '--json', '--state', state));
const upgraded = (state: string) => inLines(world.store('upgrade', '--dry-run', '--state', state));
const backedUp = (state: string) =>
  inLines(world.store('backup', `${state}.backup`, '--state', state, '--sealing-key', world.sealingKey));

/** The rows that are not as they were. */
const changedRows = (change: (rows: readonly StoreEntry[]) => readonly StoreEntry[]): readonly StoreEntry[] => {
  const before = rowsIn(world.backup).map(([key, value]): StoreEntry => [key, checksum.check(key, value)]);
  const known = new Map(before);
  return change(before)
    .filter(([key, text]) => known.get(key) !== text)
    .map(([key, text]) => [key, checksum.add(key, text)]);
};

test('rows that no gobs has written are found, and trying an upgrade of them ends', async () => {
  // The others are looked at in the same way whether they come from a file or from a store.
  const opening = [...craftedRows].filter(([, { finds }]) =>
    /STORE_DAMAGED|boss\\\/[!k]|UNKNOWN_ROW/.test(String(finds)),
  );
  expect(opening.length).toBeGreaterThan(70);
  for (const [name, { finds, change }] of opening) {
    const state = await world.storeWith(changedRows(change));
    const { code, stdout } = await verified(state);
    expect([code, stdout], name).toEqual([1, expect.stringMatching(finds!)]);
    await upgraded(state);
    await rm(state, { recursive: true });
  }
});

test('a key that is too long is found, and nothing with it is backed up', async () => {
  for (const key of longKeys) {
    const state = await world.storeWith([[key, checksum.add(key, 'x')]]);
    const { code, stdout } = await verified(state);
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(/^ROW_DAMAGED: row [^\n]*: its key is longer than 1024 b/m),
    ]);
    await exported(state);
    expect(await backedUp(state)).toMatchObject({ code: 1, stderr: expect.stringContaining('ROW_DAMAGED') as string });
    expect(existsSync(`${state}.backup`)).toBe(false);
    await upgraded(state);
  }
});

/** Keys that are no UTF-8: what is read of them is another key, behind which the same comes again. */
const noText = (prefix: string, count: number): readonly Buffer[] =>
  Array.from({ length: count }, (_, n) =>
    Buffer.concat([Buffer.from(prefix), Buffer.from([0xff, 0x80 + (n >> 6), 0x80 + (n & 63)])]),
  );

test('keys that are no text end whatever reads them', async () => {
  for (const keys of [noText('z', 1), noText('v/', 1), noText('v/boss/a/', 1_500), noText('v/boss/m/2/', 1_500)]) {
    const state = await world.storeWith(keys.map((key) => [key, checksum.add(key.toString(), 'x')]));
    const { code, stdout } = await verified(state);
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^ROW_DAMAGED: /m)]);
    expect((await exported(state)).code).toBe(1);
    expect((await backedUp(state)).code).toBe(1);
    expect(existsSync(`${state}.backup`)).toBe(false);
    await upgraded(state);
  }
});
