import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeError } from '../../src/errors/gobs-error.ts';
import { openLevelStore, type LevelStoreOptions } from '../../src/persistence/level-store.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { storePowers } from './store-powers.ts';

let temporary: TemporaryDirectory;
let directory: string;
beforeEach(async () => {
  temporary = await makeTemporaryDirectory();
  directory = join(temporary.path, 'state');
});
afterEach(() => temporary.remove());

const open = (options: Partial<LevelStoreOptions> = {}) => openLevelStore({ ...storePowers, directory, ...options });
const refusalOf = (options?: Partial<LevelStoreOptions>) =>
  open(options).then(
    () => 'opened',
    (error: unknown) => describeError(error),
  );
const noteOf = async (): Promise<unknown> => JSON.parse(await readFile(join(directory, 'holder.json'), 'utf8'));
const noon = Date.UTC(2030, 0, 1, 12);
const noteAt = '2030-01-01T12:00:00.000Z';
const unnamed = {
  code: 'STORE_IN_USE',
  message: '',
  hint: '',
};
beforeEach(() => {
  unnamed.message = `${directory}: another process, which has not left its number yet, has the store open`;
  unnamed.hint = `stop it with: gobs down --state ${directory}`;
});

/** A process of its own that holds the store until it is killed. Resolves when it does. */
const startHolder = async () => {
  const child = fork(new URL('hold-store.ts', import.meta.url), [directory], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  await Promise.race([once(child, 'message'), exited.then(() => Promise.reject(Error('the holder ended')))]);
  return {
    pid: child.pid!,
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
};

test('a second process is told who has the store, since when, and what to do', async () => {
  const holder = await startHolder();
  try {
    const { started } = (await noteOf()) as { started: string };
    expect(await refusalOf()).toEqual({
      code: 'STORE_IN_USE',
      message: `${directory}: process ${holder.pid} (since ${started}) has the store open`,
      hint: `stop it with: gobs down --state ${directory}`,
    });
    expect(await refusalOf({ inUseHint: 'wait' })).toMatchObject({ hint: 'wait' });
    expect(await noteOf()).toEqual({ pid: holder.pid, started });
  } finally {
    await holder.kill();
  }
});

test('the note of a killed process means nothing, and is written over', async () => {
  const holder = await startHolder();
  await holder.kill();
  expect(await noteOf()).toMatchObject({ pid: holder.pid });
  const store = await open({ now: () => noon });
  expect(await noteOf()).toEqual({ pid: process.pid, started: noteAt });
  await store.close();
});

test('the same process is told that it has the store itself', async () => {
  const store = await open({ now: () => noon });
  expect(await refusalOf()).toMatchObject({
    code: 'STORE_IN_USE',
    message: `${directory}: this process (${process.pid}, since ${noteAt}) has the store open`,
  });
  await store.write([{ type: 'put', key: 'a', value: 'unharmed' }]);
  await store.close();
  const again = await open();
  expect(again.get('a')).toBe('unharmed');
  await again.close();
});

test.each([
  ['no note', undefined],
  ['a note of a process that is gone', '{"pid":4194303,"started":"2029-01-01T00:00:00.000Z"}'],
  ['half a note', '{"pid":'],
  ['a note of something else', '{"pid":-1,"started":"2029-01-01T00:00:00.000Z"}'],
  ['a note that is no record', 'null'],
])('whoever comes between the lock and its note is told that somebody has it: %s', async (_, left) => {
  await (await open()).close();
  if (left !== undefined) await writeFile(join(directory, 'holder.json'), left);
  const { promises } = storePowers.fs;
  const reached = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const slow = (async (...args: Parameters<typeof promises.writeFile>) => {
    reached.resolve();
    await goOn.promise;
    return promises.writeFile(...args);
  }) as typeof promises.writeFile;
  const gone = (pid: number) => {
    // The system takes a number below 1 for a whole group, or for everybody.
    if (pid === process.pid || pid < 1) return true as const;
    throw Object.assign(Error('kill ESRCH'), { code: 'ESRCH' });
  };

  const first = open({ fs: { ...storePowers.fs, promises: { ...promises, writeFile: slow } } });
  await reached.promise;
  expect(await refusalOf({ process: { pid: process.pid, kill: gone } })).toEqual(unnamed);
  goOn.resolve();
  await (await first).close();
});

test('a holder that belongs to another user is named too', async () => {
  const store = await open();
  await writeFile(join(directory, 'holder.json'), `{"pid":7,"started":"${noteAt}"}`);
  const forbidden = () => {
    throw Object.assign(Error('kill EPERM'), { code: 'EPERM' });
  };
  expect(await refusalOf({ process: { pid: process.pid, kill: forbidden } })).toMatchObject({
    message: `${directory}: process 7 (since ${noteAt}) has the store open`,
  });
  await store.close();
});

test('a store that is closed leaves no note', async () => {
  await (await open()).close();
  expect(await readdir(directory)).toEqual(['store']);
});

test('closing again does not remove the note of whoever has the store by then', async () => {
  const first = await open();
  await first.close();
  const second = await open({ now: () => noon });
  await first.close();
  expect(await noteOf()).toEqual({ pid: process.pid, started: noteAt });
  await second.close();
});

test('whoever cannot leave a note gives the store back, and leaves nothing half written', async () => {
  const { promises } = storePowers.fs;
  const full = () => Promise.reject(Object.assign(Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }));
  const rename: typeof promises.rename = (from, to) =>
    String(to).endsWith('holder.json') ? full() : promises.rename(from, to);
  const fs = { ...storePowers.fs, promises: { ...promises, rename } };
  expect(await refusalOf({ fs })).toEqual({
    code: 'STORE_UNUSABLE',
    message: `${join(directory, 'holder.json')}: no space left on device (ENOSPC)`,
    hint: 'make room on that file system, then try again: every acknowledged change is kept',
  });
  expect(await readdir(directory)).toEqual(['store']);
  await (await open()).close();
});
