import { chmod, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeError } from '../../src/errors/gobs-error.ts';
import { openLevelStore, type LevelStoreOptions } from '../../src/persistence/level-store.ts';
import { mountSmallDisk } from '../support/small-disk.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { storePowers } from './store-powers.ts';

let temporary: TemporaryDirectory;
let at: (name: string) => string;
beforeEach(async () => {
  temporary = await makeTemporaryDirectory();
  at = (name) => join(temporary.path, name);
});
afterEach(() => temporary.remove());

const open = (directory: string, options: Partial<LevelStoreOptions> = {}) =>
  openLevelStore({ ...storePowers, directory, ...options });
const refusalOf = (directory: string, options?: Partial<LevelStoreOptions>) =>
  open(directory, options).then(
    () => ({ code: 'opened', message: '' }),
    (error: unknown) => describeError(error),
  );
const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

describe('a directory that is usable', () => {
  test('is made with its parents, and is nobody else’s to look into', async () => {
    const store = await open(at('x/y/state'));
    expect(await Promise.all(['x', 'x/y', 'x/y/state', 'x/y/state/store'].map((name) => modeOf(at(name))))).toEqual([
      '700',
      '700',
      '700',
      '700',
    ]);
    expect(await modeOf(at('x/y/state/holder.json'))).toBe('600');
    await store.close();
  });

  test('keeps the mode that it has; the store in it is closed to others all the same', async () => {
    await mkdir(at('home'));
    await chmod(at('home'), 0o755);
    await (await open(at('home'))).close();
    expect([await modeOf(at('home')), await modeOf(at('home/store'))]).toEqual(['755', '700']);
  });

  test('may have a path of 150 characters and characters of any kind', async () => {
    const directory = at(`${'d'.repeat(150)}/é \u{1f600}`);
    const store = await open(directory);
    await store.write([{ type: 'put', key: 'a', value: '1' }]);
    await store.close();
    const again = await open(directory);
    expect(again.get('a')).toBe('1');
    await again.close();
  });

  test('is left with what LevelDB began, if that was killed in the act; the next opening goes on', async () => {
    await mkdir(at('state/store'), { recursive: true });
    const begun = ['LOCK', 'LOG', 'MANIFEST-000001', '000001.dbtmp'];
    await Promise.all(begun.map((name) => writeFile(at(`state/store/${name}`), '')));
    await (await open(at('state'))).close();
  });

  test('is not made again when it must be there and is not', async () => {
    const refusal = await refusalOf(at('gone'), { makeDirectory: false });
    expect(refusal).toMatchObject({
      code: 'STORE_UNUSABLE',
      message: `${at('gone/store')}: no such file or directory (ENOENT)`,
    });
    expect(await readdir(temporary.path)).toEqual([]);
    await mkdir(at('state'));
    await (await open(at('state'), { makeDirectory: false })).close();
  });

  test('is not made again when it is moved away just before LevelDB opens it', async () => {
    await (await open(at('state'))).close();
    const { promises } = storePowers.fs;
    const readdirThenMove = (async (path: string) => {
      const names = await readdir(path);
      await rename(at('state'), at('elsewhere'));
      await mkdir(at('state/store'), { recursive: true });
      return names.filter((name) => !name.endsWith('.log'));
    }) as typeof promises.readdir;
    const fs = { ...storePowers.fs, promises: { ...promises, readdir: readdirThenMove } };
    expect(await refusalOf(at('state'), { fs })).toMatchObject({ code: 'STORE_UNUSABLE' });
    expect(await readdir(at('state/store'))).not.toContain('CURRENT');
  });
});

