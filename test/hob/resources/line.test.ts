import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Host } from '../../../src/hob/resources/contract.ts';
import { lineType } from '../../../src/hob/resources/line.ts';
import { describeResource } from '../../contracts/resource.ts';
import { hostForEach } from '../each-host.ts';
import { isRoot, type TemporaryRoot } from '../temporary-root.ts';

const plain = { id: 'l', type: 'line', path: '/etc/conf', line: 'root = no' } as const;
const byPrefix = { ...plain, prefix: 'root =' } as const;
const gone = { ...plain, absent: true } as const;
const at = (root: string) => path.join(root, 'etc/conf');
const put =
  (content: string | Uint8Array, mode = 0o644) =>
  (root: string) => {
    fs.mkdirSync(path.dirname(at(root)), { recursive: true });
    fs.writeFileSync(at(root), content);
    fs.chmodSync(at(root), mode);
  };
const change = (from: string, to: string) => [{ what: 'line', from, to }];

describeResource('line', {
  type: lineType,
  cases: [
    {
      name: 'that is not there',
      resource: plain,
      arrange: put('a\nb\n'),
      changes: change('absent', '"root = no"'),
      drifts: [
        { name: 'it was taken away', byHand: put('a\n'), changes: change('absent', '"root = no"') },
        { name: 'it was changed', byHand: put('a\nroot = nope\n'), changes: change('absent', '"root = no"') },
      ],
    },
    { name: 'that is there, among others', resource: plain, arrange: put('a\nroot = no\nroot = yes\n'), changes: [] },
    {
      name: 'by a prefix',
      resource: byPrefix,
      arrange: put('root = no\nroot = yes\nb\n'),
      changes: change('"root = yes"', '"root = no"'),
      drifts: [
        {
          name: 'its line was changed',
          byHand: put('root = maybe\nb\n'),
          changes: change('"root = maybe"', '"root = no"'),
        },
        {
          name: 'another came after it',
          byHand: put('root = no\nroot =\n'),
          changes: change('"root ="', '"root = no"'),
        },
        { name: 'the file was emptied', byHand: put(''), changes: change('absent', '"root = no"') },
      ],
    },
    {
      name: 'in a file that not everybody may read',
      resource: byPrefix,
      arrange: put('root = yes\n', 0o640),
      changes: change(
        expect.stringMatching(/^sha256:[0-9a-f]{12}… \(10 bytes\)$/) as string,
        expect.stringMatching(/^sha256:[0-9a-f]{12}… \(9 bytes\)$/) as string,
      ),
    },
    {
      name: 'that is to be absent',
      resource: gone,
      arrange: put('root = no\na\nroot = no'),
      changes: change('"root = no"', 'absent'),
      drifts: [{ name: 'it was put back', byHand: put('root = no\n'), changes: change('"root = no"', 'absent') }],
    },
    { name: 'that is to be absent from no file', resource: gone, changes: [] },
  ],
  failing: [
    {
      name: 'there is no file',
      resource: plain,
      arrange: () => {},
      code: 'CANNOT_CHANGE',
      why: /conf: there is no such file\nhint: make it/,
    },
    {
      name: 'a symlink is in its place',
      resource: plain,
      arrange: (root) => {
        fs.mkdirSync(path.join(root, 'etc'));
        fs.symlinkSync('../../outside/file', at(root));
      },
      code: 'CANNOT_CHANGE',
      why: /\/etc\/conf: it is a symlink, and no file/,
    },
    {
      name: 'a parent is a symlink',
      resource: plain,
      arrange: (root, outside) => fs.symlinkSync(outside, path.join(root, 'etc')),
      code: 'OUTSIDE_ROOT',
      why: /\/etc: it is a symlink/,
    },
    {
      name: 'it is no text',
      resource: plain,
      arrange: put(Uint8Array.of(0x61, 0xff)),
      code: 'CANNOT_CHANGE',
      why: /it is no text in UTF-8/,
    },
    {
      name: 'it has zeros',
      resource: plain,
      arrange: put('a\0\n'),
      code: 'CANNOT_CHANGE',
      why: /it is no text in UTF-8/,
    },
    {
      name: 'its lines end otherwise',
      resource: plain,
      arrange: put('a\r\n'),
      code: 'CANNOT_CHANGE',
      why: /carriage returns/,
    },
    {
      name: 'it is too large',
      resource: plain,
      arrange: put('a\n'.repeat(524_289)),
      code: 'CANNOT_CHANGE',
      why: /larger than 1048576 bytes/,
    },
    {
      name: 'it has another name too',
      resource: plain,
      arrange: (root, outside) => {
        fs.mkdirSync(path.join(root, 'etc'));
        fs.linkSync(path.join(outside, 'file'), at(root));
      },
      code: 'CANNOT_CHANGE',
      why: /it has 2 hard links/,
      onlyWhenApplied: true,
    },
  ],
});

describe('a line', () => {
  let place: TemporaryRoot;
  let host: Host;
  hostForEach((...made) => ([place, host] = made));

  it.each([
    ['at the end', plain, 'a\n\nb\n', 'a\n\nb\nroot = no\n'],
    ['at the end, where no line break is', plain, 'a', 'a\nroot = no'],
    ['in an empty file', plain, '', 'root = no\n'],
    ['after an empty line', plain, '\n', '\nroot = no\n'],
    ['in the place of the last one', byPrefix, 'root = 1\nroot = 2\n b', 'root = 1\nroot = no\n b'],
    ['behind what only holds the prefix', byPrefix, '#root = 1\n', '#root = 1\nroot = no\n'],
    ['nowhere: the last line goes', gone, 'a\nroot = no', 'a'],
    ['nowhere: the only line goes', gone, 'root = no\n', ''],
    [
      'nowhere: all of them go, and what resembles it stays',
      gone,
      'root = no\n root = no\nroot = no\nx\n',
      ' root = no\nx\n',
    ],
  ])('is put %s, and the rest stays byte for byte', async (_where, resource, before, after) => {
    put(before)(place.root);
    await lineType.converge(resource, host, true);
    expect(fs.readFileSync(at(place.root), 'utf8')).toBe(after);
  });

  it('leaves mode and owner as they are', async () => {
    put('a\n')(place.root);
    if (isRoot) fs.chownSync(at(place.root), 54_321, 54_322);
    fs.chmodSync(at(place.root), 0o1604);
    const { uid, gid, mode } = fs.statSync(at(place.root));
    await lineType.converge(plain, host, true);
    expect(fs.statSync(at(place.root))).toMatchObject({ uid, gid, mode });
  });
});
