/** Twenty hosts at once, three of which cannot be done. Issue 4, done when 2. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';
import { describeHosts } from '../support/hosts/describe-hosts.ts';
import type { TestHost } from '../support/hosts/host.ts';
import { openHostLab, type HostLab } from '../support/hosts/lab.ts';
import { fleetOf, hobsOf, startLabBoss, tracesOf, writeFleet } from '../support/hosts/lab-fleet.ts';

vi.setConfig({ testTimeout: 300_000 });

describeHosts('twenty hosts', () => {
  let lab: HostLab;
  let sandbox: Sandbox;
  beforeAll(async () => {
    lab = await openHostLab();
  });
  afterAll(() => lab.close());
  beforeEach(async () => {
    sandbox = await makeSandbox();
  });
  afterEach(() => sandbox.end());

  const page = (host: TestHost) => ({
    resources: [{ id: 'page', type: 'file', path: '/srv/page', content: `of ${host.name}\n` }],
  });

  test('one that nobody reaches, one with another key and one that is full are named with the cause; the other 17 are done', async () => {
    const hosts = await lab.startSshHosts(20, { node: true, disk: '60m' });
    const [silent, changed, full] = hosts as [TestHost, TestHost, TestHost];
    const boss = await startLabBoss(sandbox, lab);
    const file = await writeFleet(sandbox, await fleetOf(lab, hosts, page));
    await silent.dropPackets();
    await changed.changeHostKey();
    await full.fillDisk();

    const { code, stdout } = await boss.gobs('apply', file, '--json');
    expect(code).toBe(3);
    const outcomes = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { name: string; outcome: string; error: { code: string } | null });
    const good = hosts.slice(3);
    const named = Object.fromEntries(outcomes.map(({ name, outcome, error }) => [name, error?.code ?? outcome]));
    expect(named).toEqual({
      [silent.name]: 'HOST_UNREACHABLE',
      [changed.name]: 'HOST_KEY_CHANGED',
      [full.name]: 'HOST_DISK_FULL',
      ...Object.fromEntries(good.map(({ name }) => [name, 'done'])),
    });
    for (const host of good) {
      expect((await host.run('cat /srv/page')).stdout).toBe(`of ${host.name}\n`);
      expect(await hobsOf(host)).toHaveLength(1);
    }
    expect(await tracesOf(changed)).toEqual([]);
    const { stdout: list } = await boss.gobs('machine', 'list');
    expect(list.match(/ failed /g)).toHaveLength(3);
    expect(list.match(/ ready /g)).toHaveLength(17);

    // What was wrong is put right, and each is started.
    await silent.letThrough();
    await full.makeRoom();
    await writeFleet(sandbox, await fleetOf(lab, hosts, page));
    expect(await boss.gobs('machine', 'start', silent.name, full.name)).toMatchObject({ code: 0 });
    expect(await hobsOf(silent)).toHaveLength(1);
    expect(await hobsOf(full)).toHaveLength(1);
  });
});
