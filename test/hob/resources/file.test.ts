import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Host } from '../../../src/hob/resources/contract.ts';
import { fileType } from '../../../src/hob/resources/file.ts';
import type { Resource } from '../../../src/protocol/shapes.ts';
import { describeResource } from '../../contracts/resource.ts';
import { hostForEach } from '../each-host.ts';
import { isRoot, snapshot, type TemporaryRoot } from '../temporary-root.ts';

const motd = { id: 'motd', type: 'file', path: '/etc/motd', content: 'hello\n', mode: '0644' } as const;
const at = (root: string) => path.join(root, 'etc/motd');
const arrange = (content: string, mode: number) => (root: string) => {
  fs.mkdirSync(path.join(root, 'etc'), { recursive: true });
  fs.writeFileSync(at(root), content);
  fs.chmodSync(at(root), mode);
};
const replaceBy = (make: (entry: string) => void) => (root: string) => {
  fs.rmSync(at(root), { force: true });
  fs.mkdirSync(path.join(root, 'etc'), { recursive: true });
  make(at(root));
};
const short = (content: string | Uint8Array) =>
  `sha256:${createHash('sha256').update(content).digest('hex').slice(0, 12)}… (${Buffer.byteLength(content)} bytes)`;
const becomesFile = (from: string) => [{ what: 'type', from, to: 'file' }];
const content = (from: string, to: string) => [{ what: 'content', from, to }];

