/** What RootedFiles itself promises; what resources make of it is in their own tests, races and kills in files of their own. */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import * as path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RootedFiles } from '../../src/hob/rooted-files.ts';
import { isRoot, makeTemporaryRoot, openFiles, snapshot, type TemporaryRoot } from './temporary-root.ts';
import { watchedFs } from './watched-fs.ts';

const bytes = (text: string) => new Uint8Array(Buffer.from(text));

/** Every method that takes a path, with the rest of its arguments. */
const methods: Readonly<Record<string, (files: RootedFiles, path: string) => Promise<unknown>>> = {
  stat: (files, where) => files.stat(where),
  read: (files, where) => files.read(where, 100),
  lookInto: (files, where) => files.lookInto(where, 100),
  replace: (files, where) => files.replace(where, bytes('new'), { mode: 0o644 }),
  readLink: (files, where) => files.readLink(where),
  replaceLink: (files, where) => files.replaceLink(where, bytes('target'), {}),
  makeDirectory: (files, where) => files.makeDirectory(where, { mode: 0o755 }),
  change: (files, where) => files.change(where, { mode: 0o600 }),
  removeFile: (files, where) => files.removeFile(where),
  removeDirectory: (files, where) => files.removeDirectory(where),
  sweep: (files, where) => files.sweep(where),
};

let place: TemporaryRoot;
let files: RootedFiles;
beforeEach(async () => {
  place = makeTemporaryRoot();
  files = await openFiles(place.root);
});
afterEach(async () => {
  await files.close();
  place.remove();
});

describe('a path that is none', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['/../outside/file', /^OUTSIDE_ROOT: \/\.\.\/outside\/file: must not contain "\.\."/],
    ['/a/../../outside/file', /^OUTSIDE_ROOT: /],
    ['/..', /^OUTSIDE_ROOT: /],
    ['../outside/file', /^OUTSIDE_ROOT: .*must be absolute/],
    ['etc/motd', /^OUTSIDE_ROOT: .*must be absolute/],
    ['', /^BAD_DESIRED_STATE: the path: must not be empty/],
    ['/', /^BAD_DESIRED_STATE: \/: must name something below/],
    ['/a\0/../b', /^BAD_DESIRED_STATE: .*control characters/],
    ['/a\nb', /^BAD_DESIRED_STATE: \/a b: must not contain control characters/],
    ['/a//b', /^BAD_DESIRED_STATE: /],
    ['/a/', /^BAD_DESIRED_STATE: /],
    ['/a/./b', /^BAD_DESIRED_STATE: /],
    ['/\ud800', /^BAD_DESIRED_STATE: /],
    [`/${'é'.repeat(128)}`, /^BAD_DESIRED_STATE: .*over 255 bytes/],
    [`/.gobs-tmp-${'0'.repeat(32)}`, /^BAD_DESIRED_STATE: .*begins with "\.gobs-tmp-"/],
  ];
  for (const [where, why] of refused) {
    it(`is refused by every method: ${JSON.stringify(where).slice(0, 40)}`, async () => {
      const before = [snapshot(place.root), snapshot(place.outside)];
      for (const [, method] of Object.entries(methods)) await expect(method(files, where)).rejects.toThrow(why);
      expect([snapshot(place.root), snapshot(place.outside)]).toEqual(before);
    });
  }
});

