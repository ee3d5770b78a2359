import fs from 'node:fs';
import { join } from 'node:path';
import { E } from '@endo/far';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { codeOf } from '../../src/errors/gobs-error.ts';
import { makeCopier, type Copier, type CopierKit } from '../../src/hob/copier.ts';
import type { RootedFiles } from '../../src/hob/rooted-files.ts';
import { makeTemporaryRoot, openFiles, type TemporaryRoot } from './temporary-root.ts';

let at: TemporaryRoot;
let files: RootedFiles;
let kit: CopierKit;
let copier: Copier;
beforeEach(async () => {
  at = makeTemporaryRoot();
  files = await openFiles(at.root);
  kit = makeCopier(files);
  ({ copier } = kit);
});
afterEach(async () => {
  await kit.stop();
  await files.close();
  at.remove();
});

const place = (name: string): string => join(at.root, name);
const inRoot = (): string[] => fs.readdirSync(at.root).sort();
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const code = (promise: Promise<unknown>): Promise<string> => promise.then(() => 'none', codeOf);

const readAll = async (path: string): Promise<Buffer> => {
  const { handle } = await copier.download(path);
  const pieces: Buffer[] = [];
  for (;;) {
    const piece = await E(handle).read();
    if (piece === '') return Buffer.concat(pieces);
    pieces.push(Buffer.from(piece, 'base64'));
  }
};

describe('a download', () => {
  test('is the file, in pieces, with its mode and without setuid', async () => {
    const content = Buffer.alloc(1_000_000, 'abc');
    fs.writeFileSync(place('large'), content);
    fs.chmodSync(place('large'), 0o4750);
    const { handle, ended } = await copier.download('/large');
    expect(await E(handle).about()).toEqual({ type: 'file', mode: 0o750, size: 1_000_000 });
    expect(await readAll('/large')).toEqual(content);
    for (let n = 0; n < 5; n += 1) await E(handle).read();
    expect(await ended).toEqual({ bytes: 1_000_000 });
  });

  test('of a file that grows meanwhile is what there was', async () => {
    fs.writeFileSync(place('log'), 'one\n');
    const { handle } = await copier.download('/log');
    fs.appendFileSync(place('log'), 'two\n');
    expect(await E(handle).read()).toBe(base64('one\n'));
    expect(await E(handle).read()).toBe('');
  });

  test('is refused where there is no file, and follows no symlink', async () => {
    fs.symlinkSync(join(at.outside, 'file'), place('link'));
    fs.symlinkSync(at.outside, place('directory'));
    fs.mkdirSync(place('empty'));
    expect(await code(copier.download('/nothing'))).toBe('CANNOT_LOOK');
    expect(await code(copier.download('/empty'))).toBe('CANNOT_LOOK');
    expect(await code(copier.download('/link'))).toBe('CANNOT_LOOK');
    expect(await code(copier.download('/directory/file'))).toBe('OUTSIDE_ROOT');
    expect(await code(copier.download('/../outside/file'))).toBe('OUTSIDE_ROOT');
  });

  test('that is given up answers no more', async () => {
    fs.writeFileSync(place('file'), 'x'.repeat(600_000));
    const session = Promise.withResolvers<never>();
    const { handle, ended } = await copier.download('/file', session.promise);
    await E(handle).read();
    session.reject(Error('over'));
    expect(await code(ended)).toBe('SESSION_CLOSED');
    expect(await code(E(handle).read())).toBe('SESSION_CLOSED');
  });
});

