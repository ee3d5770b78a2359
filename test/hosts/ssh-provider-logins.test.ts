/** Who is let in on real hosts, whom they belong to, and where secrets are not. */
import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { describeHosts } from '../support/hosts/describe-hosts.ts';
import type { TestHost } from '../support/hosts/host.ts';
import { openHostLab, type HostLab } from '../support/hosts/lab.ts';
import { makeHobBundle } from '../support/hob-bundle.ts';
import { makeCanary, makeSearch } from '../support/e2e/canary.ts';
import { gobs, startBoss, type ServingBoss } from '../support/e2e/gobs.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';
import { makeUserKey } from '../support/ssh-server.ts';

describeHosts('logging in with the provider ssh', () => {
  let lab: HostLab;
  let sandbox: Sandbox;
  let boss: ServingBoss;
  let host: TestHost;
  beforeAll(async () => {
    await makeHobBundle();
    lab = await openHostLab();
  });
  afterAll(() => lab.close());
  beforeEach(async () => {
    sandbox = await makeSandbox();
    boss = await startBoss(sandbox, { words: ['--listen', `${lab.address}:0`] });
    host = (await lab.startSshHosts(1, { node: true }))[0]!;
  });
  afterEach(async () => {
    await sandbox.end();
    await host.stop();
  });

  const provider = async (...words: readonly string[]) => {
    const added = await boss.gobs('provider', 'add', 'dc1', '--type', 'ssh', '--set', 'config=none', ...words);
    expect(added).toMatchObject({ code: 0 });
  };
  const create = (name: string, options: Readonly<Record<string, unknown>>, by = boss) =>
    by.gobs(
      ...['machine', 'create', name, '--provider', 'dc1', '--timeout', '2m'],
      ...Object.entries(options).flatMap(([key, value]) => ['--option', `${key}=${String(value)}`]),
    );
  const pinned = async () => ({ host: host.address, hostKey: (await host.hostKey()).fingerprint });
  const ours = async (): Promise<string> =>
    (await host.run('find /opt /var/lib/gobs /home -name "*gobs*" -o -name current 2>/dev/null')).stdout.trim();

  test('makes nothing on a host whose key nobody vouched for, or that has another, and says what to do', async () => {
    await provider('--set', 'user=root', '--set', `identity=${lab.identity}`);
    const { fingerprint, line } = await host.hostKey();
    const unknown = await create('web1', { host: host.address });
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain(
      `HOST_KEY_UNKNOWN: web1: root@${host.address}:22 shows a key that nobody has vouched for: ssh-ed25519 ${fingerprint}.`,
    );
    expect(unknown.stderr).toContain(
      `hint: set hostKey=${fingerprint}, or add a line to known_hosts: ${host.address} ${line.split(' ').slice(0, 2).join(' ')}`,
    );
    expect((await boss.gobs('machine', 'list', '--json')).stdout).toBe('[]\n');

    const known = await sandbox.write('known', `${await host.knownHosts()}\n`);
    expect(await create('web1', { host: host.address, knownHosts: known })).toMatchObject({ code: 0, stderr: '' });
    await host.changeHostKey();
    const stopped = await boss.gobs('machine', 'stop', 'web1');
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toMatch(
      /HOST_KEY_CHANGED: .*was to be ssh-ed25519 SHA256:.* and it shows ssh-ed25519 SHA256:/,
    );
    await writeFile(known, `${await host.knownHosts()}\n`);
    expect(await boss.gobs('machine', 'destroy', 'web1', '--yes')).toMatchObject({ code: 0 });
    expect(await ours()).toBe('');
  });

  test('becomes root with sudo, says so where it cannot, and does with less where it is not asked to', async () => {
    await provider('--set', 'user=ada', '--set', `identity=${lab.identity}`);
    await host.addUser('ada');
    const options = await pinned();
    const refused = await create('web1', { ...options, sudo: true });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/HOST_NOT_MANAGEABLE: web1: ada@.*: sudo does not make us root: .*password/);
    expect(await ours()).toBe('');
    expect(await boss.gobs('machine', 'destroy', 'web1', '--yes')).toMatchObject({ code: 0 });

    expect(await create('web2', options)).toMatchObject({ code: 0, stderr: '' });
    expect(await ours()).toContain('/home/ada/.local/lib/gobs');
    expect(await boss.gobs('machine', 'destroy', 'web2', '--yes')).toMatchObject({ code: 0 });
    expect(await ours()).toBe('');

    await host.run('echo "ada ALL=(ALL) NOPASSWD: ALL" > /etc/sudoers.d/ada');
    expect(await create('web3', { ...options, sudo: true })).toMatchObject({ code: 0, stderr: '' });
    expect(await ours()).toContain('/opt/gobs');
    expect(await boss.gobs('machine', 'destroy', 'web3', '--yes')).toMatchObject({ code: 0 });
    expect(await ours()).toBe('');
  });

  test('changes nothing on a host that belongs to another machine, or to a machine of another boss', async () => {
    const settings = ['--set', 'user=root', '--set', `identity=${lab.identity}`];
    await provider(...settings);
    expect(await create('web1', await pinned())).toMatchObject({ code: 0 });
    const tree = async () =>
      (await host.run('find /opt/gobs /var/lib/gobs -path "*/state/*" -prune -o -printf "%p %m %i %T@\\n" | sort'))
        .stdout;
    const before = await tree();
    const another = await startBoss(sandbox, { state: sandbox.at('other'), words: ['--listen', `${lab.address}:0`] });
    await another.gobs('provider', 'add', 'dc1', '--type', 'ssh', '--set', 'config=none', ...settings);
    for (const by of [boss, another]) {
      const taken = await create('web2', await pinned(), by);
      expect(taken.code).toBe(1);
      expect(taken.stderr).toMatch(/HOST_TAKEN: web2: root@.*: its hob is that of machine m1 of boss [a-z2-7]{52}/);
      expect(await by.gobs('machine', 'destroy', 'web2', '--yes')).toMatchObject({ code: 0 });
      expect(await tree()).toBe(before);
    }
    expect(await boss.gobs('drift', 'web1')).toMatchObject({ code: 0 });
  });

  test('goes over another host, whose key is pinned likewise', async () => {
    const [middle] = await lab.startSshHosts(1);
    await provider('--set', 'user=root', '--set', `identity=${lab.identity}`, '--set', `jump=root@${middle!.address}`);
    const { fingerprint } = await middle!.hostKey();
    const refused = await create('web1', await pinned());
    expect(refused.stderr).toContain(
      `root@${middle!.address}:22 shows a key that nobody has vouched for: ssh-ed25519 ${fingerprint}`,
    );
    expect(await create('web1', { ...(await pinned()), jumpKeys: fingerprint })).toMatchObject({ code: 0, stderr: '' });
    expect((await host.run('cat /proc/net/tcp')).stdout).not.toBe('');
    expect(await boss.gobs('machine', 'destroy', 'web1', '--yes')).toMatchObject({ code: 0 });
    await middle!.stop();
  });

  test('uses a passphrase that is a secret, and leaves it nowhere', async () => {
    const canary = makeCanary('passphrase');
    const search = makeSearch({ canary });
    const locked = sandbox.at('locked');
    makeUserKey(locked, 'ed25519', canary);
    await host.run('cat >> /root/.ssh/authorized_keys', { input: await readFile(`${locked}.pub`, 'utf8') });
    const set = await gobs(sandbox, ['secret', 'set', 'ssh-key', '--state', boss.state], { stdin: canary });
    expect(set).toMatchObject({ code: 0 });
    await provider('--set', 'user=root', '--set', `identity=${locked}`, '--secret', 'passphrase=ssh-key');
    expect(await create('web1', await pinned())).toMatchObject({ code: 0, stderr: '' });

    const said = ['provider list --json', 'machine show web1 --json', 'trace --json --limit 1000', 'graph --json'];
    for (const words of said) {
      const { stdout, stderr } = await boss.gobs(...words.split(' '));
      expect([words, search.in(stdout + stderr)]).toEqual([words, []]);
    }
    const pids = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
    expect(search.inProcesses(pids)).toEqual([]);
    expect(search.inFiles(boss.state)).toEqual([]);
    expect(search.in(boss.process.stderr.text)).toEqual([]);
    for (const place of ['opt/gobs', 'var/lib/gobs', 'var/log', 'root']) {
      expect(search.inFiles(join(host.root, place))).toEqual([]);
    }

    await gobs(sandbox, ['secret', 'remove', 'ssh-key', '--state', boss.state]);
    expect(await boss.stop()).toBe(0);
    boss = await startBoss(sandbox, { state: boss.state });
    const without = await boss.gobs('machine', 'stop', 'web1');
    expect(without.stderr).toMatch(/NO_SUCH_SECRET: .*ssh-key.*\n.*hint: set it: gobs secret set ssh-key/);
  });
});