describe('a symlink on the way', () => {
  const links: Readonly<Record<string, (place: TemporaryRoot) => string>> = {
    'to a directory outside, absolute': ({ outside }) => outside,
    'to a directory outside, relative': () => '../../outside',
    'to a directory inside, absolute': ({ root }) => `${root}/real`,
    'to a directory inside, relative': () => '../real',
    'to a file': ({ outside }) => `${outside}/file`,
    'to the root of the host': () => '/',
    'to the directory of the process': () => '/proc/self/cwd',
    'that dangles': () => '/nowhere/at/all',
    'to itself': () => 'link',
    'to a link to itself': () => 'other',
  };
  for (const [name, target] of Object.entries(links)) {
    it(`is followed by no method: ${name}`, async () => {
      fs.mkdirSync(path.join(place.root, 'real'));
      fs.writeFileSync(path.join(place.root, 'real/file'), 'real\n');
      fs.mkdirSync(path.join(place.root, 'a'));
      fs.symlinkSync(target(place), path.join(place.root, 'a/link'));
      fs.symlinkSync('link', path.join(place.root, 'a/other'));
      const before = [snapshot(place.root), snapshot(place.outside)];
      for (const [, method] of Object.entries(methods)) {
        for (const where of ['/a/link/file', '/a/link/directory/file']) {
          await expect(method(files, where)).rejects.toThrow(/^OUTSIDE_ROOT: \/a\/link: it is a symlink \(to /);
        }
      }
      expect([snapshot(place.root), snapshot(place.outside)]).toEqual(before);
    });
  }
});

describe('a symlink at the end', () => {
  beforeEach(() => fs.symlinkSync('../outside/file', path.join(place.root, 'link')));

  it('is what stat is about', async () => {
    expect(await files.stat('/link')).toMatchObject({ type: 'symlink', links: 1 });
  });
  it('is read and replaced itself, byte for byte', async () => {
    expect(await files.readLink('/link')).toEqual(Buffer.from('../outside/file'));
    const before = snapshot(place.outside);
    const odd = Uint8Array.of(0xff, 0x2f, 0x2e, 0x2e);
    await files.replaceLink('/link', odd, {});
    expect(await files.readLink('/link')).toEqual(Buffer.from(odd));
    expect(snapshot(place.outside)).toEqual(before);
    expect(fs.readdirSync(place.root)).toEqual(['link']);
  });
  it.skipIf(!isRoot)('is given an owner, and what it points to is not (needs root)', async () => {
    const before = snapshot(place.outside);
    await files.replaceLink('/link', bytes('../outside/file'), { uid: 54_321, gid: 54_322 });
    expect(await files.stat('/link')).toMatchObject({ type: 'symlink', uid: 54_321, gid: 54_322 });
    await files.replaceLink('/new/link', bytes('../../outside/file'), { uid: 54_321 });
    expect(await files.stat('/new/link')).toMatchObject({ type: 'symlink', uid: 54_321, gid: 0, links: 1 });
    expect(snapshot(place.outside)).toEqual(before);
  });
  it('is not read through, and keeps its mode and owner', async () => {
    await expect(files.read('/link', 100)).rejects.toThrow(
      'CANNOT_LOOK: /link: it is a symlink, and only files are read',
    );
    await expect(files.change('/link', { mode: 0o777 })).rejects.toThrow('CANNOT_CHANGE: /link: it is a symlink');
  });
  it('is replaced or removed itself, and what it points to stays', async () => {
    const before = snapshot(place.outside);
    await files.replace('/link', bytes('new'), { mode: 0o600 });
    expect(await files.stat('/link')).toMatchObject({ type: 'file', size: 3, mode: 0o600 });
    fs.rmSync(path.join(place.root, 'link'));
    fs.symlinkSync('../outside/directory', path.join(place.root, 'link'));
    await expect(files.removeDirectory('/link')).rejects.toThrow(
      'CANNOT_CHANGE: /link: it, or a parent of it, is not a directory',
    );
    await files.removeFile('/link');
    expect(await files.stat('/link')).toBeUndefined();
    expect(snapshot(place.outside)).toEqual(before);
  });
});

describe('looking', () => {
  it('finds nothing where there is nothing, where a parent is missing, and below a file', async () => {
    fs.writeFileSync(path.join(place.root, 'f'), '');
    expect([await files.stat('/x'), await files.stat('/x/y/z'), await files.stat('/f/y')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
  it('reads to the limit and not beyond', async () => {
    fs.writeFileSync(path.join(place.root, 'f'), 'x'.repeat(200_000));
    expect((await files.read('/f', 200_000))?.length).toBe(200_000);
    expect(await files.read('/f', 199_999)).toBeUndefined();
  });
  it('stops at the limit in a file that grows while it is read', async () => {
    const grown = path.join(place.root, 'f');
    fs.writeFileSync(grown, 'x');
    let reads = 0;
    const growing = watchedFs(({ name }) => {
      if (name !== 'handle.read') return;
      reads += 1;
      fs.appendFileSync(grown, 'x'.repeat(70_000));
    });
    const other = await openFiles(place.root, { fs: growing });
    expect(await other.read('/f', 150_000)).toBeUndefined();
    expect(reads).toBeGreaterThan(2);
    await other.close();
  });
  it('does not wait for a fifo', async () => {
    execFileSync('mkfifo', [path.join(place.root, 'fifo')]);
    expect(await files.stat('/fifo')).toMatchObject({ type: 'fifo' });
    await expect(files.read('/fifo', 10)).rejects.toThrow('CANNOT_LOOK: /fifo: it is a fifo, and only files are read');
  });
});

describe('changing', () => {
  it('does not put a file in the place of a directory, nor make a directory where something is', async () => {
    fs.mkdirSync(path.join(place.root, 'd'));
    const before = snapshot(path.join(place.root, 'd'));
    await expect(files.replace('/d', bytes('x'), { mode: 0o644 })).rejects.toThrow(
      /^CANNOT_CHANGE: \/d: it is a directory\nhint: /,
    );
    await expect(files.makeDirectory('/d', { mode: 0o700 })).rejects.toThrow(
      'CANNOT_CHANGE: /d: something was put there meanwhile',
    );
    await expect(files.removeFile('/d')).rejects.toThrow('CANNOT_CHANGE: /d: it is a directory');
    expect(snapshot(path.join(place.root, 'd'))).toEqual(before);
    expect(fs.readdirSync(place.root)).toEqual(['d']);
  });
  it('puts a symlink in the place of nothing but a symlink, also if something else is put there meanwhile', async () => {
    const entry = path.join(place.root, 'd/link');
    const things: Readonly<Record<string, () => void>> = {
      file: () => fs.writeFileSync(entry, 'kept'),
      directory: () => fs.mkdirSync(entry),
      fifo: () => execFileSync('mkfifo', [entry]),
    };
    for (const [name, put] of Object.entries(things)) {
      // Before the look, and after the look that found nothing.
      for (const moment of ['symlink', 'link']) {
        fs.rmSync(path.join(place.root, 'd'), { recursive: true, force: true });
        fs.mkdirSync(path.join(place.root, 'd'));
        const racing = await openFiles(place.root, { fs: watchedFs((call) => call.name === moment && put()) });
        await expect(racing.replaceLink('/d/link', bytes('x'), {}), `${name} before ${moment}`).rejects.toThrow(
          moment === 'symlink'
            ? `CANNOT_CHANGE: /d/link: it is a ${name}, and stays one`
            : 'CANNOT_CHANGE: /d/link: something was put there meanwhile',
        );
        await racing.close();
        expect(await files.stat('/d/link')).toMatchObject({
          type: name,
          size: name === 'file' ? 4 : expect.anything(),
        });
        expect(fs.readdirSync(path.join(place.root, 'd'))).toEqual(['link']);
      }
    }
    await expect(files.readLink('/d/link')).rejects.toThrow('CANNOT_LOOK: /d/link: it is not a symlink');
  });
  it.skipIf(!isRoot)('gives nothing away that somebody put in the place of the new symlink (needs root)', async () => {
    fs.writeFileSync(path.join(place.root, 'theirs'), '');
    const racing = await openFiles(place.root, {
      fs: watchedFs(({ name, args }) => {
        if (name !== 'open' || !String(args[0]).includes('.gobs-tmp-')) return;
        fs.unlinkSync(String(args[0]));
        fs.linkSync(path.join(place.root, 'theirs'), String(args[0]));
      }),
    });
    await expect(racing.replaceLink('/link', bytes('x'), { uid: 54_321 })).rejects.toThrow(
      'CANNOT_CHANGE: /link: it changed while it was made',
    );
    await racing.close();
    expect(await files.stat('/theirs')).toMatchObject({ uid: 0, links: 1 });
    expect(fs.readdirSync(place.root)).toEqual(['theirs']);
  });
  it('says so if there is nothing to change', async () => {
    await expect(files.change('/x', { mode: 0o644 })).rejects.toThrow('CANNOT_CHANGE: /x: it is not there (any more)');
  });
  it('removes nothing twice', async () => {
    await files.removeFile('/x/y');
    await files.removeDirectory('/x');
    expect(fs.readdirSync(place.root)).toEqual([]);
  });
  it('syncs the content before it has the name, and the name after', async () => {
    const calls: string[] = [];
    const other = await openFiles(place.root, { fs: watchedFs(({ name }) => calls.push(name)) });
    calls.length = 0;
    await other.replace('/f', bytes('x'), { mode: 0o644 });
    await other.close();
    const order = ['handle.writeFile', 'handle.chmod', 'handle.sync', 'rename', 'handle.sync'];
    expect(calls.filter((name) => order.includes(name))).toEqual(order);
  });
  it.skipIf(!isRoot)(
    'on a full disk leaves the old file, and nothing half-written (needs root, to mount a small one)',
    async () => {
      fs.mkdirSync(path.join(place.root, 'small'));
      const small = path.join(place.root, 'small');
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small]);
      try {
        await files.replace('/small/f', bytes('old'), { mode: 0o644 });
        const content = bytes('x'.repeat(200_000));
        await expect(files.replace('/small/f', content, { mode: 0o644 })).rejects.toThrow(
          'CANNOT_CHANGE: /small/f: no space is left',
        );
        expect(fs.readdirSync(small)).toEqual(['f']);
        expect(fs.readFileSync(path.join(small, 'f'), 'utf8')).toBe('old');
      } finally {
        execFileSync('umount', [small]);
      }
    },
  );
});

describe('what a killed process left', () => {
  const leftover = `.gobs-tmp-${'0123456789abcdef'.repeat(2)}`;

  it('is swept once per directory, and nothing else is', async () => {
    const kept = [`${leftover}0`, `x${leftover}`, '.gobs-tmp-', 'f'];
    for (const name of [leftover, ...kept]) fs.writeFileSync(path.join(place.root, name), 'x');
    await files.sweep('/f');
    expect(fs.readdirSync(place.root).toSorted()).toEqual(kept.toSorted());
    fs.writeFileSync(path.join(place.root, leftover), 'x');
    await files.sweep('/other');
    expect(fs.readdirSync(place.root)).toContain(leftover);
    const next = await openFiles(place.root);
    await next.sweep('/other');
    await next.close();
    expect(fs.readdirSync(place.root).toSorted()).toEqual(kept.toSorted());
  });
  it('is not confused with what is being written now', async () => {
    let sweep: Promise<void> | undefined;
    let where = '';
    const busy = await openFiles(place.root, {
      fs: watchedFs(({ name }) => {
        if (name === 'handle.chmod') sweep = busy.sweep(where);
      }),
    });
    // Each round in a directory that was not swept before. The sweep goes on beside the write, and the file must be there.
    for (let round = 0; round < 20; round += 1) {
      where = `/${round}/f`;
      await busy.replace(where, bytes('x'), { mode: 0o644 });
      await sweep;
      expect(fs.readdirSync(path.join(place.root, `${round}`))).toEqual(['f']);
    }
    await busy.close();
  });
});

describe('the root', () => {
  it('may be the root of the host', async () => {
    const host = await openFiles('/');
    await host.replace(`${place.root}/a/f`, bytes('x'), { mode: 0o640 });
    expect(await files.stat('/a/f')).toMatchObject({ type: 'file', mode: 0o640 });
    await expect(host.stat('/proc/self/status')).rejects.toThrow('OUTSIDE_ROOT: /proc/self: it is a symlink');
    await host.close();
  });
  it('stays the same directory when it is renamed and a symlink takes its place', async () => {
    const moved = `${place.root}-moved`;
    fs.renameSync(place.root, moved);
    fs.symlinkSync(place.outside, place.root);
    const before = snapshot(place.outside);
    await files.replace('/f', bytes('x'), { mode: 0o644 });
    expect(snapshot(place.outside)).toEqual(before);
    expect(fs.readdirSync(moved)).toEqual(['f']);
    fs.unlinkSync(place.root);
    fs.renameSync(moved, place.root);
  });
  it('must be a directory that is there', async () => {
    await expect(openFiles(`${place.outside}/file`)).rejects.toThrow(
      /^CANNOT_LOOK: .*outside\/file: .*not a directory/,
    );
    await expect(openFiles(`${place.outside}/nothing`)).rejects.toThrow(/^CANNOT_LOOK: .*nothing: it is not there/);
  });
  it('cannot be used without /proc', async () => {
    const noProc = {
      ...fs,
      promises: { ...fs.promises, stat: async () => Promise.reject(new Error('no /proc')) },
    } as typeof fs;
    await expect(openFiles(place.root, { fs: noProc })).rejects.toThrow(
      /^CANNOT_LOOK: .*\/proc\/self\/fd does not work/,
    );
  });
  it('is closed after what is under way, and no descriptor is left open by anything', async () => {
    const handles: FileHandle[] = [];
    const other = await openFiles(place.root, {
      fs: watchedFs(
        () => {},
        (handle) => handles.push(handle),
      ),
    });
    const writing = other.replace('/a/b/f', bytes('x'), { mode: 0o644 });
    const failing = Promise.allSettled(
      Object.values(methods).flatMap((method) =>
        ['/c/d/e', '/../x', '/c/d', '/none'].map((where) => method(other, where)),
      ),
    );
    await other.close();
    await writing;
    await failing;
    expect(fs.readFileSync(path.join(place.root, 'a/b/f'), 'utf8')).toBe('x');
    // Held here, so that no collection closes them. A closed one has -1.
    expect(handles.length).toBeGreaterThan(20);
    expect(handles.filter(({ fd }) => fd !== -1)).toEqual([]);
    await other.close();
    for (const method of Object.values(methods)) {
      await expect(method(other, '/f')).rejects.toThrow(/^CANNOT_LOOK: \/f: the files below .* were closed/);
    }
  });
});
