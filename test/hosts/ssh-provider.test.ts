/** The provider ssh with the real boss, the real hob and real hosts: from nothing to a report, and back to nothing. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { describeHosts } from '../support/hosts/describe-hosts.ts';
import type { TestHost } from '../support/hosts/host.ts';
import { openHostLab, type HostLab } from '../support/hosts/lab.ts';
import { makeHobBundle } from '../support/hob-bundle.ts';
import { startBoss, type ServingBoss } from '../support/e2e/gobs.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';

describeHosts('the provider ssh', () => {
  let lab: HostLab;
  let sandbox: Sandbox;
  let boss: ServingBoss;
  beforeAll(async () => {
    await makeHobBundle();
    lab = await openHostLab();
  });
  afterAll(() => lab.close());
  beforeEach(async () => {
    sandbox = await makeSandbox();
    boss = await startBoss(sandbox, { words: ['--listen', `${lab.address}:0`] });
    const added = await boss.gobs(
      ...`provider add dc1 --type ssh --set user=root --set identity=${lab.identity} --set config=none`.split(' '),
    );
    expect(added.stderr).toContain('dc1 is there');
  });
  afterEach(() => sandbox.end());

  const create = async (name: string, host: TestHost, ...more: readonly string[]) => {
    const { fingerprint } = await host.hostKey();
    return boss.gobs(
      ...['machine', 'create', name, '--provider', 'dc1', '--timeout', '2m'],
      ...['--option', `host=${host.address}`, '--option', `hostKey=${fingerprint}`, ...more],
    );
  };

  /** Everything on its disk but its own logs of who came and went. */
  const tree = async (host: TestHost): Promise<readonly string[]> => {
    const script = `find / -xdev \\( -path /var/log -o -path /var/lib/systemd -o -path /var/cache \\) -prune -o -type d -printf '%p %m %u %g\\n' -o -printf '%p %m %u %g %s %C@ %l\\n'`;
    const { stdout } = await host.run(script);
    return stdout.trim().split('\n').sort();
  };

  for (const kind of ['systemd', 'no systemd'] as const) {
    test(`puts a hob on a host with ${kind}, has its report, and takes it away again, and nothing else of the host was touched`, async () => {
      const host =
        kind === 'systemd'
          ? await lab.startBootedHost({ node: true })
          : (await lab.startSshHosts(1, { node: true }))[0]!;
      if (kind === 'systemd') await host.run('systemctl is-system-running --wait');
      const before = await tree(host);
      const created = await create('web1', host);
      expect(created.stderr).toBe('');
      expect(created.code).toBe(0);
      expect(created.stdout).toMatch(/web1 +ready +yes/);
      const during = await tree(host);
      const touched = during.filter((line) => !before.includes(line));
      const ours =
        /^\/(opt\/gobs|var\/lib\/gobs|etc\/systemd\/system\/(multi-user\.target\.wants\/)?gobs-hob\.service)( |\/|$)/;
      expect(touched.length).toBeGreaterThan(5);
      expect(touched.filter((line) => !ours.test(line))).toEqual([]);
      expect(before.filter((line) => !during.includes(line))).toEqual([]);

      expect(await boss.gobs('drift', 'web1')).toMatchObject({ code: 0 });
      const destroyed = await boss.gobs('machine', 'destroy', 'web1', '--yes');
      expect(destroyed).toMatchObject({ code: 0 });
      expect(destroyed.stderr).toContain(`gobs: left: root@${host.address}:22: files, packages, users`);
      expect(await tree(host)).toEqual(before);
    });
  }
});