describeResource('file', {
  type: fileType,
  cases: [
    {
      name: 'with content and mode',
      resource: motd,
      changes: becomesFile('absent'),
      drifts: [
        {
          name: 'its content was changed',
          byHand: (root) => fs.writeFileSync(at(root), 'hallo\n'),
          changes: content('"hallo\\n"', '"hello\\n"'),
        },
        {
          name: 'its content was changed to as many lines as would not fit one',
          byHand: (root) => fs.writeFileSync(at(root), 'one\ntwo\n'),
          changes: content(short('one\ntwo\n'), '"hello\\n"'),
        },
        {
          name: 'its content was changed to what a terminal would obey',
          byHand: (root) => fs.writeFileSync(at(root), '\x1b[2Jgone\n'),
          changes: content(short('\x1b[2Jgone\n'), '"hello\\n"'),
        },
        {
          name: 'its content was changed to what would read backwards',
          byHand: (root) => fs.writeFileSync(at(root), 'a\u202eb\n'),
          changes: content(short('a\u202eb\n'), '"hello\\n"'),
        },
        {
          name: 'its content is not text any more',
          byHand: (root) => fs.writeFileSync(at(root), new Uint8Array([0xff, 0x41])),
          changes: content(short(new Uint8Array([0xff, 0x41])), '"hello\\n"'),
        },
        {
          name: 'it was emptied',
          byHand: (root) => fs.truncateSync(at(root)),
          changes: content('""', '"hello\\n"'),
        },
        {
          name: 'it grew to more than fits in memory',
          byHand: (root) => fs.truncateSync(at(root), 100 * 2 ** 30),
          changes: content('(107374182400 bytes)', '"hello\\n"'),
        },
        {
          name: 'its mode was changed',
          byHand: (root) => fs.chmodSync(at(root), 0o4600),
          changes: [{ what: 'mode', from: '4600', to: '0644' }],
        },
        {
          name: 'content and mode were changed, so that not everybody may read it',
          byHand: (root) => {
            fs.writeFileSync(at(root), 'secret\n');
            fs.chmodSync(at(root), 0o600);
          },
          changes: [
            { what: 'content', from: short('secret\n'), to: short('hello\n') },
            { what: 'mode', from: '0600', to: '0644' },
          ],
        },
        {
          name: 'it was removed, with its parent',
          byHand: (root) => fs.rmSync(path.join(root, 'etc'), { recursive: true }),
          changes: becomesFile('absent'),
        },
        {
          name: 'a symlink took its place',
          byHand: replaceBy((entry) => fs.symlinkSync('../../outside/file', entry)),
          changes: becomesFile('symlink'),
        },
        {
          name: 'a symlink to itself took its place',
          byHand: replaceBy((entry) => fs.symlinkSync('motd', entry)),
          changes: becomesFile('symlink'),
        },
        {
          name: 'a fifo that nobody writes to took its place',
          byHand: replaceBy((entry) => execFileSync('mkfifo', [entry])),
          changes: becomesFile('fifo'),
        },
      ],
    },
    {
      name: 'that is there with other content and mode',
      resource: motd,
      arrange: arrange('old\n', 0o600),
      changes: [
        { what: 'content', from: short('old\n'), to: short('hello\n') },
        { what: 'mode', from: '0600', to: '0644' },
      ],
    },
    { name: 'that is there as wanted', resource: motd, arrange: arrange('hello\n', 0o644), changes: [] },
    {
      name: 'without a mode',
      resource: { id: 'motd', type: 'file', path: '/etc/motd', content: 'hello\n' },
      arrange: arrange('old\n', 0o1604),
      changes: content('"old\\n"', '"hello\\n"'),
    },
    {
      name: 'that is to be empty',
      resource: { ...motd, content: '' },
      arrange: arrange('old\n', 0o644),
      changes: content('"old\\n"', '""'),
    },
    {
      name: 'with text in every alphabet, and no line break at the end',
      resource: { ...motd, content: 'grüße 你好 👋' },
      changes: becomesFile('absent'),
    },
    {
      name: 'as long as it may be',
      resource: { ...motd, content: '語'.repeat(1_000_000) },
      changes: becomesFile('absent'),
      drifts: [
        {
          name: 'its last byte was changed',
          byHand: (root) => fs.truncateSync(at(root), 2_999_999),
          changes: [
            {
              what: 'content',
              from: expect.stringMatching(/^sha256:[0-9a-f]{12}… \(2999999 bytes\)$/) as string,
              to: short('語'.repeat(1_000_000)),
            },
          ],
        },
      ],
    },
    {
      name: 'without content, that is there',
      resource: { id: 'motd', type: 'file', path: '/etc/motd', mode: '0640' },
      arrange: arrange('anything', 0o600),
      changes: [{ what: 'mode', from: '0600', to: '0640' }],
    },
    {
      name: 'without content, that is not there',
      resource: { id: 'motd', type: 'file', path: '/etc/motd', mode: '0640' },
      changes: becomesFile('absent'),
    },
    {
      name: 'that is to be absent',
      resource: { id: 'motd', type: 'file', path: '/etc/motd', absent: true },
      arrange: arrange('old\n', 0o444),
      changes: [{ what: 'type', from: 'file', to: 'absent' }],
      drifts: [
        {
          name: 'a dangling symlink was put there',
          byHand: (root) => fs.symlinkSync('/nowhere', at(root)),
          changes: [{ what: 'type', from: 'symlink', to: 'absent' }],
        },
      ],
    },
    {
      name: 'that is to be absent, below nothing',
      resource: { id: 'motd', type: 'file', path: '/etc/motd', absent: true },
      changes: [],
    },
    {
      name: 'with an owner',
      needsRoot: true,
      resource: { ...motd, owner: 'daemon' },
      arrange: arrange('hello\n', 0o644),
      changes: [{ what: 'owner', from: 'root', to: 'daemon' }],
      drifts: [
        {
          name: 'it was given to a user without a name',
          byHand: (root) => fs.chownSync(at(root), 54_321, 54_321),
          changes: [{ what: 'owner', from: '54321', to: 'daemon' }],
        },
        {
          name: 'it was made anew by root',
          byHand: replaceBy((entry) => fs.writeFileSync(entry, 'other\n', { mode: 0o644 })),
          changes: [...content('"other\\n"', '"hello\\n"'), { what: 'owner', from: 'root', to: 'daemon' }],
        },
      ],
    },
    {
      name: 'with an owner and a group by number, and a mode that a new owner takes away',
      needsRoot: true,
      resource: { ...motd, mode: '6755', owner: '54321:54322' },
      arrange: arrange('hello\n', 0o6755),
      changes: [{ what: 'owner', from: '0:0', to: '54321:54322' }],
    },
  ],
  failing: [
    {
      name: 'a directory is in its place',
      resource: motd,
      arrange: (root) => fs.mkdirSync(at(root), { recursive: true }),
      code: 'CANNOT_CHANGE',
      why: /: \/etc\/motd: it is a directory, and stays one\nhint: remove it by hand/,
    },
    {
      name: 'a directory is where a file is to be absent',
      resource: { id: 'motd', type: 'file', path: '/etc/motd', absent: true },
      arrange: (root) => fs.mkdirSync(at(root), { recursive: true }),
      code: 'CANNOT_CHANGE',
      why: /: \/etc\/motd: it is a directory, and stays one/,
    },
    {
      name: 'a symlink is in the place of a file whose content is not given',
      resource: { id: 'motd', type: 'file', path: '/etc/motd', mode: '0600' },
      arrange: replaceBy((entry) => fs.symlinkSync('../../outside/file', entry)),
      code: 'CANNOT_CHANGE',
      why: /: \/etc\/motd: it is a symlink, and stays one\nhint: give the content/,
    },
    {
      name: 'a parent is a symlink',
      resource: motd,
      arrange: (root, outside) => fs.symlinkSync(outside, path.join(root, 'etc')),
      code: 'OUTSIDE_ROOT',
      why: /: \/etc: it is a symlink \(to .*outside\), and none is followed on the way\nhint: name the path/,
    },
    {
      name: 'its group does not exist',
      resource: { ...motd, owner: '0:nobody-has-this-name' },
      arrange: arrange('hello\n', 0o644),
      code: 'CANNOT_CHANGE',
      why: /: \/etc\/motd: this host has no group nobody-has-this-name/,
    },
    {
      name: 'its mode is to change, and it has a name outside the root too',
      resource: { id: 'motd', type: 'file', path: '/etc/motd', mode: '0600' },
      arrange: (root, outside) => replaceBy((entry) => fs.linkSync(path.join(outside, 'file'), entry))(root),
      code: 'CANNOT_CHANGE',
      why: /: \/etc\/motd: it has 2 hard links, and would change under each name/,
      onlyWhenApplied: true,
    },
  ],
});

