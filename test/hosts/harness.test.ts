/** Are the hosts that tests are given what they say they are, and does nothing of them stay? */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createConnection } from 'node:net';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { remainsOf } from '../support/hosts/clear-place.ts';
import { attempt } from '../support/hosts/commands.ts';
import { describeHosts } from '../support/hosts/describe-hosts.ts';
import type { TestHost } from '../support/hosts/host.ts';
import { openHostLab, type HostLab } from '../support/hosts/lab.ts';
import { labPlace, type LabPlace } from '../support/hosts/places.ts';

/** With the system's own client, which trusts the key that the host says it has. */
const ssh = async (lab: HostLab, host: TestHost, command: string, user = 'root') => {
  const known = `${lab.directory}/known-hosts-${host.name}`;
  await attempt('sh', ['-c', 'cat > "$1"', 'sh', known], { input: `${await host.knownHosts()}\n` });
  const options = ['BatchMode=yes', 'StrictHostKeyChecking=yes', `UserKnownHostsFile=${known}`, 'LogLevel=ERROR'];
  return attempt('ssh', [
    ...options.flatMap((option) => ['-o', option]),
    '-F',
    'none',
    '-i',
    lab.identity,
    `${user}@${host.address}`,
    command,
  ]);
};

/** `silence`: neither yes nor no within half a second. */
const knock = (address: string): Promise<'open' | 'closed' | 'silence'> =>
  new Promise((resolve) => {
    const socket = createConnection({ host: address, port: 22, timeout: 500 });
    socket
      .on('connect', () => resolve('open'))
      .on('error', () => resolve('closed'))
      .on('timeout', () => resolve('silence'));
    socket.on('connect', () => socket.destroy()).on('timeout', () => socket.destroy());
  });

const output = async (host: TestHost, script: string): Promise<string> => {
  const { code, stdout, stderr } = await host.run(script);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.trim();
};

const placeOf = (address: string): LabPlace => labPlace(Number(address.split('.')[2]));

