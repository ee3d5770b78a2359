import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeError } from '../../src/errors/gobs-error.ts';
import { openStore } from '../../src/persistence/open-store.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { storePowers } from './store-powers.ts';

let temporary: TemporaryDirectory;
let directory: string;
let at: (name: string) => string;
const open = () => openStore({ ...storePowers, directory, randomId: () => 'id', traces: [at('key'), at('name')] });
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

  test('a count that says nothing, as after a loss of power at the very first start, tells of none', async () => {
    rmSync(at('store'), { recursive: true });
    writeFileSync(at('commits'), '');
    expect(await refusal()).toBe('opened');
  });
});
