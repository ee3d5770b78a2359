import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { symlinkType } from '../../../src/hob/resources/symlink.ts';
import { describeResource } from '../../contracts/resource.ts';
import { isRoot, makeTemporaryRoot, openHost } from '../temporary-root.ts';

const site = { id: 'site', type: 'symlink', path: '/etc/app/site', target: '../sites/one' } as const;
const gone = { id: 'site', type: 'symlink', path: '/etc/app/site', absent: true } as const;
const at = (root: string) => path.join(root, 'etc/app/site');
const put = (make: (entry: string) => void) => (root: string) => {
  fs.rmSync(at(root), { recursive: true, force: true });
  fs.mkdirSync(path.dirname(at(root)), { recursive: true });
  make(at(root));
};
const linkTo = (target: string) => put((entry) => fs.symlinkSync(target, entry));
const appears = [{ what: 'type', from: 'absent', to: 'symlink' }];
const target = (from: string, to: string) => [{ what: 'target', from: JSON.stringify(from), to: JSON.stringify(to) }];

const others: Readonly<Record<string, (entry: string) => void>> = {
  file: (entry) => fs.writeFileSync(entry, 'kept'),
  directory: (entry) => fs.mkdirSync(entry),
  fifo: (entry) => execFileSync('mkfifo', [entry]),
};

describeResource('symlink', {
  type: symlinkType,
  cases: [
    {
      name: 'where there is nothing',
      resource: site,
      changes: appears,
      drifts: [
        { name: 'it was removed', byHand: (root) => fs.rmSync(at(root)), changes: appears },
        {
          name: 'it was made to say something else',
          byHand: linkTo('../sites/two'),
          changes: target('../sites/two', '../sites/one'),
        },
        {
          name: 'it was made to lead out',
          byHand: linkTo('../../../outside/directory'),
          changes: target('../../../outside/directory', '../sites/one'),
        },
        { name: 'it was made to lead to itself', byHand: linkTo('site'), changes: target('site', '../sites/one') },
        {
          name: 'it was made to say what is no text',
          byHand: put((entry) => fs.symlinkSync(Buffer.from([0xff, 0xfe]), entry)),
          changes: target('\ufffd\ufffd', '../sites/one'),
        },
      ],
    },
    {
      name: 'that leads out of the root, as text',
      resource: { ...site, target: '../../../outside/file' },
      arrange: linkTo('../../../outside/directory'),
      changes: target('../../../outside/directory', '../../../outside/file'),
    },
    {
      name: 'whose target is spelled in another way',
      resource: { ...site, target: './../sites//one' },
      arrange: linkTo('../sites/one'),
      changes: target('../sites/one', './../sites//one'),
    },
    {
      name: 'that is as wanted, and leads to a directory',
      resource: { ...site, target: '.' },
      arrange: linkTo('.'),
      changes: [],
    },
    {
      name: 'that is to be absent',
      resource: gone,
      arrange: linkTo('../../../outside/file'),
      changes: [{ what: 'type', from: 'symlink', to: 'absent' }],
      drifts: [
        {
          name: 'one that dangles was put there',
          byHand: linkTo('/nowhere'),
          changes: [{ what: 'type', from: 'symlink', to: 'absent' }],
        },
      ],
    },
    { name: 'that is to be absent, below nothing', resource: gone, changes: [] },
    {
      name: 'with an owner',
      needsRoot: true,
      resource: { ...site, owner: 'daemon:54321' },
      arrange: linkTo('../sites/one'),
      changes: [{ what: 'owner', from: 'root:0', to: 'daemon:54321' }],
      drifts: [
        {
          name: 'it was made anew by root',
          byHand: linkTo('x'),
          changes: [...target('x', '../sites/one'), { what: 'owner', from: 'root:0', to: 'daemon:54321' }],
        },
      ],
    },
  ],
  failing: [
    ...Object.entries(others).flatMap(([type, make]) =>
      [site, gone].map((resource) => ({
        name: `a ${type} is ${resource === site ? 'in its place' : 'where it is to be absent'}`,
        resource,
        arrange: put(make),
        code: 'CANNOT_CHANGE' as const,
        why: RegExp(`: /etc/app/site: it is a ${type}, and stays one\nhint: move it out of the way`),
      })),
    ),
    {
      name: 'a parent is a symlink',
      resource: site,
      arrange: (root, outside) => {
        fs.mkdirSync(path.join(root, 'etc'));
        fs.symlinkSync(outside, path.join(root, 'etc/app'));
      },
      code: 'OUTSIDE_ROOT',
      why: /: \/etc\/app: it is a symlink/,
    },
    {
      name: 'its owner does not exist',
      resource: { ...site, owner: 'nobody-has-this-name' },
      arrange: linkTo('../sites/one'),
      code: 'CANNOT_CHANGE',
      why: /: \/etc\/app\/site: this host has no user nobody-has-this-name/,
    },
  ],
});

describe('a symlink', () => {
  let place: ReturnType<typeof makeTemporaryRoot>;
  beforeEach(() => {
    place = makeTemporaryRoot();
  });
  afterEach(() => place.remove());

  it.skipIf(!isRoot)('keeps the owner that the document does not name when it is replaced (needs root)', async () => {
    linkTo('old')(place.root);
    fs.lchownSync(at(place.root), 54_321, 54_322);
    const host = await openHost(place.root);
    await symlinkType.converge(site, host, true);
    await host.files.close();
    expect(fs.lstatSync(at(place.root))).toMatchObject({ uid: 54_321, gid: 54_322 });
    expect(fs.readlinkSync(at(place.root))).toBe('../sites/one');
  });
});
