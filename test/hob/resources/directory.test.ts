import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import { directoryType } from '../../../src/hob/resources/directory.ts';
import { describeResource } from '../../contracts/resource.ts';
import { makeTemporaryRoot, openHost } from '../temporary-root.ts';

const resource = { id: 'logs', type: 'directory', path: '/var/log/app', mode: '0750' } as const;
const at = (root: string) => path.join(root, 'var/log/app');
const arrangeParent = (root: string) => fs.mkdirSync(path.join(root, 'var/log'), { recursive: true });

describeResource('directory', {
  type: directoryType,
  cases: [
    {
      name: 'that is to be there',
      resource,
      changes: [{ what: 'type', from: 'absent', to: 'directory' }],
      drifts: [
        {
          name: 'its mode was changed',
          byHand: (root) => fs.chmodSync(at(root), 0o1777),
          changes: [{ what: 'mode', from: '1777', to: '0750' }],
        },
        {
          name: 'it was removed, with its parents',
          byHand: (root) => fs.rmSync(path.join(root, 'var'), { recursive: true }),
          changes: [{ what: 'type', from: 'absent', to: 'directory' }],
        },
        {
          name: 'a symlink to somewhere else took its place',
          byHand: (root) => {
            fs.rmdirSync(at(root));
            fs.symlinkSync('../../../../outside/directory', at(root));
          },
          changes: [{ what: 'type', from: 'symlink', to: 'directory' }],
        },
      ],
    },
    {
      name: 'that is there with what is in it',
      resource,
      arrange: (root) => {
        fs.mkdirSync(at(root), { recursive: true });
        fs.chmodSync(at(root), 0o700);
        fs.writeFileSync(path.join(at(root), 'today.log'), 'line\n');
      },
      changes: [{ what: 'mode', from: '0700', to: '0750' }],
    },
    {
      name: 'of which nothing is said',
      resource: { id: 'd', type: 'directory', path: '/d' },
      changes: [{ what: 'type', from: 'absent', to: 'directory' }],
    },
    {
      name: 'with sticky and setgid',
      resource: { id: 'd', type: 'directory', path: '/d', mode: '3777' },
      changes: [{ what: 'type', from: 'absent', to: 'directory' }],
    },
    {
      name: 'that is to be absent, and is empty',
      resource: { id: 'logs', type: 'directory', path: '/var/log/app', absent: true },
      arrange: (root) => fs.mkdirSync(at(root), { recursive: true }),
      changes: [{ what: 'type', from: 'directory', to: 'absent' }],
      drifts: [
        {
          name: 'a symlink was put there',
          byHand: (root) => fs.symlinkSync('/nowhere', at(root)),
          changes: [{ what: 'type', from: 'symlink', to: 'absent' }],
        },
      ],
    },
    {
      name: 'that is to be absent below a parent that is absent',
      resource: { id: 'logs', type: 'directory', path: '/var/log/app', absent: true },
      changes: [],
    },
    {
      name: 'that is to be absent below a file',
      resource: { id: 'logs', type: 'directory', path: '/var/log/app', absent: true },
      arrange: (root) => fs.writeFileSync(path.join(root, 'var'), 'a file'),
      changes: [],
    },
    {
      name: 'with an owner and a group',
      needsRoot: true,
      resource: { ...resource, owner: 'daemon:12' },
      changes: [{ what: 'type', from: 'absent', to: 'directory' }],
      drifts: [
        {
          name: 'it was given to somebody else',
          byHand: (root) => fs.chownSync(at(root), 0, 12),
          changes: [{ what: 'owner', from: 'root:12', to: 'daemon:12' }],
        },
      ],
    },
  ],
  failing: [
    {
      name: 'something is in a directory that is to be absent',
      resource: { id: 'logs', type: 'directory', path: '/var/log/app', absent: true },
      arrange: (root) => {
        fs.mkdirSync(at(root), { recursive: true });
        fs.writeFileSync(path.join(at(root), 'today.log'), 'line\n');
      },
      code: 'CANNOT_CHANGE',
      why: /^CANNOT_CHANGE: \/var\/log\/app: the directory is not empty\nhint: remove by hand/,
      onlyWhenApplied: true,
    },
    {
      name: 'a file is in its place',
      resource,
      arrange: (root) => {
        arrangeParent(root);
        fs.writeFileSync(at(root), 'a file');
      },
      code: 'CANNOT_CHANGE',
      why: /: \/var\/log\/app: it is a file, and stays one\nhint: remove it by hand/,
    },
    {
      name: 'a file is in the place of a parent',
      resource,
      arrange: (root) => fs.writeFileSync(path.join(root, 'var'), 'a file'),
      code: 'CANNOT_CHANGE',
      why: /: \/var: it is not a directory, and one is needed there/,
      onlyWhenApplied: true,
    },
    {
      name: 'a parent is a symlink',
      resource,
      arrange: (root, outside) => fs.symlinkSync(path.join(outside, 'directory'), path.join(root, 'var')),
      code: 'OUTSIDE_ROOT',
      why: /: \/var: it is a symlink \(to .*outside\/directory\)/,
    },
    {
      name: 'its user does not exist',
      resource: { ...resource, owner: 'nobody-has-this-name' },
      arrange: arrangeParent,
      code: 'CANNOT_CHANGE',
      why: /: \/var\/log\/app: this host has no user nobody-has-this-name/,
    },
  ],
});

describe('a directory that is made', () => {
  it('has mode 0755 if none is given, and so have its parents, whatever the umask', async () => {
    const { root, remove } = makeTemporaryRoot();
    const host = await openHost(root);
    const umask = process.umask(0o077);
    try {
      await directoryType.converge({ id: 'd', type: 'directory', path: '/a/b/c' }, host, true);
      const modes = ['a', 'a/b', 'a/b/c'].map((name) => (fs.statSync(path.join(root, name)).mode & 0o7777).toString(8));
      expect(modes).toEqual(['755', '755', '755']);
    } finally {
      process.umask(umask);
      await host.files.close();
      remove();
    }
  });
});
