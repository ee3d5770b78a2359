import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeError } from '../../src/errors/gobs-error.ts';
import { requireNotLost } from '../../src/persistence/lost-store.ts';
import { openStore } from '../../src/persistence/open-store.ts';
import { requireStore, statePaths } from '../../src/persistence/state-directory.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { storePowers } from './store-powers.ts';

let temporary: TemporaryDirectory;
let directory: string;
let at: (name: string) => string;
const open = () => openStore({ ...storePowers, directory, randomId: () => 'id', traces: [at('key'), at('name')] });
/** As the store that is there counts them. */
const openings = async (): Promise<number> => {
  const store = await open();
  await store.close();
  return store.epoch;
};
const refusal = () =>
  open().then(
    (store) => store.close().then(() => 'opened'),
    (error: unknown) => describeError(error),
  );

beforeEach(async () => {
  temporary = await makeTemporaryDirectory();
  directory = join(temporary.path, 'state');
  at = (name) => join(directory, name);
  await (await open()).close();
});
afterEach(() => temporary.remove());

const lost = (names: string) => ({
  code: 'STORE_LOST',
  message: `${at('store')}: the store is gone; left of what was there: ${names}`,
  hint: expect.stringContaining(`move ${names} out of ${directory}`) as string,
});

describe('where a store was, and is not', () => {
  test('no other is made, and nothing else, as long as anything tells of it', async () => {
    writeFileSync(at('name'), '');
    renameSync(at('store'), at('elsewhere'));
    expect(await refusal()).toEqual(lost('commits, name'));
    rmSync(at('commits'));
    expect(await refusal()).toEqual(lost('name'));
    expect(readdirSync(directory).toSorted()).toEqual(['elsewhere', 'name']);
    rmSync(at('name'));
    expect(await refusal()).toBe('opened');
  });

  test('an empty directory in its place, as where a disk is not mounted, is no store', async () => {
    renameSync(at('store'), at('elsewhere'));
    mkdirSync(at('store'), { mode: 0o700 });
    expect(await refusal()).toEqual(lost('commits'));
    rmSync(at('store'), { recursive: true });
    renameSync(at('elsewhere'), at('store'));
    expect(await refusal()).toBe('opened');
  });

  test('a restored one that is not yet in its place is put there', async () => {
    renameSync(at('store'), at('store.restored'));
    expect(await refusal()).toBe('opened');
  });

  test('nor is one in an empty directory, whatever else tells of a store', async () => {
    writeFileSync(at('name'), '');
    renameSync(at('store'), at('store.restored'));
    mkdirSync(at('store'), { mode: 0o700 });
    expect(await openings()).toBe(2);
    expect(readdirSync(directory)).not.toContain('store.restored');
  });

  test('it is not passed over for one that was only begun, or a link to an empty place', async () => {
    renameSync(at('store'), at('store.restored'));
    const waits = {
      code: 'STORE_UNUSABLE',
      message: `${at('store.restored')}: a restored store, which cannot be moved to ${at('store')}`,
      hint: expect.stringContaining('remove it and try again') as string,
    };
    mkdirSync(at('store'), { mode: 0o700 });
    writeFileSync(at('store/LOCK'), '');
    expect(await refusal()).toEqual(waits);
    const mustExist = requireStore(storePowers.fs, statePaths(directory));
    expect(await mustExist.catch(describeError)).toEqual(waits);
    rmSync(at('store'), { recursive: true });
    mkdirSync(at('elsewhere'), { mode: 0o700 });
    symlinkSync(at('elsewhere'), at('store'));
    expect(await refusal()).toEqual(waits);
    expect(readdirSync(at('elsewhere'))).toEqual([]);
    rmSync(at('store'));
    expect(await openings()).toBe(2);
  });

  test('a restore that ends between two looks for it is none that was lost', async () => {
    renameSync(at('store'), at('store.restored'));
    const { promises } = storePowers.fs;
    const readdir = (async (path: string) => {
      if (path === at('store.restored')) renameSync(path, at('store'));
      return promises.readdir(path);
    }) as typeof promises.readdir;
    const fs = { ...storePowers.fs, promises: { ...promises, readdir } };
    expect(await requireNotLost(fs, statePaths(directory), [])).toBe(true);
  });

  test('a count that says nothing, as after a loss of power at the very first start, tells of none', async () => {
    rmSync(at('store'), { recursive: true });
    writeFileSync(at('commits'), '');
    expect(await refusal()).toBe('opened');
  });
});
