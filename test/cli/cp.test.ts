/** `gobs cp` against hobs that do as they should, which have real files, and against hobs that were taken over. */
import fs from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { Far } from '@endo/far';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeCopier, type Copier, type CopierKit } from '../../src/hob/copier.ts';
import type { RootedFiles } from '../../src/hob/rooted-files.ts';
import { makeTemporaryRoot, openFiles, type TemporaryRoot } from '../hob/temporary-root.ts';
import { makeHarness } from './run-in-process.ts';

type Harness = Awaited<ReturnType<typeof makeHarness>>;
let at: Harness;
let host: TemporaryRoot;
let files: RootedFiles;
let kit: CopierKit;
beforeEach(async () => {
  at = await makeHarness();
  at.addReady('web1');
  host = makeTemporaryRoot();
  files = await openFiles(host.root);
  kit = makeCopier(files);
  at.copies.by = kit.copier;
  fs.mkdirSync(join(host.root, 'srv'));
});
afterEach(async () => {
  await kit.stop();
  await files.close();
  expect(at.sessions().closed).toBe(at.sessions().opened);
  host.remove();
  at.end();
});

const here = (name: string): string => join(at.directory, name);
const there = (name: string): string => join(host.root, name);
const ours = (): string[] => fs.readdirSync(at.directory).sort();
const done = { code: 0, stdout: '', stderr: '' };

describe('cp', () => {
  test('to a machine gives it the file, whole, with its mode', async () => {
    const content = Buffer.alloc(1_500_000, 'abcdefg');
    fs.writeFileSync(here('site.tar'), content, { mode: 0o640 });
    expect(await at.gobs('cp site.tar web1:/srv/new.tar')).toEqual(done);
    expect(fs.readFileSync(there('srv/new.tar'))).toEqual(content);
    expect(fs.statSync(there('srv/new.tar')).mode & 0o7777).toBe(0o640);
    for (const target of ['web1:/srv', 'web1:/srv/', 'web1:/']) {
      expect(await at.gobs(`cp site.tar ${target}`)).toEqual(done);
    }
    expect(fs.readdirSync(there('srv')).sort()).toEqual(['new.tar', 'site.tar']);
    expect(fs.existsSync(there('site.tar'))).toBe(true);
  });

  test('from a machine is the same the other way', async () => {
    const content = Buffer.alloc(1_500_000, 'gfedcba');
    fs.writeFileSync(there('srv/log'), content);
    fs.chmodSync(there('srv/log'), 0o4640);
    expect(await at.gobs('cp web1:/srv/log copy')).toEqual(done);
    expect(fs.readFileSync(here('copy'))).toEqual(content);
    expect(fs.statSync(here('copy')).mode & 0o7777).toBe(0o640);
    expect(await at.gobs('cp web1:/srv/log .')).toEqual(done);
    expect(ours()).toEqual(['copy', 'log', 'state']);
  });

  test('an empty file is one', async () => {
    fs.writeFileSync(there('srv/none'), '');
    expect(await at.gobs('cp web1:/srv/none none')).toEqual(done);
    expect(await at.gobs('cp none web1:/srv/again')).toEqual(done);
    expect(fs.readFileSync(there('srv/again'), 'utf8')).toBe('');
  });

  test.each([
    ['a b', 'BAD_USAGE'],
    ['web1:/a web1:/b', 'BAD_USAGE'],
    ['nothing web1:/srv/', 'FILE_UNUSABLE'],
    ['state web1:/srv/', 'BAD_USAGE'],
    ['file web1:/srv/no/', 'BAD_USAGE'],
    ['file web1:/no/file', 'CANNOT_CHANGE'],
    ['web1:/srv copy', 'CANNOT_LOOK'],
    ['web1:/srv/nothing copy', 'CANNOT_LOOK'],
    ['web1:/srv/../../x copy', 'OUTSIDE_ROOT'],
    ['web9:/srv/x copy', 'NO_SUCH_MACHINE'],
    ['web1:/srv/there nowhere/copy', 'FILE_UNUSABLE'],
  ])('%s is refused in one line, and leaves nothing', async (words, code) => {
    fs.writeFileSync(here('file'), 'here');
    fs.writeFileSync(there('srv/there'), 'there');
    const ran = await at.gobs(`cp ${words}`);
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toMatch(new RegExp(`^gobs: ${code}: [^\\n]+\\n(hint: [^\\n]+\\n)?$`));
    expect(ours()).toEqual(['file', 'state']);
    expect(fs.readdirSync(there('srv'))).toEqual(['there']);
  });

  test('a file here that is called as if it were there is named with ./', async () => {
    fs.mkdirSync(here('web1:'));
    fs.writeFileSync(here('web1:/x'), 'odd');
    expect(await at.gobs('cp ./web1:/x web1:/srv/x')).toEqual(done);
    expect(fs.readFileSync(there('srv/x'), 'utf8')).toBe('odd');
  });

  test('interrupted leaves nothing', async () => {
    fs.writeFileSync(here('file'), 'content');
    const stuck: Copier = {
      ...kit.copier,
      upload: async () => ({
        handle: Far('Upload', { write: () => new Promise(() => {}), finish: () => undefined } as never) as never,
        ended: new Promise(() => {}),
      }),
    };
    at.copies.by = { look: (path) => kit.copier.look(path), download: stuck.download, upload: stuck.upload };
    const running = at.gobs('cp file web1:/srv/');
    await at.whenCalled('upload web1');
    for (let n = 0; n < 20; n += 1) await new Promise(setImmediate);
    at.interrupt();
    expect(await running).toMatchObject({ code: 1, stderr: expect.stringContaining('WAIT_INTERRUPTED') });
    expect(fs.readdirSync(there('srv'))).toEqual([]);
  });
});

