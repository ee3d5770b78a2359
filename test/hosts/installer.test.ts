/** A hob on real hosts: under systemd, without it, as root and as somebody else. Reached by ssh; the boss is a real one on the lab's bridge. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { E } from '@endo/far';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { parseLocator } from '../../src/captp/locator.ts';
import { describeError } from '../../src/errors/gobs-error.ts';
import { readHobRelease, type HobRelease } from '../../src/providers/ssh/install/hob-release.ts';
import { makeInstaller, type Installer } from '../../src/providers/ssh/install/installer.ts';
import { makeNodeRuntimes } from '../../src/providers/ssh/install/node-runtime.ts';
import { quote } from '../../src/providers/ssh/install/sh-words.ts';
import type { RemoteShell } from '../../src/providers/ssh/remote-shell.ts';
import { makeHobBundle } from '../support/hob-bundle.ts';
import { bookMachine, holdWaitingBoss } from '../support/e2e/booked-machine.ts';
import type { BossInHand } from '../support/e2e/hold-boss.ts';
import { makeSandbox, type Sandbox } from '../support/e2e/sandbox.ts';
import { isWell, statusOnce } from '../support/e2e/status-once.ts';
import { hobFile } from '../providers/ssh/install/installer-scene.ts';
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
    await makeHobBundle();
    release = await readHobRelease(fs, hobFile);
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
    expect((await host.run('systemctl status "gobs"-hob; pgrep -f "[g]obs-hob"')).stdout).toBe('');
  });

  test('goes on without systemd, too, when the session has ended and when it dies, and leaves nothing', async () => {
    const [host] = await lab.startSshHosts(1, { node: true });
    const before = await belongings(host!);
    const { machine, locator, installer } = await bookOn(host!, 'web2');
    await installer.install(locator);
    await statusOnce(machine, isWell);
    await host!.run('kill -KILL $(pgrep -f "[g]obs-hob.mjs --root")');
    await statusOnce(machine, ({ online }) => !online);
    await statusOnce(machine, isWell);
    await host!.cutPower();
    await host!.powerOn();
    expect(await installer.look()).toMatchObject({ state: 'stopped' });
    await installer.start();
    await statusOnce(machine, isWell);
    expect(await installer.uninstall()).toEqual({ remains: [] });
    expect(await belongings(host!)).toBe(before);
    expect((await host!.run('pgrep -f "[g]obs"')).stdout).toBe('');
  });

  test('is an ordinary user, where one logs in, and leaves nothing', async () => {
    const [host] = await lab.startSshHosts(1, { node: true });
    await host!.addUser('ada');
    const before = await belongings(host!);
    const { machine, locator, installer } = await bookOn(host!, 'web3', { user: 'ada' });
    await installer.install(locator);
    await statusOnce(machine, isWell);
    expect((await host!.run('ps -o user= -p $(pgrep -f "[g]obs-hob.mjs --root")')).stdout.trim()).toBe('ada');
    expect(await installer.uninstall()).toEqual({ remains: [] });
    // The directories that a user's things lie in are the user's.
    const after = (await belongings(host!))
      .split('\n')
      .filter((line) => !/ \/home\/ada\/\.local(\/lib|\/state)? /.test(line));
    expect(after.join('\n')).toBe(before);
  });

  test('is a unit of the user, where the systemd of that one goes on after logout', async () => {
    const host = await lab.startBootedHost({ node: true });
    await host.addUser('ada');
    await host.run(
      'systemctl is-system-running --wait; loginctl enable-linger ada; systemctl start "user@$(id -u ada)"',
    );
    const { machine, locator, installer } = await bookOn(host, 'web9', { user: 'ada' });
    expect((await installer.look()).places.service).toBe('user');
    await installer.install(locator);
    await statusOnce(machine, isWell);
    await installer.stop();
    expect(await installer.look()).toMatchObject({ state: 'stopped' });
    await installer.start();
    await statusOnce(machine, isWell);
    expect(await installer.uninstall()).toEqual({ remains: [] });
    expect((await host.run('find /home/ada -name "*gobs*"; pgrep -u ada node')).stdout).toBe('');
  });

  test('gets a runtime where the host has none, and is told what is wrong where none runs', async () => {
    const [host] = await lab.startSshHosts(1);
    const { machine, locator, installer } = await bookOn(host!, 'web4', { runtime: process.execPath });
    await installer.install(locator);
    await statusOnce(machine, isWell);
    expect((await host!.run('ls /opt/gobs/runtimes')).stdout).toMatch(/^node-[0-9a-f]{12}\n$/);

    const [other] = await lab.startSshHosts(1);
    const broken = join(lab.directory, 'broken-node');
    await fs.writeFile(broken, '#!/bin/no-such-shell\n', { mode: 0o755 });
    const second = await bookOn(other!, 'web5', { runtime: broken });
    const { code, message } = describeError(
      await second.installer.install(second.locator).catch((error: unknown) => error),
    );
    expect(code).toBe('HOST_RUNTIME_UNSUPPORTED');
    expect(message).toContain('No such file');
    expect(await second.installer.uninstall()).toEqual({ remains: [] });
  });

  test('is refused by a host that is another machine, and by one without room, and nothing there is changed', async () => {
    const [host] = await lab.startSshHosts(1, { node: true, disk: '64m' });
    const first = await bookOn(host!, 'web6');
    await host!.fillDisk();
    const { code, message } = describeError(
      await first.installer.install(first.locator).catch((error: unknown) => error),
    );
    expect(code).toBe('HOST_DISK_FULL');
    expect(message).toMatch(/no room in \/(opt\/gobs|var\/lib\/gobs\/hob): \d+ bytes free, \d+ are needed/);
    expect((await host!.run('ls -d /opt/gobs /var/lib/gobs')).stdout).toBe('');
    await host!.makeRoom();
    await first.installer.install(first.locator);
    await statusOnce(first.machine, isWell);

    const second = await bookOn(host!, 'web7');
    const before = await belongings(host!);
    const refused = describeError(await second.installer.install(second.locator).catch((error: unknown) => error));
    expect(refused).toMatchObject({
      code: 'HOST_TAKEN',
      message: expect.stringContaining(`machine ${first.id} of boss `) as string,
    });
    expect(await second.installer.uninstall()).toEqual({ remains: [] });
    await second.installer.stop();
    expect(await belongings(host!)).toBe(before);
    expect(isWell(await E(first.machine).status())).toBe(true);
  });

  test('is followed by another one once that has reached its boss and reported', async () => {
    const host = await lab.startBootedHost({ node: true });
    const { id, machine, locator, installer } = await bookOn(host, 'web8');
    await installer.install(locator);
    await statusOnce(machine, isWell);
    const content = Buffer.concat([release.content, Buffer.from('\n// another\n')]);
    const sha256 = createHash('sha256').update(content).digest('hex');
    const other = { ...release, content, sha256, name: `${release.version}-${sha256.slice(0, 12)}` };
    const options = {
      shell: await shellOn(lab, host),
      runtimes: makeNodeRuntimes({ fs, spawn, environment: process.env }),
    };
    const next = makeInstaller({
      ...options,
      release: other,
      machine: { machineId: id, boss: parseLocator(locator).peerId },
      patience: 15,
    });
    await host.dropOutgoing();
    const { code } = describeError(await next.upgrade().catch((error: unknown) => error));
    expect(code).toBe('PROVIDER_FAILED');
    expect(await next.look()).toMatchObject({ state: 'running', current: release.name });
    await host.letThrough();
    await statusOnce(machine, isWell);
    expect(await next.upgrade()).toBe('upgraded');
    expect(await next.look()).toMatchObject({ state: 'running', current: other.name, releases: [other.name] });
    await statusOnce(machine, isWell);
    expect(await next.uninstall()).toEqual({ remains: [] });
  });
});
