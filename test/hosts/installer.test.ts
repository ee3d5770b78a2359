/** A hob on real hosts: under systemd, without it, as root and as somebody else. Reached by ssh; the boss is a real one on the lab's bridge. */
import { spawn } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { parseLocator } from '../../src/captp/locator.ts';
import { readHobRelease, type HobRelease } from '../../src/providers/ssh/install/hob-release.ts';
import { makeInstaller, type Installer } from '../../src/providers/ssh/install/installer.ts';
import { makeNodeRuntimes } from '../../src/providers/ssh/install/node-runtime.ts';
import { quote } from '../../src/providers/ssh/install/sh-words.ts';
import type { RemoteShell } from '../../src/providers/ssh/remote-shell.ts';
import { bundleHob } from '../support/bundled-hob.ts';
import { bookMachine, holdWaitingBoss } from '../support/e2e/booked-machine.ts';
import type { BossInHand } from '../support/e2e/hold-boss.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';
import { isWell, statusOnce } from '../support/e2e/status-once.ts';
import { describeHosts } from '../support/hosts/describe-hosts.ts';
import type { TestHost } from '../support/hosts/host.ts';
import { openHostLab, type HostLab } from '../support/hosts/lab.ts';
import { makeLocalShell } from '../support/local-shell.ts';

/** By ssh, as an admin would. */
const shellOn = async (lab: HostLab, host: TestHost, user = 'root'): Promise<RemoteShell> => {
  const known = join(lab.directory, `known-${host.name}`);
  await fs.writeFile(known, `${await host.knownHosts()}\n`);
  const options = [`UserKnownHostsFile=${known}`, 'BatchMode=yes', 'ControlMaster=no'].flatMap((option) => [
    '-o',
    option,
  ]);
  const words = ['ssh', '-F', 'none', '-i', lab.identity, ...options, `${user}@${host.address}`];
  return makeLocalShell({
    environment: { PATH: process.env['PATH'] },
    where: `${user}@${host.address}`,
    command: (script) => [...words, `exec sh -c ${quote(script)}`],
  });
};

/** Where something of ours may be, and what is there: names and types. */
const belongings = async (host: TestHost): Promise<string> =>
  (await host.run('find /opt /var/lib/gobs* /etc/systemd /root /home -xdev -printf "%y %p -> %l\n" 2>/dev/null | sort'))
    .stdout;

describeHosts('a hob on a host', () => {
  let lab: HostLab;
  let release: HobRelease;
  beforeAll(async () => {
    release = await readHobRelease(fs, await bundleHob());
    lab = await openHostLab();
  });
  afterAll(() => lab.close());

  let sandbox: Sandbox;
  let held: BossInHand;
  beforeEach(async () => {
    sandbox = await makeSandbox();
    held = await holdWaitingBoss(sandbox, 'state', { listen: `${lab.address}:0` });
  });
  afterEach(() => sandbox.end());

  /** A machine that is awaited, and what puts its hob on a host. */
  const bookOn = async (host: TestHost, name: string, { user, runtime }: { user?: string; runtime?: string } = {}) => {
    const booked = await bookMachine(await held.admin(), held.state, name);
    const shell = await shellOn(lab, host, user);
    const runtimes = makeNodeRuntimes({ fs, spawn, environment: process.env });
    const machine = { machineId: booked.id, boss: parseLocator(booked.locator).peerId };
    const installer: Installer = makeInstaller({ shell, release, runtimes, machine, runtime });
    return { ...booked, installer };
  };

  test('is a unit of systemd, is started again when it dies and when the host does, without its boss too, and leaves nothing', async () => {
    const host = await lab.startBootedHost({ node: true });
    const before = await belongings(host);
    const { machine, locator, installer } = await bookOn(host, 'web1');
    await installer.install(locator);
    await statusOnce(machine, isWell);
    const show = async (property: string) => (await host.run(`systemctl show -P ${property} gobs-hob`)).stdout.trim();
    expect(await Promise.all(['ActiveState', 'Type', 'UnitFileState', 'NRestarts'].map(show))).toEqual([
      'active',
      'notify',
      'enabled',
      '0',
    ]);

    const first = await show('MainPID');
    await host.run(`kill -KILL ${first}`);
    await statusOnce(machine, ({ online }) => !online);
    await statusOnce(machine, isWell);
    expect(await show('MainPID')).not.toBe(first);

    await host.dropPackets();
    await host.cutPower();
    await host.powerOn();
    expect((await host.run('systemctl start gobs-hob')).code).toBe(0);
    await host.letThrough();
    await statusOnce(machine, isWell);

    expect(await installer.uninstall()).toEqual({ remains: [] });
    expect(await belongings(host)).toBe(before);
    expect((await host.run('systemctl status gobs-hob; pgrep -f "[g]obs-hob"')).stdout).toBe('');
  });
});