describe('a hob that was taken over', () => {
  const answering = (about: unknown, ...pieces: readonly unknown[]): void => {
    const left = [...pieces];
    const handle = Far('Download', { about: () => harden(about), read: () => harden(left.shift()) } as never) as never;
    at.copies.by = {
      ...at.copies.by!,
      download: async () => ({ handle, ended: new Promise(() => {}) }),
    };
  };
  const file = { type: 'file', mode: 0o644, size: 4 };
  const piece = Buffer.from('four').toString('base64');

  test.each([
    ['no size', { type: 'file', mode: 0 }, []],
    ['a size below zero', { ...file, size: -1 }, []],
    ['more than it said', file, [piece, piece]],
    ['no text', file, [7]],
    ['nothing', file, [undefined]],
    ['what is no base64', file, ['\n!']],
  ])('that answers with %s leaves nothing here', async (_what, about, pieces) => {
    answering(about, ...pieces);
    const ran = await at.gobs('cp web1:/srv/x copy');
    expect(ran).toMatchObject({ code: 1, stderr: expect.stringMatching(/^gobs: PROTOCOL_ERROR: web1: [^\n]+\n$/) });
    expect(ours()).toEqual(['state']);
  });

  test.each([0o022, 0o077, 0])(
    'that wants setuid does not get it, nor more than umask %o lets new files have',
    async (mask) => {
      answering({ ...file, mode: 0o6777 }, piece, '');
      const umask = process.umask(mask);
      try {
        expect(await at.gobs('cp web1:/srv/x copy')).toEqual(done);
      } finally {
        process.umask(umask);
      }
      expect(fs.statSync(here('copy')).mode & 0o7777).toBe(0o777 & ~mask);
    },
  );

  test('that lets nobody write gives a file that nobody can write to', async () => {
    answering({ ...file, mode: 0o400 }, piece, '');
    expect(await at.gobs('cp web1:/srv/x copy')).toEqual(done);
    expect(fs.statSync(here('copy')).mode & 0o7777).toBe(0o400);
  });
});
