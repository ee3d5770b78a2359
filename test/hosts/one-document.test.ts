/**
 * One document, two hosts under systemd, one of which serves a page with nginx. Applied once it is so, applied again nothing is touched, and what is
 * changed by hand is found, and corrected or only reported. Issue 4, done when 1.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { E } from '@endo/far';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ResourceReport } from '../../src/protocol/shapes.ts';
import type { ServingBoss } from '../support/e2e/gobs.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';
import { describeHosts } from '../support/hosts/describe-hosts.ts';
import { openHostLab, type BootedHost, type HostLab } from '../support/hosts/lab.ts';
import { fleetOf, startLabBoss, writeFleet } from '../support/hosts/lab-fleet.ts';
import { debianPackages } from '../support/hosts/packages/debian-packages.ts';
import { openPackageRepository, type PackageRepository } from '../support/hosts/packages/package-repository.ts';
import { servicePackage } from '../support/hosts/packages/small-package.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const after = (...ids: readonly string[]) => ({ after: ids });

const configuration = (port: number) => `user www-data;
pid /run/nginx.pid;
error_log /var/log/nginx/error.log;
events {}
http {
  server { listen ${port}; root /srv/site; access_log off; }
}
`;
const webResources = (text: string, port: number) => [
  { id: 'nginx', type: 'package', name: 'nginx' },
  { id: 'root', type: 'directory', path: '/srv/site', mode: '0755' },
  {
    ...{ id: 'page', type: 'file', path: '/srv/site/index.html', ...after('root') },
    ...{ template: '{{ text }} on {{ facts.hostname }}\n', data: { text } },
  },
  {
    ...{ id: 'configuration', type: 'file', path: '/etc/nginx/nginx.conf', content: configuration(port) },
    ...{ validate: ['nginx', '-t', '-c', '{file}'], notify: ['web'], ...after('nginx') },
  },
  { id: 'web', type: 'service', name: 'nginx', enabled: true, running: true, 'on-notify': 'reload', ...after('page') },
];

// A key that nobody has.
const adasKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGckq4AvBML5L3XDyZIz9mWz3iRiqvMuK+EzlLBztjwy ada';
const unit =
  '[Unit]\nDescription=ticks\n[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n';
const otherResources = [
  { id: 'beacon', type: 'package', name: 'beacon', version: '1.0' },
  { id: 'beacon-runs', type: 'service', name: 'beacon', enabled: true, running: true, ...after('beacon') },
  { id: 'tick-unit', type: 'unit', name: 'tick.service', content: unit },
  { id: 'tick-runs', type: 'service', name: 'tick', running: true, ...after('tick-unit') },
  { id: 'ops', type: 'group', name: 'ops', gid: 2000 },
  {
    id: 'ada',
    type: 'user',
    name: 'ada',
    uid: 2001,
    groups: ['ops'],
    shell: '/bin/bash',
    home: '/home/ada',
    ...after('ops'),
  },
  { id: 'ada-key', type: 'authorized-key', user: 'ada', key: adasKey, ...after('ada') },
  { id: 'name', type: 'hostname', name: 'other' },
  { id: 'motd', type: 'file', path: '/etc/motd', content: 'welcome\n', mode: '0644' },
  { id: 'app', type: 'directory', path: '/srv/app', mode: '0750' },
  { id: 'latest', type: 'symlink', path: '/srv/latest', target: 'app' },
  { id: 'banner', type: 'line', path: '/etc/issue', line: 'kept by gobs' },
  { id: 'redirects', type: 'sysctl', key: 'net.ipv4.conf.all.accept_redirects', value: 0 },
  { id: 'nightly', type: 'cron', name: 'nightly', schedule: '0 3 * * *', command: '/bin/true' },
  { id: 'marker', type: 'exec', command: ['touch', '/var/marker'], creates: '/var/marker' },
];

/** What somebody does by hand to the second host: with what resource, and what is found of it. */
const drifts: readonly { readonly id: string; readonly byHand: string; readonly changes: readonly object[] }[] = [
  {
    ...{ id: 'beacon', byHand: 'apt-get -qq install -y beacon=2.0 >/dev/null 2>&1' },
    changes: [{ what: 'version', from: '2.0', to: '1.0' }],
  },
  {
    ...{ id: 'beacon-runs', byHand: 'systemctl -q disable --now beacon' },
    changes: [
      { what: 'enabled', from: 'disabled', to: 'enabled' },
      { what: 'running', from: 'inactive', to: 'active' },
    ],
  },
  { id: 'tick-runs', byHand: 'systemctl stop tick', changes: [{ what: 'running', from: 'inactive', to: 'active' }] },
  {
    ...{ id: 'ada', byHand: 'usermod -s /bin/sh -G games ada' },
    changes: [
      { what: 'groups', from: 'games', to: 'ops' },
      { what: 'shell', from: '/bin/sh', to: '/bin/bash' },
    ],
  },
  {
    id: 'ada-key',
    byHand: ': > /home/ada/.ssh/authorized_keys',
    changes: [{ what: 'key', from: 'absent', to: 'ssh-ed25519 SHA256:u/nCEKuthF84wPdp1adcviVvKUtxyHCxUelbJOLtehA' }],
  },
  { id: 'name', byHand: 'hostname elsewhere', changes: [{ what: 'now', from: 'elsewhere', to: 'other' }] },
  {
    id: 'lab',
    byHand: 'rm /etc/apt/sources.list.d/lab.sources',
    changes: [{ what: 'type', from: 'absent', to: 'file' }],
  },
  { id: 'ops', byHand: 'groupmod -g 2999 ops', changes: [{ what: 'gid', from: '2999', to: '2000' }] },
  { id: 'motd', byHand: 'chmod 666 /etc/motd', changes: [{ what: 'mode', from: '0666', to: '0644' }] },
  { id: 'app', byHand: 'chmod 777 /srv/app', changes: [{ what: 'mode', from: '0777', to: '0750' }] },
  { id: 'latest', byHand: 'ln -sfn /tmp /srv/latest', changes: [{ what: 'target', from: '"/tmp"', to: '"app"' }] },
  {
    ...{ id: 'tick-unit', byHand: 'echo "# mine" >> /etc/systemd/system/tick.service; systemctl daemon-reload' },
    changes: [{ what: 'content', from: expect.any(String), to: expect.any(String) }],
  },
  {
    id: 'banner',
    byHand: "sed -i '/kept by gobs/d' /etc/issue",
    changes: [{ what: 'line', from: 'absent', to: '"kept by gobs"' }],
  },
  {
    ...{ id: 'redirects', byHand: 'sysctl -qw net.ipv4.conf.all.accept_redirects=1' },
    changes: [{ what: 'value', from: '1', to: '0' }],
  },
  { id: 'nightly', byHand: 'rm /etc/cron.d/nightly', changes: [{ what: 'type', from: 'absent', to: 'file' }] },
  { id: 'marker', byHand: 'rm /var/marker', changes: [{ what: 'creates', from: 'absent', to: '/var/marker' }] },
];

