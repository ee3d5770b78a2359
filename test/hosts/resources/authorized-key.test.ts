/** Keys of users on a real Debian, some of whom are hostile. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeHostResource } from '../../contracts/host-resource.ts';
import { describeHosts } from '../../support/hosts/describe-hosts.ts';
import { openHostLab, type HostLab } from '../../support/hosts/lab.ts';
import { goInside, type InsideHost } from '../../support/inside/inside-host.ts';

const blob = 'AAAAC3NzaC1lZDI1NTE5AAAAIKq2V4n0Yy3Q6cB0qkSgJt8o2m2mJk3s0H1rX9f4r7uZ';
const key = `ssh-ed25519 ${blob} ada@laptop`;
const other = `ssh-ed25519 ${blob.replace('IKq2', 'IKq3')} bob@laptop`;
const known = expect.stringMatching(/^ssh-ed25519 SHA256:[A-Za-z0-9+/]{43}$/) as string;
const keyOf = (user: string, more: object = {}) => ({ id: user, type: 'authorized-key', user, key, ...more });
const change = (what: string, from: string, to: string) => ({ what, from, to });
const added = [change('key', 'absent', known)];
const file = (user: string) => `/home/${user}/.ssh/authorized_keys`;
/** Of a user who has files already. */
const arrange = (user: string, content: string): string =>
  `useradd -m ${user}; mkdir -m 700 /home/${user}/.ssh; printf '${content}' > ${file(user)}; chmod 600 ${file(user)}; chown -R ${user}: /home/${user}/.ssh`;

