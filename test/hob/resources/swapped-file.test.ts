/** A local user puts another file in the place between two looks of a hob. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { authorizedKeyType } from '../../../src/hob/resources/authorized-key.ts';
import type { Host } from '../../../src/hob/resources/contract.ts';
import { fileType } from '../../../src/hob/resources/file.ts';
import { lineType } from '../../../src/hob/resources/line.ts';
import { hostForEach } from '../each-host.ts';
import { isRoot, type TemporaryRoot } from '../temporary-root.ts';

const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBdzJGm6nVQqY4o5v7m8Z0Qf3o2M1w9xYt8uV7sRq6Pp c';
const own = '/home/ada/.ssh/authorized_keys';
const user = 65_534;

describe.skipIf(!isRoot)('a file that a user puts in the place of another meanwhile', () => {
  let place: TemporaryRoot;
  let host: Host;
  hostForEach((...made) => ([place, host] = made));
  const at = (where: string) => path.join(place.root, where);

  beforeEach(() => {
    fs.mkdirSync(at('etc'));
    fs.writeFileSync(at('etc/passwd'), `ada:x:${user}:${user}::/home/ada:/bin/sh\n`);
    fs.mkdirSync(at('home/ada/.ssh'), { recursive: true });
    fs.writeFileSync(at(own), '# mine\n');
    for (const name of ['home/ada', 'home/ada/.ssh', own]) fs.chownSync(at(name), user, user);
    fs.writeFileSync(at('home/ada/root-only'), 'TOP SECRET\n', { mode: 0o600 });
  });

  /** The user is as fast as can be: it happens right after a look at the file, before it is read. */
  const swapping = (): Host => {
    const { files } = host;
    const stat: typeof files.stat = async (where) => {
      const found = await files.stat(where);
      if (where === own) fs.renameSync(at('home/ada/root-only'), at(own));
      return found;
    };
    return { ...host, commands: {} as NonNullable<Host['commands']>, files: { ...files, stat } };
  };
  const readableBy = (): boolean => {
    const { uid, mode } = fs.statSync(at(own));
    return uid === user || (mode & 0o004) !== 0;
  };

  it('gets no key, and is not given to the user', async () => {
    const resource = { id: 'k', type: 'authorized-key', user: 'ada', key };
    await expect(authorizedKeyType.converge(resource, swapping(), true)).rejects.toThrow(
      /authorized_keys: it belongs to user 0, and not to ada/,
    );
    expect([readableBy(), fs.readFileSync(at(own), 'utf8')]).toEqual([false, 'TOP SECRET\n']);
  });

  it('keeps its own mode and owner when it gets a line', async () => {
    await lineType.converge({ id: 'l', type: 'line', path: own, line: 'x' }, swapping(), true);
    expect([readableBy(), fs.readFileSync(at(own), 'utf8')]).toEqual([false, 'TOP SECRET\nx\n']);
  });

  it('is not quoted in a report', async () => {
    const changes = await fileType.converge({ id: 'f', type: 'file', path: own, content: 'x\n' }, swapping(), false);
    expect(JSON.stringify(changes)).not.toContain('TOP SECRET');
  });
});