/** Everything on the disk of a host that a write would change; without what Debian itself, and the hob for itself, write all the time. */
const untouched = [
  '/var/log',
  '/var/lib/systemd',
  '/var/lib/gobs',
  '/var/cache/man',
  '/run',
  '/tmp',
  '/proc',
  '/sys',
  '/dev',
];
const look = async (host: BootedHost): Promise<readonly string[]> => {
  const prune = untouched.map((path) => `-path ${path}`).join(' -o ');
  const files = await host.run(`find / -xdev \\( ${prune} \\) -prune -o -printf '%p %i %m %U:%G %s %T@ %C@\\n' | sort`);
  const units = await host.run(
    'for unit in nginx beacon tick gobs-hob ssh cron; do systemctl show -p Id,InvocationID,MainPID,StateChangeTimestampMonotonic $unit; done',
  );
  const packages = await host.run('dpkg-query -W');
  return [files, units, packages].flatMap(({ stdout }) => stdout.split('\n'));
};

/** A reload of nginx goes on after systemd has been told that it is done, so it is asked until it says what it should. */
const answersWith = async (host: BootedHost, port: number, page: string): Promise<void> => {
  const ask = async () => (await fetch(`http://${host.address}:${port}/`)).text();
  while ((await ask().catch(() => '')) !== page) await delay(20);
};