describeHosts('keys of users', () => {
  let lab: HostLab;
  let host: InsideHost;
  beforeAll(async () => {
    lab = await openHostLab();
    const [first] = await lab.startSshHosts(1, { node: true });
    host = await goInside(first!);
  });
  afterAll(() => lab.close());

  describeHostResource('authorized-key', () => host, {
    cases: [
      {
        name: 'of a user who has none',
        resource: keyOf('ada'),
        arrange: 'useradd -m ada',
        changes: added,
        drifts: [
          { name: 'it was taken out', byHand: `: > ${file('ada')}`, changes: added },
          { name: 'the file is gone', byHand: `rm ${file('ada')}`, changes: added },
          { name: 'all is gone', byHand: 'rm -r /home/ada/.ssh', changes: added },
          {
            name: 'others may write to it',
            byHand: `chmod 666 ${file('ada')}; chmod 770 /home/ada/.ssh`,
            changes: [
              change('mode of /home/ada/.ssh', '0770', '0700'),
              change(`mode of ${file('ada')}`, '0666', '0600'),
            ],
          },
          {
            name: 'somebody gave it options',
            byHand: `sed -i 's/^/restrict,command="echo \\\\"hi there\\\\"" /' ${file('ada')}`,
            changes: [change('options', 'restrict,command="echo \\"hi there\\""', 'none')],
          },
          {
            name: 'it is there twice',
            byHand: `echo 'no-pty ssh-ed25519 ${blob}' >> ${file('ada')}`,
            changes: [change('lines of the key', '2', '1')],
          },
        ],
        result: [
          `cat ${file('ada')}; stat -c '%U %G %a' /home/ada/.ssh ${file('ada')}`,
          `${key}\nada ada 700\nada ada 600\n`,
        ],
      },
      {
        name: 'among others',
        resource: keyOf('bob', { options: 'from="10.0.0.0/8",no-pty' }),
        arrange: arrange('bob', `# mine\\n\\n${other}\\nssh-rsa nonsense`),
        changes: added,
        drifts: [
          {
            name: 'its options were taken away',
            byHand: `sed -i 's/^from=[^ ]* //' ${file('bob')}`,
            changes: [change('options', 'none', 'from="10.0.0.0/8",no-pty')],
          },
        ],
        result: [`cat ${file('bob')}`, `# mine\n\n${other}\nssh-rsa nonsense\nfrom="10.0.0.0/8",no-pty ${key}\n`],
      },
      {
        name: 'with another comment',
        resource: keyOf('cyd'),
        arrange: arrange('cyd', `ssh-ed25519   ${blob}   something else\\n`),
        changes: [],
      },
      {
        name: 'that is to be absent',
        resource: keyOf('dan', { absent: true }),
        arrange: arrange('dan', `${key}\\n${other}\\ncommand="x y" ${key}\\n`),
        changes: [change('key', known, 'absent')],
        drifts: [
          {
            name: 'it came back',
            byHand: `echo '${key}' >> ${file('dan')}`,
            changes: [change('key', known, 'absent')],
          },
        ],
        result: [`cat ${file('dan')}`, `${other}\n`],
      },
      { name: 'that is to be absent from nobody', resource: keyOf('nobody-at-all', { absent: true }), changes: [] },
      {
        name: 'of root',
        resource: keyOf('root', { key: other }),
        changes: added,
        result: ['grep -c . /root/.ssh/authorized_keys', '2\n'],
      },
    ],
    failing: [
      {
        name: 'there is no such user',
        resource: keyOf('nobody-at-all'),
        code: 'CANNOT_CHANGE',
        why: /nobody-at-all: this host has no such user\nhint: make the user/,
      },
      {
        name: 'the user has no home',
        resource: keyOf('www-data'),
        arrange: 'usermod -d /nonexistent www-data',
        code: 'CANNOT_CHANGE',
        why: /www-data: its home \/nonexistent is not there/,
      },
      {
        name: 'the file is a symlink',
        resource: keyOf('eve'),
        arrange: `useradd -m eve; mkdir /home/eve/.ssh; ln -s /etc/shadow ${file('eve')}; chown -Rh eve: /home/eve`,
        code: 'CANNOT_CHANGE',
        why: /authorized_keys: it is a symlink, and no file/,
      },
      {
        name: 'the directory is a symlink',
        resource: keyOf('fay'),
        arrange: 'useradd -m fay; mkdir /etc/theirs; ln -s /etc/theirs /home/fay/.ssh; chown -h fay: /home/fay/.ssh',
        code: 'CANNOT_CHANGE',
        why: /\/home\/fay\/\.ssh: it is a symlink, and no directory/,
      },
      {
        name: 'the home is a symlink',
        resource: keyOf('gus'),
        arrange: 'useradd -m gus; mv /home/gus /home/gus-real; ln -s gus-real /home/gus',
        code: 'OUTSIDE_ROOT',
        why: /\/home\/gus: it is a symlink/,
      },
      {
        name: 'the file is a name of another',
        resource: keyOf('hal'),
        arrange: `useradd -m hal; mkdir /home/hal/.ssh; echo secret > /home/hal/x; ln /home/hal/x ${file('hal')}; chown -R hal: /home/hal`,
        code: 'CANNOT_CHANGE',
        why: /authorized_keys: it has 2 hard links/,
      },
      {
        name: 'the file belongs to somebody else',
        resource: keyOf('ian'),
        arrange: `useradd -m ian; mkdir /home/ian/.ssh; chown ian: /home/ian/.ssh; echo secret > ${file('ian')}`,
        code: 'CANNOT_CHANGE',
        why: /authorized_keys: it belongs to user 0, and not to ian/,
      },
      {
        name: 'the directory belongs to somebody else',
        resource: keyOf('jim'),
        arrange: 'useradd -m jim; mkdir /home/jim/.ssh',
        code: 'CANNOT_CHANGE',
        why: /\/home\/jim\/\.ssh: it belongs to user 0, and not to jim/,
      },
      {
        name: 'a pipe is in its place',
        resource: keyOf('kay'),
        arrange: `useradd -m kay; mkdir /home/kay/.ssh; mkfifo ${file('kay')}; chown -R kay: /home/kay`,
        code: 'CANNOT_CHANGE',
        why: /authorized_keys: it is a fifo, and no file/,
      },
    ],
  });

  it('let in whoever has the key, and with it nobody else', async () => {
    await host.sh(
      'useradd -m -s /bin/sh len; ssh-keygen -q -t ed25519 -N "" -f /root/len; ssh-keygen -q -t ed25519 -N "" -f /root/stranger',
    );
    const own = (await host.sh('cat /root/len.pub')).trim();
    const login = (identity: string) =>
      host.sh(
        `ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -i /root/${identity} len@127.0.0.1 id -un 2>/dev/null || echo refused`,
      );
    expect(await login('len')).toBe('refused\n');
    expect(await host.apply(keyOf('len', { key: own, options: 'no-pty' }))).toEqual({
      changes: [
        change(
          'key',
          'absent',
          (
            await host.sh("ssh-keygen -lf /root/len.pub | sed 's/^[0-9]* \\(SHA256:[^ ]*\\).*/ssh-ed25519 \\1/'")
          ).trim(),
        ),
      ],
    });
    expect(await login('len')).toBe('len\n');
    expect(await login('stranger')).toBe('refused\n');
  });
});
