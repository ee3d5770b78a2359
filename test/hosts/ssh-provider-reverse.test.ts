/** A host that cannot reach its boss is served through a connection that the boss keeps up. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { E } from '../../src/vats/eventual-send.ts';
import type { Boss, MachineObserver } from '../../src/protocol/remotes.ts';
import { describeHosts } from '../support/hosts/describe-hosts.ts';
import type { TestHost } from '../support/hosts/host.ts';
import { openHostLab, type HostLab } from '../support/hosts/lab.ts';
import { makeHobBundle } from '../support/hob-bundle.ts';
import { startBoss, type ServingBoss } from '../support/e2e/gobs.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';
import { statusOnce } from '../support/e2e/status-once.ts';

describeHosts('a host that cannot reach its boss', () => {
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
    // It listens where no host gets.
    boss = await startBoss(sandbox, { words: ['--listen', '127.0.0.1:0'] });
    host = (await lab.startSshHosts(1, { node: true }))[0]!;
    await host.dropOutgoing();
  });
  afterEach(async () => {
    await sandbox.end();
    await host.stop();
  });

  const create = async () => {
    const { fingerprint } = await host.hostKey();
    const settings = `--type ssh --set user=root --set identity=${lab.identity} --set config=none --set reverse=true`;
    await boss.gobs(...`provider add dc1 ${settings}`.split(' '));
    return boss.gobs(
      ...['machine', 'create', 'web1', '--provider', 'dc1', '--timeout', '2m'],
      ...['--option', `host=${host.address}`, '--option', `hostKey=${fingerprint}`],
    );
  };
  const machine = async (): Promise<MachineObserver> => E((await boss.admin()) as Boss).machine('web1');
  const listeners = async (): Promise<string> =>
    (await host.run("cat /proc/net/tcp /proc/net/tcp6 | grep ' 0A ' | awk '{ print $2 }'")).stdout;
  const isForwarding = /^0100007F:/m;

  test('has its hob connected all the same, over a port that only it can reach, and again after the boss was killed', async () => {
    const created = await create();
    expect(created.stderr).toBe('');
    expect(created).toMatchObject({ code: 0 });
    const before = await listeners();
    expect(before).toMatch(isForwarding);
    const { id } = await E(machine()).status();

    await boss.kill();
    boss = await startBoss(sandbox);
    const status = await statusOnce(await machine(), ({ online, state }) => online && state === 'ready');
    expect(status).toMatchObject({ id, generation: 0 });
    expect(await listeners()).toBe(before);

    // The connection is lost: the boss opens another one.
    await host.run('pkill -KILL -f "^sshd: root" || true');
    await statusOnce(await machine(), ({ online }) => !online);
    await statusOnce(await machine(), ({ online }) => online);

    const destroyed = await boss.gobs('machine', 'destroy', 'web1', '--yes');
    expect(destroyed).toMatchObject({ code: 0 });
    expect(await listeners()).not.toMatch(isForwarding);
  });

  test('is refused if its sshd would open the port to everybody', async () => {
    await host.run('echo "GatewayPorts yes" >> /etc/ssh/sshd_config');
    await host.changeHostKey();
    const { code, stderr } = await create();
    expect(code).toBe(1);
    expect(stderr).toMatch(/HOST_NOT_MANAGEABLE: .*GatewayPorts/);
    expect((await host.run('ls /opt /var/lib/gobs 2>&1')).stdout).not.toContain('hobs');
  });

  test('is refused if its sshd forwards nothing', async () => {
    await host.run('echo "AllowTcpForwarding no" >> /etc/ssh/sshd_config');
    await host.changeHostKey();
    const { code, stderr } = await create();
    expect(code).toBe(1);
    expect(stderr).toMatch(/HOST_NOT_MANAGEABLE: .*opens no port 127.*\nhint: set AllowTcpForwarding/);
  });
});
