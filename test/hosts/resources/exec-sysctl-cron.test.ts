/** What runs commands, settings of the kernel, jobs of cron and validated files, on a real Debian. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeHostResource } from '../../contracts/host-resource.ts';
import { describeHosts } from '../../support/hosts/describe-hosts.ts';
import { openHostLab, type HostLab } from '../../support/hosts/lab.ts';
import { goInside, type InsideHost } from '../../support/inside/inside-host.ts';

const exec = (id: string, more: object) => ({ id, type: 'exec', ...more });
const sh = (script: string) => ['sh', '-c', script];
const sysctl = (key: string, more: object) => ({ id: key, type: 'sysctl', key, ...more });
const cron = (name: string, more: object) => ({ id: name, type: 'cron', name, ...more });
const created = (path: string) => [{ what: 'creates', from: 'absent', to: path }];
const unless = (code: number) => [{ what: 'unless', from: `ended with ${code}`, to: 'ended with 0' }];
const ttl = (from: string, to = '77') => ({ what: 'value', from, to });
const atBoot = (from: string, to = '77') => ({ what: 'at boot', from, to });
const becomesFile = [{ what: 'type', from: 'absent', to: 'file' }];
const nightly = { schedule: '30 3 * * mon-fri', user: 'daemon', command: 'date +%F >> "/tmp/a b"' };

describeHosts('what a hob runs', () => {
  let lab: HostLab;
  let host: InsideHost;
  beforeAll(async () => {
    lab = await openHostLab();
    const [made] = await lab.startSshHosts(1, { node: true });
    host = await goInside(made!);
  });
  afterAll(() => lab.close());

  describeHostResource('exec', () => host, {
    cases: [
      {
        name: 'until there is what it creates',
        resource: exec('make', { command: sh('echo made >> /srv/made'), creates: '/srv/made' }),
        changes: created('/srv/made'),
        drifts: [{ name: 'it was removed', byHand: 'rm /srv/made', changes: created('/srv/made') }],
        result: ['cat /srv/made', 'made\n'],
      },
      {
        name: 'unless a command says no',
        resource: exec('set', { command: sh('echo 2 > /srv/level'), unless: sh('grep -qx 2 /srv/level || exit 4') }),
        changes: unless(4),
        drifts: [{ name: 'it was set back', byHand: 'echo 1 > /srv/level', changes: unless(4) }],
        result: ['cat /srv/level', '2\n'],
      },
      {
        name: 'as a user, in a directory, with an environment of its own',
        arrange: 'mkdir -p /srv/own && chown games: /srv/own',
        resource: exec('own', {
          command: sh('{ id -un; id -gn; id -Gn; pwd; echo "$HOME $USER $WORD $PPID_OF_HOB"; } > out'),
          creates: '/srv/own/out',
          user: 'games',
          cwd: '/srv/own',
          environment: { WORD: 'a b', NUMBER: 7 },
        }),
        changes: created('/srv/own/out'),
        result: [
          'cd /srv/own; cat out; stat -c %U out',
          'games\ngames\ngames\n/srv/own\n/usr/games games a b \ngames\n',
        ],
      },
      {
        name: 'only when it is told',
        resource: exec('told', { command: sh('echo told >> /srv/told'), 'only-notified': true }),
        changes: [],
        result: ['test ! -e /srv/told', ''],
      },
    ],
    failing: [
      {
        name: 'nothing says whether it is due',
        resource: exec('blind', { command: ['true'] }),
        code: 'CANNOT_LOOK',
        why: /blind: true: nothing says whether it is due, so it is not run/,
      },
      {
        name: 'the command that says so is not there',
        resource: exec('gone', { command: ['true'], unless: ['no-such-program'] }),
        code: 'CANNOT_LOOK',
        why: /gone: true: unless: no-such-program: there is no program no-such-program/,
      },
      {
        name: 'it fails, and says a lot',
        resource: exec('fails', { command: sh('seq 5000; echo no room >&2; exit 3'), creates: '/srv/never' }),
        code: 'CANNOT_CHANGE',
        why: /^CANNOT_CHANGE: fails: sh: sh: no room$/,
        onlyWhenApplied: true,
      },
      {
        name: 'it ends well, and did not do it',
        resource: exec('idle', { command: ['true'], creates: '/srv/never' }),
        code: 'CANNOT_CHANGE',
        why: /idle: true: it ended without an error, and is due as before: creates absent/,
        onlyWhenApplied: true,
      },
      {
        name: 'it takes longer than it may',
        resource: exec('slow', { command: ['sleep', '600'], creates: '/srv/never', deadline: 1 }),
        code: 'CANNOT_CHANGE',
        why: /slow: sleep: sleep: it did not end within 1 s/,
        onlyWhenApplied: true,
      },
      {
        name: 'there is no such user',
        resource: exec('nobody', { command: ['true'], creates: '/srv/never', user: 'ada' }),
        code: 'CANNOT_CHANGE',
        why: /this host has no user ada/,
      },
      {
        name: 'there is no such directory',
        resource: exec('nowhere', { command: ['true'], creates: '/srv/never', cwd: '/srv/nowhere' }),
        code: 'CANNOT_CHANGE',
        why: /\/srv\/nowhere: there is no such directory/,
      },
    ],
  });

  it('an exec that is told runs once more, due or not', async () => {
    const told = exec('bell', { command: sh('echo rung >> /srv/bell'), 'only-notified': true });
    expect(await host.apply(told, true)).toEqual({ changes: [] });
    const made = exec('made', { command: sh('echo rung >> /srv/bell'), creates: '/srv/bell' });
    expect(await host.apply(made, true)).toEqual({ changes: [] });
    expect(await host.sh('cat /srv/bell')).toBe('rung\nrung\n');
  });

  describeHostResource('sysctl', () => host, {
    cases: [
      {
        name: 'now and after the next boot',
        resource: sysctl('net.ipv4.ip_default_ttl', { value: 77 }),
        changes: [ttl('64'), atBoot('absent')],
        drifts: [
          {
            name: 'it was set back',
            byHand: 'sysctl -qw net.ipv4.ip_default_ttl=64',
            changes: [ttl('64')],
          },
          {
            name: 'its file was edited',
            byHand: "sed -i 's/77/78/' /etc/sysctl.d/60-gobs-net.ipv4.ip_default_ttl.conf",
            changes: [atBoot('78')],
          },
          {
            name: 'its file was closed',
            byHand: 'chmod 600 /etc/sysctl.d/60-gobs-net.ipv4.ip_default_ttl.conf',
            changes: [atBoot('something else')],
          },
          {
            name: 'its file was removed',
            byHand: 'rm /etc/sysctl.d/60-gobs-net.ipv4.ip_default_ttl.conf',
            changes: [atBoot('absent')],
          },
        ],
        result: [
          'sysctl -n net.ipv4.ip_default_ttl; sysctl -w net.ipv4.ip_default_ttl=1 >/dev/null; sysctl -q --system 2>/dev/null; sysctl -n net.ipv4.ip_default_ttl',
          '77\n77\n',
        ],
      },
      {
        name: 'of several words',
        resource: sysctl('net.ipv4.ping_group_range', { value: '0 7' }),
        changes: [ttl('1 0', '0 7'), atBoot('absent', '0 7')],
      },
      {
        name: 'with a dot in a name',
        arrange: 'ip link add lo.7 type veth peer name other7',
        resource: sysctl('net.ipv4.conf.lo/7.rp_filter', { value: 2 }),
        changes: [ttl('0', '2'), atBoot('absent', '2')],
        result: ['cat /proc/sys/net/ipv4/conf/lo.7/rp_filter', '2\n'],
      },
      {
        name: 'absent',
        arrange: 'echo x > /etc/sysctl.d/60-gobs-net.ipv4.ip_forward.conf',
        resource: sysctl('net.ipv4.ip_forward', { absent: true }),
        changes: [{ what: 'type', from: 'file', to: 'absent' }],
      },
    ],
    failing: [
      {
        name: 'there is no such setting',
        resource: sysctl('net.ipv4.no_such', { value: 1 }),
        code: 'CANNOT_CHANGE',
        why: /net\.ipv4\.no_such: this kernel has no such setting/,
      },
      {
        name: 'it cannot be read',
        resource: sysctl('net.ipv4.route.flush', { value: 1 }),
        code: 'CANNOT_LOOK',
        why: /it can be set, and not read/,
      },
    ],
  });

  it('a sysctl that the kernel does not take says so', async () => {
    const answer = await host.apply(sysctl('net.ipv4.tcp_syncookies', { value: 'many' }));
    expect(answer).toEqual({
      error: expect.stringMatching(/^CANNOT_CHANGE: net\.ipv4\.tcp_syncookies: tee: .*Invalid argument/) as string,
    });
  });

  describeHostResource('cron', () => host, {
    cases: [
      {
        name: 'a job',
        resource: cron('nightly', nightly),
        changes: becomesFile,
        drifts: [
          {
            name: 'another time',
            byHand: "sed -i 's/^30 3/31 3/' /etc/cron.d/nightly",
            changes: [{ what: 'schedule', from: '31 3 * * mon-fri', to: '30 3 * * mon-fri' }],
          },
          {
            name: 'another user, and open to a group',
            byHand: "sed -i 's/daemon/root/' /etc/cron.d/nightly; chmod 664 /etc/cron.d/nightly",
            changes: [
              { what: 'user', from: 'root', to: 'daemon' },
              { what: 'mode', from: '0664', to: '0644' },
            ],
          },
          {
            name: 'another command',
            byHand: "sed -i 's/+/-u +/' /etc/cron.d/nightly",
            changes: [{ what: 'command', from: 'date -u +%F >> "/tmp/a b"', to: 'date +%F >> "/tmp/a b"' }],
          },
          {
            name: 'what is no job of ours',
            byHand: 'echo "# nothing" > /etc/cron.d/nightly',
            changes: [
              {
                what: 'content',
                from: '"# nothing\\n"',
                to: expect.stringMatching(/^sha256:[0-9a-f]{12}… \(\d+ bytes\)$/) as string,
              },
            ],
          },
          { name: 'it was removed', byHand: 'rm /etc/cron.d/nightly', changes: becomesFile },
        ],
        result: [
          'cat /etc/cron.d/nightly; stat -c "%U:%G %a" /etc/cron.d/nightly',
          '# Kept by gobs.\n30 3 * * mon-fri daemon date +\\%F >> "/tmp/a b"\nroot:root 644\n',
        ],
      },
      {
        name: 'with an environment',
        resource: cron('mailing', { schedule: '@daily', command: 'true', environment: { MAILTO: 'a@b', LANG: 'C' } }),
        changes: becomesFile,
        drifts: [
          {
            name: 'to somebody else',
            byHand: "sed -i 's/a@b/c@d/' /etc/cron.d/mailing",
            changes: [{ what: 'environment', from: 'LANG="C"\nMAILTO="c@d"', to: 'LANG="C"\nMAILTO="a@b"' }],
          },
        ],
        result: ['cat /etc/cron.d/mailing', '# Kept by gobs.\nLANG="C"\nMAILTO="a@b"\n@daily root true\n'],
      },
      {
        name: 'absent',
        arrange: 'echo "# x" > /etc/cron.d/going',
        resource: cron('going', { absent: true }),
        changes: [{ what: 'type', from: 'file', to: 'absent' }],
      },
    ],
    failing: [
      {
        name: 'there is no such user',
        resource: cron('whose', { ...nightly, user: 'ada' }),
        code: 'CANNOT_CHANGE',
        why: /this host has no user ada/,
      },
    ],
  });

  it('the command of a job does what it was written to do', async () => {
    const job = cron('minutely', { schedule: '* * * * *', user: 'daemon', command: 'date +%F > /tmp/ran' });
    expect(await host.apply(job)).toEqual({ changes: becomesFile });
    // Nobody waits a minute for cron: this is what it makes of the line.
    const line = await host.sh("tail -n 1 /etc/cron.d/minutely | cut -d ' ' -f 7- | sed 's/\\\\%/%/g'");
    await host.sh(`setpriv --reuid=daemon --regid=daemon --clear-groups sh -c '${line.trim()}'`);
    expect(await host.sh('stat -c %U /tmp/ran; cat /tmp/ran')).toMatch(/^daemon\n\d{4}-\d\d-\d\d\n$/);
  });

  describeHostResource('file', () => host, {
    cases: [
      {
        name: 'that sudo reads, validated by visudo',
        resource: {
          id: 'sudoers',
          type: 'file',
          path: '/etc/sudoers.d/ops',
          content: '%ops ALL=(ALL) NOPASSWD: ALL\n',
          mode: '0440',
          owner: 'root:root',
          validate: ['visudo', '-cf', '{file}'],
        },
        changes: becomesFile,
        drifts: [
          {
            name: 'it was edited',
            byHand: 'echo nonsense > /etc/sudoers.d/ops',
            changes: [
              {
                what: 'content',
                from: expect.stringMatching(/^sha256:/) as string,
                to: expect.stringMatching(/^sha256:/) as string,
              },
            ],
          },
        ],
        result: ['visudo -cf /etc/sudoers.d/ops', '/etc/sudoers.d/ops: parsed OK\n'],
      },
    ],
  });

  it('a file that visudo does not take stays as it was', async () => {
    const sudoers = {
      id: 's',
      type: 'file',
      path: '/etc/sudoers.d/broken',
      mode: '0444',
      validate: ['visudo', '-cf', '{file}'],
    };
    await host.apply({ ...sudoers, content: '# none\n' });
    const before = await host.sh('stat -c "%i %Y" /etc/sudoers.d/broken');
    expect(await host.apply({ ...sudoers, content: 'nonsense\n' })).toEqual({
      error: expect.stringMatching(
        /^VALIDATION_FAILED: \/etc\/sudoers\.d\/broken: not replaced, .*visudo: .*\{file\}:1:/,
      ) as string,
    });
    expect(await host.sh('stat -c "%i %Y" /etc/sudoers.d/broken; ls -A /etc/sudoers.d | grep gobs || true')).toBe(
      before,
    );
  });
});
