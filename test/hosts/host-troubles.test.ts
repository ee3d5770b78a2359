/** What happens to hosts: each is seen, named, and ends by itself or with a word on what to do. Issue 4, done when 4. */
import { E } from '@endo/far';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Boss, MachineAdmin } from '../../src/protocol/remotes.ts';
import type { ServingBoss } from '../support/e2e/gobs.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';
import { isWell, statusOnce } from '../support/e2e/status-once.ts';
import { describeHosts } from '../support/hosts/describe-hosts.ts';
import { openHostLab, type BootedHost, type HostLab } from '../support/hosts/lab.ts';
import { fleetOf, hobsOf, startLabBoss, tracesOf, writeFleet } from '../support/hosts/lab-fleet.ts';

vi.setConfig({ testTimeout: 300_000 });

const DAY = 86_400_000;

describeHosts('a host', () => {
  let lab: HostLab;
  let sandbox: Sandbox;
  let boss: ServingBoss;
  let admin: Boss;
  let host: BootedHost;
  let machine: MachineAdmin;
  beforeAll(async () => {
    lab = await openHostLab();
  });
  afterAll(() => lab.close());
  beforeEach(async () => {
    sandbox = await makeSandbox();
    host = await lab.startBootedHost({ node: true, ownClock: true });
    boss = await startLabBoss(sandbox, lab);
    const resources = [{ id: 'motd', type: 'file', path: '/etc/motd', content: 'welcome\n' }];
    const file = await writeFleet(sandbox, await fleetOf(lab, [host], () => ({ resources })));
    expect(await boss.gobs('apply', file)).toMatchObject({ code: 0 });
    admin = await boss.admin();
    machine = (await E(admin).machine(host.name)) as MachineAdmin;
  });
  afterEach(async () => {
    await host.stop();
    await sandbox.end();
  });

  const isAway = ({ online }: { readonly online: boolean }): boolean => !online;
  const driftBySomebody = () => host.run('echo mine > /etc/motd');
  const expectDriftFound = async () => {
    const { code, stdout } = await boss.gobs('drift', host.name);
    expect(code).toBe(2);
    expect(stdout).toMatch(/motd +drifted +content/);
  };
  const expectNamedAsAway = async () => {
    const status = await boss.gobs('status');
    expect(status.code).toBe(3);
    expect(status.stdout).toMatch(new RegExp(`^${host.name} +unreachable `, 'm'));
    const drift = await boss.gobs('drift', host.name);
    expect(drift.code).toBe(3);
    expect(drift.stdout).toMatch(new RegExp(`^${host.name} +- +unknown +offline`, 'm'));
  };

  test('that reboots is seen to go and to come back, with the hob that it had', async () => {
    const away = statusOnce(machine, isAway);
    await host.reboot();
    await away;
    await statusOnce(machine, isWell);
    expect(await hobsOf(host)).toHaveLength(1);
    expect(await E(admin).refusals()).toEqual([]);
    await driftBySomebody();
    await expectDriftFound();
  });

  test('that loses its power while it is told something new has it when it is back', async () => {
    const away = statusOnce(machine, isAway);
    await host.cutPower();
    const generation = await E(machine).setDesired(
      harden({ resources: [{ id: 'motd', type: 'file', path: '/etc/motd', content: 'new\n' }] }),
    );
    await host.powerOn();
    await away;
    await statusOnce(machine, (status) => isWell(status) && status.reported === generation);
    expect((await host.run('cat /etc/motd')).stdout).toBe('new\n');
  });

  test('that loses its network for a while is named while it is away, keeps itself, and comes back', async () => {
    await host.dropPackets();
    await statusOnce(machine, isAway);
    await expectNamedAsAway();
    expect(await hobsOf(host)).toHaveLength(1);
    await driftBySomebody();
    await host.letThrough();
    await statusOnce(machine, isWell);
    await expectDriftFound();
  });

  test.each([
    ['a day back', () => Date.now() - DAY],
    ['to 1970', () => 60_000],
    ['a day ahead', () => Date.now() + DAY],
  ])(
    'whose clock is set %s is still looked after, also by a hob that starts then, and the clock is named',
    async (_, time) => {
      await host.setClock(time());
      await driftBySomebody();
      await expectDriftFound();
      const doctor = await boss.gobs('doctor');
      expect(doctor.stdout).toMatch(new RegExp(`${host.name}.*clock|clock.*${host.name}`));

      const away = statusOnce(machine, isAway);
      await host.run('systemctl restart gobs-hob');
      await away;
      await statusOnce(machine, isWell);
      expect((await boss.gobs('converge', host.name)).code).toBe(0);
      expect((await host.run('cat /etc/motd')).stdout).toBe('welcome\n');
    },
  );

  test('whose hob was deleted is named, and can be made anew as the admin is told', async () => {
    const away = statusOnce(machine, isAway);
    await host.run(
      'systemctl stop gobs-hob; rm -rf /opt/gobs /var/lib/gobs /etc/systemd/system/gobs-hob.service; systemctl daemon-reload',
    );
    await away;
    await expectNamedAsAway();
    const started = await boss.gobs('machine', 'start', host.name);
    expect(started.code).toBe(1);
    expect(started.stderr).toMatch(/there is no whole hob of machine m1.*\nhint: .*destroy it/);
    expect(await boss.gobs('machine', 'destroy', host.name, '--yes')).toMatchObject({ code: 0 });
    const resources = [{ id: 'motd', type: 'file', path: '/etc/motd', content: 'anew\n' }];
    const file = await writeFleet(sandbox, await fleetOf(lab, [host], () => ({ resources })));
    expect(await boss.gobs('apply', file)).toMatchObject({ code: 0 });
    expect((await host.run('cat /etc/motd')).stdout).toBe('anew\n');
    expect(await tracesOf(host)).toHaveLength(5);
  });

  test('that is cloned: the second is turned away and both are named, and the first goes on', async () => {
    const clone = await host.clone();
    await boss.process.stderr.said('one key from two places');
    // A line of the log is no change of the status, which could be waited for.
    const noted = async () =>
      (await E(machine).log()).find((entry) => entry.what.startsWith('its key is used from two'));
    let line = await noted();
    while (line === undefined) line = await noted();
    const { what } = line;
    expect(what).toContain(host.address);
    expect(what).toContain(clone.address);
    const doctor = await boss.gobs('doctor');
    expect(doctor.code).not.toBe(0);
    expect(doctor.stdout).toContain(`${host.name}: turned away: somebody at ${clone.address}:`);
    await driftBySomebody();
    await expectDriftFound();
    await clone.stop();
  });
});