describe('a directory that is not', () => {
  const elsewhere = 'choose a directory that this user may make and write, with --state DIR';

  test('is one below a regular file', async () => {
    await writeFile(at('file'), '');
    expect(await refusalOf(at('file/state'))).toEqual({
      code: 'STORE_UNUSABLE',
      message: `${at('file/state')}: not a directory (ENOTDIR)`,
      hint: elsewhere,
    });
  });

  test('is a regular file', async () => {
    await writeFile(at('file'), 'mine');
    expect(await refusalOf(at('file'))).toEqual({
      code: 'STORE_UNUSABLE',
      message: `${at('file')}: there is a file of that name (EEXIST)`,
      hint: elsewhere,
    });
    expect((await stat(at('file'))).size).toBe(4);
  });

  test('is one where `store` is a file', async () => {
    await mkdir(at('state'));
    await writeFile(at('state/store'), '');
    expect(await refusalOf(at('state'))).toMatchObject({
      code: 'STORE_UNUSABLE',
      message: `${at('state/store')}: not a directory (ENOTDIR)`,
    });
  });

  test('is one where `store` has files of something else, which stay as they are', async () => {
    await mkdir(at('state/store'), { recursive: true });
    await writeFile(at('state/store/shop.sqlite'), 'wares');
    expect(await refusalOf(at('state'))).toEqual({
      code: 'STORE_NOT_OURS',
      message: `${at('state/store')}: holds "shop.sqlite", which is not part of a store`,
      hint: 'choose another directory with --state DIR',
    });
    expect(await readdir(at('state/store'))).toEqual(['shop.sqlite']);
  });

  test('is one that may not be written', async (context) => {
    const disk = await mountSmallDisk({ size: '4m' });
    if ('reason' in disk) return context.skip(disk.reason);
    try {
      await (await open(join(disk.path, 'state'))).close();
      disk.makeReadOnly();
      for (const name of ['state', 'other']) {
        const refusal = await refusalOf(join(disk.path, name));
        const hint = expect.stringMatching(/^make that file system writable, .*--state DIR$/) as string;
        expect(refusal).toMatchObject({ code: 'STORE_UNUSABLE', hint });
        expect(refusal.message).toMatch(
          new RegExp(`^${disk.path}/${name}.*: .*[Rr]ead-only file system.* \\(EROFS\\)$`),
        );
      }
    } finally {
      await disk.unmount();
    }
  });

  test('is one that this user may not read (as the system would say it)', async () => {
    const refuse = () => Promise.reject(Object.assign(Error('EACCES: permission denied, scandir'), { code: 'EACCES' }));
    const fs = { ...storePowers.fs, promises: { ...storePowers.fs.promises, readdir: refuse as never } };
    expect(await refusalOf(at('state'), { fs })).toEqual({
      code: 'STORE_UNUSABLE',
      message: `${at('state/store')}: permission denied (EACCES)`,
      hint: elsewhere,
    });
  });

  test.each(['CURRENT', 'MANIFEST', 'ldb'])('is one whose database lost its %s', async (lost) => {
    // The second opening moves what is in the log to a table.
    for (const key of ['a', 'b']) {
      const store = await open(at('state'));
      await store.write([{ type: 'put', key, value: '1' }]);
      await store.close();
    }
    const names = await readdir(at('state/store'));
    await rm(at(`state/store/${names.find((name) => name.includes(lost))!}`));
    const left = await readdir(at('state/store'));
    const refusal = await refusalOf(at('state'));
    expect(refusal.code).toBe('STORE_DAMAGED');
    expect(refusal.message).toContain(at('state/store'));
    expect(refusal.message).toContain(lost);
    const rows = (names: string[]) => names.filter((name) => /(log|ldb)$/.test(name));
    expect(rows(await readdir(at('state/store')))).toEqual(rows(left));
  });
});

describe('a directory that others may write', () => {
  const uid = process.getuid!();
  const openOwn = (directory: string, options: Partial<LevelStoreOptions> = {}) =>
    refusalOf(directory, { uid, ...options });

  test.each([0o777, 0o775, 0o757, 0o1777])('(mode %o) is refused before anything is put there', async (mode) => {
    await mkdir(at('state'));
    await chmod(at('state'), mode);
    expect(await openOwn(at('state'))).toMatchObject({
      code: 'STORE_UNUSABLE',
      hint: expect.stringContaining('chmod go-w'),
    });
    expect(await readdir(at('state'))).toEqual([]);
  });

  test('is refused if it is only the one of the store', async () => {
    await mkdir(at('state/store'), { recursive: true });
    await chmod(at('state/store'), 0o777);
    const { code, message } = await openOwn(at('state'));
    expect([code, message]).toEqual(['STORE_UNUSABLE', `${at('state/store')} can be written by others (mode 0777)`]);
    expect(await readdir(at('state/store'))).toEqual([]);
  });

  test("is refused if it is another user's, whatever its mode", async () => {
    await mkdir(at('state'), { mode: 0o700 });
    const { code, message } = await openOwn(at('state'), { uid: uid + 1 });
    expect([code, message]).toEqual([
      'STORE_UNUSABLE',
      `${at('state')} belongs to user ${uid}, not to user ${uid + 1}`,
    ]);
  });

  test('is not one that others may read', async () => {
    await mkdir(at('state'));
    await chmod(at('state'), 0o755);
    await (await open(at('state'), { uid })).close();
  });
});