describe('an upload', () => {
  test('has its name when it is whole, with its mode', async () => {
    const { handle, ended } = await copier.upload('/new', 0o640);
    await E(handle).write(base64('one '));
    expect(fs.existsSync(place('new'))).toBe(false);
    await E(handle).write(base64('two'));
    await E(handle).finish();
    expect(fs.readFileSync(place('new'), 'utf8')).toBe('one two');
    expect(fs.statSync(place('new')).mode & 0o7777).toBe(0o640);
    expect(await ended).toEqual({ bytes: 7 });
    expect(inRoot()).toEqual(['new']);
  });

  test('takes the place of a file or a symlink, and leaves what that points to', async () => {
    fs.symlinkSync(join(at.outside, 'file'), place('link'));
    const { handle } = await copier.upload('/link', 0o600);
    await E(handle).finish();
    expect(fs.lstatSync(place('link')).isFile()).toBe(true);
    expect(fs.readFileSync(join(at.outside, 'file'), 'utf8')).toBe('outside\n');
  });

  test.each([
    ['a directory that is not there', '/no/such', 'CANNOT_CHANGE'],
    ['a directory behind a symlink', '/way/file', 'OUTSIDE_ROOT'],
    ['the place of what is outside', '/../file', 'OUTSIDE_ROOT'],
    ['a name of our own', '/.gobs-tmp-x', 'BAD_DESIRED_STATE'],
  ])('to %s is refused, and makes nothing', async (_what, path, refusal) => {
    fs.symlinkSync(at.outside, place('way'));
    expect(await code(copier.upload(path, 0o600))).toBe(refusal);
    expect(inRoot()).toEqual(['way']);
    expect(fs.readdirSync(at.outside).sort()).toEqual(['directory', 'file']);
  });

  test('to the place of a directory is refused at its end, and leaves nothing', async () => {
    fs.mkdirSync(place('there'));
    const { handle, ended } = await copier.upload('/there', 0o600);
    expect(await code(E(handle).finish())).toBe('CANNOT_CHANGE');
    expect(await code(ended)).toBe('CANNOT_CHANGE');
    expect(inRoot()).toEqual(['there']);
  });

  test('that is given up leaves nothing, and what was there', async () => {
    fs.writeFileSync(place('file'), 'before');
    const session = Promise.withResolvers<never>();
    const { handle, ended } = await copier.upload('/file', 0o600, session.promise);
    await E(handle).write(base64('half'));
    expect(inRoot()).toHaveLength(2);
    session.reject(Error('over'));
    expect(await code(ended)).toBe('SESSION_CLOSED');
    expect(inRoot()).toEqual(['file']);
    expect(fs.readFileSync(place('file'), 'utf8')).toBe('before');
    expect(await code(E(handle).write(base64('more')))).toBe('SESSION_CLOSED');
    expect(await code(E(handle).finish())).toBe('SESSION_CLOSED');
  });

  test('when the hob ends is given up, and the files can be closed', async () => {
    const { handle } = await copier.upload('/file', 0o600);
    await E(handle).write(base64('half'));
    await kit.stop();
    await files.close();
    expect(inRoot()).toEqual([]);
  });

  test('takes no more than a few pieces that nobody has written', async () => {
    const { handle } = await copier.upload('/file', 0o600);
    const writing = Array.from({ length: 12 }, () => code(E(handle).write(base64('x'))));
    const outcomes = await Promise.all(writing);
    expect(outcomes).toContain('LIMIT_EXCEEDED');
    await E(handle).finish();
  });

  test('begins with taking away what a killed hob left there', async () => {
    fs.writeFileSync(place(`.gobs-tmp-${'0'.repeat(32)}`), 'half');
    const { handle } = await copier.upload('/file', 0o600);
    await E(handle).finish();
    expect(inRoot()).toEqual(['file']);
  });
});

test('there is a limit to how many are open, and room again afterwards', async () => {
  fs.writeFileSync(place('file'), '');
  const all = await Promise.all(Array.from({ length: 16 }, () => copier.download('/file')));
  expect(await code(copier.download('/file'))).toBe('LIMIT_EXCEEDED');
  expect(await code(copier.upload('/other', 0o600))).toBe('LIMIT_EXCEEDED');
  await E(all[0]!.handle).read();
  await all[0]!.ended;
  expect((await readAll('/file')).length).toBe(0);
});

test('what is there can be looked at', async () => {
  fs.writeFileSync(place('file'), 'four', { mode: 0o600 });
  expect(await copier.look('/file')).toEqual({ type: 'file', mode: 0o600, size: 4 });
  expect(await copier.look('/none')).toBe(null);
});