describeHosts('one document for two hosts under systemd', () => {
  let lab: HostLab;
  let sandbox: Sandbox;
  let repository: PackageRepository;
  let web: BootedHost;
  let other: BootedHost;
  let boss: ServingBoss;

  const write = async (policy: 'report' | 'correct', port = 80, text = 'hello') => {
    const resources = (host: { readonly name: string }) => [
      {
        ...{ id: 'lab', type: 'repository', name: 'lab', uris: [repository.url], suites: ['./'] },
        key: repository.key.armored,
      },
      ...(host.name === web.name ? webResources(text, port) : otherResources).map((resource) =>
        resource.type === 'package' ? { ...resource, after: ['lab'] } : resource,
      ),
    ];
    return writeFleet(sandbox, await fleetOf(lab, [web, other], (host) => ({ policy, resources: resources(host) })));
  };
  const reportOf = async (host: BootedHost): Promise<readonly ResourceReport[]> => {
    const { code, stdout } = await boss.gobs('drift', host.name, '--json');
    expect([0, 2]).toContain(code);
    return (JSON.parse(stdout) as [{ resources: ResourceReport[] }])[0].resources;
  };
  const notOk = (resources: readonly ResourceReport[]) => resources.filter(({ state }) => state !== 'ok');

  beforeAll(async () => {
    lab = await openHostLab();
    sandbox = await makeSandbox();
    repository = await openPackageRepository(lab);
    await repository.add(
      ...(await debianPackages('nginx')),
      servicePackage('beacon', '1.0'),
      servicePackage('beacon', '2.0'),
    );
    [web, other] = await Promise.all([lab.startBootedHost({ node: true }), lab.startBootedHost({ node: true })]);
    for (const host of [web, other]) await host.run('systemctl is-system-running --wait');
    boss = await startLabBoss(sandbox, lab);
  });
  afterAll(async () => {
    await sandbox.end();
    await repository.close();
    await lab.close();
  });

  test('is applied: nginx answers with the page, and everything else is there', async () => {
    const applied = await boss.gobs('apply', await write('report'));
    expect({ ...applied, stdout: '' }).toEqual({
      code: 0,
      stdout: '',
      stderr: 'gobs: the fleet is as the document says\n',
    });
    await answersWith(web, 80, `hello on ${web.name}\n`);
    for (const host of [web, other]) expect(notOk(await reportOf(host))).toEqual([]);
    expect(
      (await other.run('id -nG ada; systemctl is-active beacon tick; cat /srv/latest/../../etc/motd')).stdout,
    ).toBe('ada ops\nactive\nactive\nwelcome\n');
  });

  test('applied again, it changes nothing, and touches no file, unit or package', async () => {
    const before = await Promise.all([look(web), look(other)]);
    const file = await write('report');
    expect(await boss.gobs('plan', file)).toMatchObject({ code: 0 });
    expect(await boss.gobs('apply', file)).toMatchObject({ code: 0 });
    for (const host of [web, other]) {
      const { report } = await E(await E(await boss.admin()).machine(host.name)).converge();
      expect(notOk(report!.resources)).toEqual([]);
    }
    const now = await Promise.all([look(web), look(other)]);
    expect(now.map((lines, index) => lines.filter((line) => !before[index]!.includes(line)))).toEqual([[], []]);
  });

  test('a change of the site is validated, and reloads nginx without ending it', async () => {
    const pid = (await web.run('systemctl show -P MainPID nginx')).stdout;
    expect(await boss.gobs('apply', await write('report', 8080))).toMatchObject({ code: 0 });
    await answersWith(web, 8080, `hello on ${web.name}\n`);
    expect((await web.run('systemctl show -P MainPID nginx')).stdout).toBe(pid);
    expect(await boss.gobs('apply', await write('report', 80))).toMatchObject({ code: 0 });
  });

  describe('what somebody changes by hand', () => {
    test.each(drifts)('of $id is found, reported and left', async ({ id, byHand, changes }) => {
      expect(await other.run(byHand)).toMatchObject({ code: 0 });
      const found = notOk(await reportOf(other));
      expect(found).toContainEqual({ id, type: expect.any(String) as string, state: 'drifted', changes });
      expect((await boss.gobs('drift', other.name)).code).toBe(2);
    });

    test('is all put back when the policy says so', async () => {
      expect(await boss.gobs('apply', await write('correct'))).toMatchObject({ code: 0 });
      for (const host of [web, other]) {
        const { report } = await E(await E(await boss.admin()).machine(host.name)).converge();
        expect(notOk(report!.resources)).toEqual([]);
      }
      expect(
        (await other.run('dpkg-query -W beacon; systemctl is-active beacon tick; readlink /srv/latest')).stdout,
      ).toBe('beacon\t1.0\nactive\nactive\napp\n');
    });
  });
});