describe('a file', () => {
  let place: TemporaryRoot;
  let host: Host;
  hostForEach((...made) => ([place, host] = made));
  const apply = (resource: Resource) => fileType.converge(resource, host, true);
  const mode = (entry: string) => (fs.statSync(entry).mode & 0o7777).toString(8);

  it('is 0644 below parents with 0755 if nothing else is said, whatever the umask', async () => {
    const umask = process.umask(0o077);
    try {
      await apply({ id: 'f', type: 'file', path: '/a/b/f', content: 'x' });
    } finally {
      process.umask(umask);
    }
    expect(['a', 'a/b', 'a/b/f'].map((name) => mode(path.join(place.root, name)))).toEqual(['755', '755', '644']);
  });

  it('keeps the mode and owner that the document does not name when its content is replaced', async () => {
    arrange('old\n', 0o4711)(place.root);
    if (isRoot) fs.chownSync(at(place.root), 54_321, 54_322);
    fs.chmodSync(at(place.root), 0o4711);
    const { uid, gid } = fs.statSync(at(place.root));
    await apply({ id: 'motd', type: 'file', path: '/etc/motd', content: 'new\n' });
    expect(mode(at(place.root))).toBe('4711');
    expect(fs.statSync(at(place.root))).toMatchObject({ uid, gid });
  });

  it.skipIf(!isRoot)('loses setuid under a new owner, as it would by chown (needs root)', async () => {
    arrange('old\n', 0o4755)(place.root);
    await apply({ id: 'motd', type: 'file', path: '/etc/motd', content: 'new\n', owner: '54321' });
    expect(mode(at(place.root))).toBe('755');
  });

  it('with a name outside the root too gets a file of its own, and the other name keeps what it has', async () => {
    const outside = path.join(place.outside, 'file');
    fs.chmodSync(outside, 0o644);
    for (const resource of [motd, { ...motd, content: 'outside\n', mode: '0600' }]) {
      replaceBy((entry) => fs.linkSync(outside, entry))(place.root);
      expect(await apply(resource)).toHaveLength(1);
      expect(fs.readFileSync(outside, 'utf8')).toBe('outside\n');
      expect(mode(outside)).toBe('644');
      expect(fs.statSync(outside).nlink).toBe(1);
      expect(fs.readFileSync(at(place.root), 'utf8')).toBe(resource.content);
    }
  });

  it.skipIf(!isRoot)('does not take the place of a device, and does not open it (needs root)', async () => {
    fs.mkdirSync(path.join(place.root, 'etc'));
    // No driver has this number, so that opening it would be another error.
    execFileSync('mknod', [at(place.root), 'c', '4000', '1']);
    const before = snapshot(place.root);
    await expect(apply(motd)).rejects.toThrow('CANNOT_CHANGE: /etc/motd: it is a character device, and stays one');
    await expect(host.files.read('/etc/motd', 10)).rejects.toThrow('it is a character device, and only files are read');
    expect(snapshot(place.root)).toEqual(before);
  });
});