describeHosts('the hosts of tests', () => {
  let lab: HostLab;
  beforeAll(async () => {
    lab = await openHostLab();
  });
  afterAll(() => lab.close());

  test('boot: systemd runs in them, with nothing failed, and they answer by ssh', async () => {
    const host = await lab.startBootedHost();
    expect(await output(host, 'systemctl is-system-running --wait')).toBe('running');
    expect(await ssh(lab, host, 'hostname; systemctl --failed --quiet')).toEqual({
      code: 0,
      stdout: `${host.name}\n`,
      stderr: '',
    });
    await host.stop();
  });

  test('boot beside each other, and neither sees the other’s processes or services', async () => {
    const [one, two] = await Promise.all([lab.startBootedHost(), lab.startBootedHost()]);
    await output(one, 'systemctl is-system-running --wait; systemctl stop cron');
    expect(await output(two, 'systemctl is-system-running --wait; systemctl is-active cron ssh')).toBe(
      'running\nactive\nactive',
    );
    expect((await one.run('systemctl is-active cron')).stdout.trim()).toBe('inactive');
    await Promise.all([one.stop(), two.stop()]);
  });

  test('reboot: the same disk, another boot', async () => {
    const host = await lab.startBootedHost();
    const boot = await output(host, 'echo kept > /var/kept; cat /proc/sys/kernel/random/boot_id');
    await host.reboot();
    expect(await output(host, 'cat /var/kept')).toBe('kept');
    expect(await output(host, 'cat /proc/sys/kernel/random/boot_id')).not.toBe(boot);
    await host.stop();
  });

  test('lose their power: no process is left, and what is on the disk stays', async () => {
    for (const host of [await lab.startBootedHost(), (await lab.startSshHosts(1))[0]!]) {
      await output(host, 'echo kept > /var/kept; sync');
      await host.cutPower();
      await expect(host.run('true')).rejects.toThrow('the host is off');
      expect(await knock(host.address)).not.toBe('open');
      await host.powerOn();
      expect(await output(host, 'cat /var/kept')).toBe('kept');
      expect((await ssh(lab, host, 'true')).code).toBe(0);
      await host.stop();
    }
  });

  test('are twenty at once, each with its own key, name and address', async () => {
    const hosts = await lab.startSshHosts(20);
    const answers = await Promise.all(hosts.map((host) => ssh(lab, host, 'hostname')));
    expect(answers.map(({ stdout }) => stdout.trim())).toEqual(hosts.map(({ name }) => name));
    const keys = await Promise.all(hosts.map((host) => host.hostKey()));
    expect(new Set(keys.map(({ fingerprint }) => fingerprint)).size).toBe(20);
    expect(new Set(hosts.map(({ address }) => address)).size).toBe(20);
    await Promise.all(hosts.map((host) => host.stop()));
  });

  test('let an ordinary user in', async () => {
    for (const host of [await lab.startBootedHost(), (await lab.startSshHosts(1))[0]!]) {
      await host.addUser('ada');
      expect((await ssh(lab, host, 'id -un', 'ada')).stdout).toBe('ada\n');
      await host.stop();
    }
  });

  test('drop packets: nobody is refused, nobody hears anything, and connections outlive it', async () => {
    for (const host of [await lab.startBootedHost(), (await lab.startSshHosts(1))[0]!]) {
      const open = createConnection({ host: host.address, port: 22 });
      await new Promise((resolve) => open.once('data', resolve));
      await host.dropPackets();
      expect(await knock(host.address)).toBe('silence');
      await host.letThrough();
      expect(await knock(host.address)).toBe('open');
      expect(open.destroyed).toBe(false);
      open.destroy();
      await host.stop();
    }
  });

  test('can be cut off from their boss and still be reached', async () => {
    const [host, other] = await lab.startSshHosts(2);
    const reach = `timeout 1 bash -c 'echo > /dev/tcp/${other!.address}/22'`;
    expect((await host!.run(reach)).code).toBe(0);
    await host!.dropOutgoing();
    expect((await host!.run(reach)).code).toBe(124);
    expect((await ssh(lab, host!, 'true')).code).toBe(0);
    await host!.letThrough();
    expect((await host!.run(reach)).code).toBe(0);
  });

  test('change their key: who knew the old one is told', async () => {
    for (const host of [await lab.startBootedHost(), (await lab.startSshHosts(1))[0]!]) {
      const before = await host.hostKey();
      const after = await host.changeHostKey();
      expect(after.fingerprint).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
      expect(after).not.toEqual(before);
      expect((await ssh(lab, host, 'true')).code).toBe(0);
      const { stdout } = await attempt('ssh-keyscan', ['-t', 'ed25519', host.address]);
      expect(stdout).toContain(after.line);
      await host.stop();
    }
  });

  test('have a disk that is full, until there is room', async () => {
    const [host] = await lab.startSshHosts(1, { disk: '20m' });
    await host!.fillDisk();
    const write = 'head -c 100000 /dev/zero > /opt/some';
    expect((await host!.run(write)).code).not.toBe(0);
    await host!.makeRoom();
    expect((await host!.run(write)).code).toBe(0);
    await host!.stop();
  });

  test('are cloned with all that they had become', async () => {
    for (const host of [await lab.startBootedHost(), (await lab.startSshHosts(1))[0]!]) {
      await output(host, 'rm /etc/motd; rm -r /etc/cron.d; mkdir /etc/cron.d; echo new > /etc/cron.d/new');
      const clone = await host.clone();
      expect(await output(clone, 'ls -A /etc/motd /etc/cron.d 2>/dev/null || true')).toBe('/etc/cron.d:\nnew');
      expect(await clone.hostKey()).toEqual(await host.hostKey());
      const id = 'cat /etc/machine-id';
      expect(await output(clone, id)).toBe(await output(host, id));
      expect([clone.name, clone.address]).not.toEqual([host.name, host.address]);
      expect((await ssh(lab, clone, 'hostname')).stdout.trim()).toBe(clone.name);
      await Promise.all([host.stop(), clone.stop()]);
    }
  });

  test('have the Node of these tests when it is asked for, and none otherwise', async () => {
    const [bare] = await lab.startSshHosts(1);
    expect((await bare!.run('node --version')).code).toBe(127);
    for (const host of [await lab.startBootedHost({ node: true }), (await lab.startSshHosts(1, { node: true }))[0]!]) {
      expect(await output(host, 'node --version')).toBe(process.version);
      await host.stop();
    }
  });

  test('have a clock of their own when it is asked for, in services and sessions, which counts on from what it is set to', async () => {
    const clock = 'node -e "console.log(Date.now(), performance.now() < 3600000)"';
    for (const host of [
      await lab.startBootedHost({ node: true, ownClock: true }),
      (await lab.startSshHosts(1, { node: true, ownClock: true }))[0]!,
    ]) {
      for (const set of [Date.now() - 86_400_000, 5_000, Date.now() + 86_400_000]) {
        await host.setClock(set);
        const began = Date.now();
        const [now = '', counts] = (await ssh(lab, host, clock)).stdout.trim().split(' ');
        expect(Number(now)).toBeGreaterThan(set - 2_000);
        expect(Number(now)).toBeLessThan(set + 2_000 + (Date.now() - began));
        expect(counts).toBe('true');
      }
      await host.setClock(5_000);
      if ('reboot' in host) {
        expect((await host.run('systemd-run --quiet --pipe --unit gobs-date date +%Y')).stdout).toBe('1970\n');
      }
      await host.stop();
    }
  });

  test('cannot set the clock of the machine that runs the tests, nor its settings', async () => {
    for (const host of [await lab.startBootedHost(), (await lab.startSshHosts(1))[0]!]) {
      // To what it is: should it work, it does no harm.
      expect((await host.run('date -s "$(date)"')).code).not.toBe(0);
      expect((await host.run('echo 60 > /proc/sys/vm/swappiness')).code).not.toBe(0);
      expect((await ssh(lab, host, 'date -s "$(date)"')).code).not.toBe(0);
      expect((await host.run('echo 0 > /proc/sys/net/ipv4/ip_forward')).code).toBe(0);
      await host.stop();
    }
  });
});

describeHosts('a lab that is closed', () => {
  test('leaves nothing: no process, mount, network, cgroup or file', async () => {
    const lab = await openHostLab();
    const place = placeOf(lab.address);
    await Promise.all([lab.startBootedHost(), lab.startSshHosts(2, { node: true, disk: '20m' })]);
    expect(remainsOf(place).length).toBeGreaterThan(5);
    await lab.close();
    expect(remainsOf(place)).toEqual([]);
    expect(existsSync(place.directory)).toBe(false);
  });

  test('leaves nothing when its tests were killed and another is opened, and that one’s stays', async () => {
    const program = fileURLToPath(new URL('../support/hosts/lab-to-abandon.ts', import.meta.url));
    const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [address] = (await once(child.stdout, 'data')) as [Buffer];
    const place = placeOf(String(address));
    expect(remainsOf(place).length).toBeGreaterThan(5);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const lab = await openHostLab();
    expect(remainsOf(place).filter((what) => !remainsOf(placeOf(lab.address)).includes(what))).toEqual([]);
    const own = remainsOf(placeOf(lab.address));
    const other = await openHostLab();
    expect(remainsOf(placeOf(lab.address))).toEqual(own);
    await other.close();
    await lab.close();
  });
});
