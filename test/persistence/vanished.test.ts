import { cpSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeError } from '../../src/errors/gobs-error.ts';
import type { Ledger } from '../../src/persistence/ledger.ts';
import { openStore } from '../../src/persistence/open-store.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { storePowers } from './store-powers.ts';

let temporary: TemporaryDirectory;
let directory: string;
let aside: string;
let store: Ledger;
const open = () => openStore({ ...storePowers, directory, randomId: () => 'id' });
const write = (key: string): Promise<unknown> =>
  store.write([{ type: 'put', key, value: 'x' }]).then(
    () => 'acknowledged',
    (error: unknown) => describeError(error),
  );

beforeEach(async () => {
  temporary = await makeTemporaryDirectory();
  directory = join(temporary.path, 'state');
  aside = join(temporary.path, 'aside');
  store = await open();
  expect(await write('before')).toBe('acknowledged');
});
afterEach(async () => {
  await store.close();
  await temporary.remove();
});

const refusal = (what: string) => ({
  code: 'STORE_UNUSABLE',
  message: `${directory}: ${what}`,
  hint: 'put it back where it was, and it goes on; if it is gone, stop this process and restore a backup',
});
const gone = () => refusal('the store is not there any more: it was moved away or removed');

describe('a store whose directory goes away while it is open', () => {
  test('acknowledges nothing, and goes on when it was put back, once a write has found that', async () => {
    renameSync(directory, aside);
    expect([await write('a'), await write('b')]).toEqual([gone(), gone()]);
    expect(store.get('before')).toBe('x');
    renameSync(aside, directory);
    expect(await write('c')).toMatchObject({
      code: 'STORE_UNUSABLE',
      hint: expect.stringContaining('try again') as string,
    });
    expect(await write('d')).toBe('acknowledged');
    await store.close();
    store = await open();
    expect([store.get('before'), store.get('b'), store.get('c'), store.get('d')]).toEqual([
      'x',
      undefined,
      undefined,
      'x',
    ]);
  });

  test('acknowledges nothing when it was removed, and makes no other in its place', async () => {
    rmSync(directory, { recursive: true });
    expect([await write('a'), await write('b')]).toEqual([gone(), gone()]);
    expect(store.get('before')).toBe('x');
  });

  test('acknowledges nothing when a copy, or another store, is in its place', async () => {
    renameSync(directory, aside);
    cpSync(aside, directory, { recursive: true });
    const other = refusal('another store is there than the one that was opened');
    expect([await write('a'), await write('b')]).toEqual([other, other]);
    rmSync(directory, { recursive: true });
    renameSync(aside, directory);
    await write('c');
    expect(await write('d')).toBe('acknowledged');
  });
});
