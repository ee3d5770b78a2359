/** Users and groups on a real Debian. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeHostResource } from '../../contracts/host-resource.ts';
import { describeHosts } from '../../support/hosts/describe-hosts.ts';
import { openHostLab, type HostLab } from '../../support/hosts/lab.ts';
import { goInside, type InsideHost } from '../../support/inside/inside-host.ts';

const user = (name: string, more: object = {}) => ({ id: name, type: 'user', name, ...more });
const group = (name: string, more: object = {}) => ({ id: name, type: 'group', name, ...more });
const change = (what: string, from: string, to: string) => ({ what, from, to });
const made = [change('state', 'absent', 'present')];
const removed = [change('state', 'present', 'absent')];

const hash = '$6$saltsalt$vbV6Tr4hsS4D9pXvl4lVyNpIIGqpHmKHz0v9zj1R1cVzXH7x4S0sQ0k5vKp1pX9QxJ5XH1mUXn7oR0k0xS7Bv1';
const otherHash = `${hash.slice(0, -1)}2`;
const shadow = (name: string) => `getent shadow ${name} | cut -d : -f 2,8`;

describeHosts('users and groups', () => {
  let lab: HostLab;
  let host: InsideHost;
  beforeAll(async () => {
    lab = await openHostLab();
    const [first] = await lab.startSshHosts(1, { node: true });
    host = await goInside(first!);
    await host.sh('groupadd -g 3000 crew; groupadd -g 3001 deck; groupadd -g 3002 bridge');
  });
  afterAll(() => lab.close());

  describeHostResource('group', () => host, {
    cases: [
      {
        name: 'with a number',
        resource: group('ships', { gid: 2001 }),
        changes: made,
        drifts: [
          { name: 'it was deleted', byHand: 'groupdel ships', changes: made },
          { name: 'it got another number', byHand: 'groupmod -g 2002 ships', changes: [change('gid', '2002', '2001')] },
        ],
        result: ['getent group ships', 'ships:x:2001:\n'],
      },
      {
        name: 'of the system',
        resource: group('engines', { system: true }),
        changes: made,
        result: ['test $(getent group engines | cut -d : -f 3) -lt 1000 && echo low', 'low\n'],
      },
      {
        name: 'that has members already',
        resource: group('sailors'),
        arrange: 'groupadd -g 2005 sailors; gpasswd -a root sailors >/dev/null',
        changes: [],
        result: ['getent group sailors', 'sailors:x:2005:root\n'],
      },
      {
        name: 'absent',
        resource: group('pirates', { absent: true }),
        arrange: 'groupadd pirates',
        changes: removed,
        drifts: [{ name: 'it came back', byHand: 'groupadd pirates', changes: removed }],
      },
    ],
    failing: [
      {
        name: 'another has its number',
        resource: group('twin', { gid: 0 }),
        code: 'CANNOT_CHANGE',
        why: /twin: groupadd: .*GID '0' already exists/,
        onlyWhenApplied: true,
      },
      {
        name: 'it is a user’s own, and to be absent',
        resource: group('daemon', { absent: true }),
        code: 'CANNOT_CHANGE',
        why: /daemon: groupdel: .*cannot remove the primary group of user 'daemon'/,
        onlyWhenApplied: true,
      },
    ],
  });

  const ada = {
    uid: 1815,
    group: 'crew',
    groups: ['bridge', 'deck'],
    home: '/home/lovelace',
    shell: '/bin/bash',
    comment: 'Ada Lovelace',
    'password-hash': hash,
    locked: false,
  };
  describeHostResource('user', () => host, {
    cases: [
      {
        name: 'with a name only',
        resource: user('plain'),
        changes: made,
        drifts: [{ name: 'it was deleted', byHand: 'userdel plain', changes: made }],
        result: ['stat -c "%U %G" /home/plain; getent shadow plain | cut -d : -f 2', 'plain plain\n!\n'],
      },
      {
        name: 'with all there is to say',
        resource: user('ada', ada),
        changes: made,
        drifts: [
          { name: 'its number', byHand: 'usermod -u 1816 ada', changes: [change('uid', '1816', '1815')] },
          {
            name: 'its group',
            byHand: 'usermod -g deck ada; usermod -G bridge,deck ada',
            changes: [change('group', 'deck', 'crew')],
          },
          {
            name: 'a group that it lost',
            byHand: 'gpasswd -d ada deck >/dev/null',
            changes: [change('groups', 'bridge', 'bridge,deck')],
          },
          {
            name: 'a group that it won',
            byHand: 'gpasswd -a ada sudo >/dev/null',
            changes: [change('groups', 'bridge,deck,sudo', 'bridge,deck')],
          },
          { name: 'its home', byHand: 'usermod -d /tmp ada', changes: [change('home', '/tmp', '/home/lovelace')] },
          {
            name: 'its home is gone',
            byHand: 'rm -r /home/lovelace',
            changes: [change('home directory', 'absent', '/home/lovelace')],
          },
          { name: 'its shell', byHand: 'usermod -s /bin/sh ada', changes: [change('shell', '/bin/sh', '/bin/bash')] },
          {
            name: 'its comment',
            byHand: 'usermod -c Byron ada',
            changes: [change('comment', 'Byron', 'Ada Lovelace')],
          },
          {
            name: 'its password',
            byHand: `usermod -p '${otherHash}' ada`,
            changes: [change('password-hash', 'another', 'as the document says')],
          },
          {
            name: 'a lock on its password',
            byHand: 'usermod -L ada',
            changes: [change('locked', 'partly locked', 'not locked')],
          },
          {
            name: 'a lock on its account',
            byHand: 'usermod -L -e 1 ada',
            changes: [change('locked', 'locked', 'not locked')],
          },
          {
            name: 'several things at once',
            byHand: 'usermod -L -s /bin/sh -G "" ada',
            changes: [
              change('groups', 'none', 'bridge,deck'),
              change('shell', '/bin/sh', '/bin/bash'),
              change('locked', 'partly locked', 'not locked'),
            ],
          },
        ],
        result: [
          'getent passwd ada; id -nG ada; stat -c "%U %G" /home/lovelace; getent shadow ada | cut -d : -f 2,8',
          `ada:x:1815:3000:Ada Lovelace:/home/lovelace:/bin/bash\ncrew deck bridge\nada crew\n${hash}:\n`,
        ],
      },
      {
        name: 'locked, with a password',
        resource: user('out', { locked: true, 'password-hash': hash }),
        changes: made,
        drifts: [
          {
            name: 'it was unlocked',
            byHand: 'usermod -U -e "" out',
            changes: [change('locked', 'not locked', 'locked')],
          },
          {
            name: 'its password is another',
            byHand: `usermod -p '${otherHash}' out`,
            changes: [
              change('password-hash', 'another', 'as the document says'),
              change('locked', 'partly locked', 'locked'),
            ],
          },
        ],
        result: [shadow('out'), `!${hash}:1\n`],
      },
      {
        name: 'not locked, and without a password',
        resource: user('keys', { locked: false }),
        changes: made,
        drifts: [
          {
            name: 'it was locked',
            byHand: 'usermod -L -e 1 keys',
            changes: [change('locked', 'locked', 'not locked')],
          },
        ],
        result: [shadow('keys'), '!:\n'],
      },
      {
        name: 'with a password, that somebody locked',
        resource: user('held', { 'password-hash': hash }),
        arrange: `useradd -m held; usermod -p '!${otherHash}' held`,
        changes: [change('password-hash', 'another', 'as the document says')],
        result: [shadow('held'), `!${hash}:\n`],
      },
      {
        name: 'of the system',
        resource: user('engine', { system: true, home: '/var/lib/engine', shell: '/usr/sbin/nologin' }),
        changes: made,
        result: [
          'test $(id -u engine) -lt 1000 && ls -d /var/lib/engine 2>&1 || true',
          "ls: cannot access '/var/lib/engine': No such file or directory\n",
        ],
      },
      {
        name: 'whose name is that of a group that there is',
        resource: user('deck', { groups: [] }),
        changes: made,
        result: ['id -gn deck', 'deck\n'],
      },
      {
        name: 'absent',
        resource: user('leaving', { absent: true }),
        arrange: 'useradd -m leaving; echo mine > /home/leaving/diary',
        changes: removed,
        drifts: [{ name: 'it came back', byHand: 'useradd leaving', changes: removed }],
        result: ['cat /home/leaving/diary', 'mine\n'],
      },
    ],
    failing: [
      {
        name: 'there is no such group',
        resource: user('lost', { groups: ['nowhere'] }),
        code: 'CANNOT_CHANGE',
        why: /lost: useradd: .*group 'nowhere' does not exist/,
        onlyWhenApplied: true,
      },
      {
        name: 'another has its number',
        resource: user('twin', { uid: 0 }),
        code: 'CANNOT_CHANGE',
        why: /twin: useradd: .*UID 0 is not unique/,
        onlyWhenApplied: true,
      },
    ],
  });

  it('that was made by a hob that was killed gets its password and its lock in the next round', async () => {
    const wanted = user('halfway', { 'password-hash': hash, locked: true });
    await host.applyAndDie(wanted, 'chpasswd');
    expect(await host.sh(shadow('halfway'))).toBe('!:\n');
    expect(await host.check(wanted)).toEqual({
      changes: [change('password-hash', 'another', 'as the document says'), change('locked', 'not locked', 'locked')],
    });
    await host.apply(wanted);
    expect(await host.sh(shadow('halfway'))).toBe(`!${hash}:1\n`);
  });

  it('has a password that is a secret of the boss, if it is a hash', async () => {
    const sealed = user('sealed', { 'password-hash': { secret: 'login' } });
    const apply = async (secrets: Readonly<Record<string, string>>, mode = true) =>
      (await host.converge({ resources: [sealed], apply: mode, secrets }))[0]![0];
    const refused = {
      error: expect.stringMatching(/sealed: the secret login is no hash.*\nhint: give what `mkpasswd/) as string,
    };
    const answers = [await apply({ login: 'hunter2' }, false), await apply({ login: 'hunter2' })];
    expect(answers).toEqual([refused, refused]);
    expect(JSON.stringify(answers)).not.toContain('hunter2');
    expect(await apply({})).toEqual({ error: expect.stringMatching(/^CANNOT_LOOK: /) as string });
    expect(await apply({ login: `${hash}\n` })).toEqual({ changes: made });
    expect(await apply({ login: hash })).toEqual({ changes: [] });
    expect(await host.sh(shadow('sealed'))).toBe(`${hash}:\n`);
  });

  it('never has its password on a command line or in a report', async () => {
    await host.sh(
      'mv /usr/sbin/chpasswd /usr/sbin/chpasswd.real; printf \'#!/bin/sh\\ncat /proc/[0-9]*/cmdline | tr "\\\\0" " " > /run/seen; exec /usr/sbin/chpasswd.real "$@"\\n\' > /usr/sbin/chpasswd; chmod 755 /usr/sbin/chpasswd',
    );
    const wanted = user('secretive', { 'password-hash': hash });
    const answers = await host.converge(
      { resources: [wanted], apply: true },
      { resources: [{ ...wanted, 'password-hash': otherHash }], apply: true },
    );
    const seen = await host.sh('cat /run/seen; mv /usr/sbin/chpasswd.real /usr/sbin/chpasswd');
    expect(seen).toContain('chpasswd -e');
    expect(seen + JSON.stringify(answers)).not.toContain('saltsalt');
    expect(await host.sh(shadow('secretive'))).toBe(`${otherHash}:\n`);
  });
});
