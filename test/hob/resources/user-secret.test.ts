import * as fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Commands } from '../../../src/hob/commands.ts';
import type { Host } from '../../../src/hob/resources/contract.ts';
import { userType } from '../../../src/hob/resources/user.ts';
import { findResourceProblems } from '../../../src/protocol/resources/resource-problems.ts';
import { hostForEach } from '../each-host.ts';
import type { TemporaryRoot } from '../temporary-root.ts';

const hash = '$6$salt$abcdefghijklmnop';
const ada = { id: 'ada', type: 'user', name: 'ada', 'password-hash': { secret: 'ada' } };

describe('a user whose hash is a secret', () => {
  let place: TemporaryRoot;
  let host: Host;
  hostForEach((...made) => ([place, host] = made));

  /** A host with her, which notes commands instead of running them. */
  const hostWith = (secret: string, ran: unknown[]): Host => {
    fs.mkdirSync(`${place.root}/etc`);
    fs.writeFileSync(`${place.root}/etc/passwd`, 'ada:x:1000:1000::/home/ada:/bin/sh\n');
    fs.writeFileSync(`${place.root}/etc/group`, 'ada:x:1000:\n');
    fs.writeFileSync(`${place.root}/etc/shadow`, 'ada:*:19000:0:99999:7:::\n');
    const run: Commands['run'] = async (command, { input } = {}) => {
      ran.push([command, input]);
      return { code: 0, stdout: '', stderr: '', cut: false };
    };
    return { ...host, commands: { run }, secretOf: () => secret };
  };

  it('gets it on standard input, and it is in no change', async () => {
    expect(findResourceProblems([ada])).toEqual([]);
    const ran: unknown[] = [];
    const changes = await userType.converge(ada, hostWith(`${hash}\n`, ran), true);
    expect(changes).toEqual([{ what: 'password-hash', from: 'another', to: 'as the document says' }]);
    expect(ran).toEqual([[['chpasswd', '-e'], `ada:${hash}\n`]]);
  });

  it('is left alone where the secret is no hash, which is not repeated', async () => {
    const ran: unknown[] = [];
    await expect(userType.converge(ada, hostWith('hunter2', ran), true)).rejects.toThrow(
      /^CANNOT_CHANGE: ada: the secret ada is no hash as crypt\(5\) has them/,
    );
    expect(ran).toEqual([]);
  });
});
