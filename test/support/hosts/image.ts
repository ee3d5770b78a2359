/**
 * The root file system of all hosts: Debian 12 with systemd, sshd and little else, as its installer leaves it; no host of it reaches
 * any network but its lab's, so it has no package source.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cached, cachedPath, type Recipe } from './cache.ts';

const included = [
  'systemd-sysv',
  'dbus',
  'dbus-user-session',
  'libpam-systemd',
  'udev',
  'iproute2',
  'openssh-server',
  'ca-certificates',
  'procps',
  'sudo',
  'cron',
  // For hosts whose clock is set: see clock.ts.
  'libfaketime',
];

const make = `
mmdebstrap --quiet --mode=root --variant=apt --format=directory --include="$2" bookworm root "$1"
cd root
rm -rf etc/hostname etc/ssh/ssh_host_* etc/apt/sources.list.d/* var/lib/dbus/machine-id
for empty in etc/machine-id etc/resolv.conf etc/apt/sources.list; do : > $empty; done
chroot . systemctl --quiet enable systemd-networkd
chroot . systemctl --quiet mask systemd-networkd-wait-online apt-daily.timer apt-daily-upgrade.timer
`;

/** As the system has its own. */
const sources = (): string =>
  ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list'].find(existsSync) ?? '/etc/apt/sources.list';

const recipe = (more: readonly string[]): Recipe => ({
  sort: ['image', ...more].join('-'),
  text: make,
  words: [sources(), [...included, ...more].join(',')],
});

/** Where it is; made, if it is not there, which takes minutes and the network. `more`: packages that it has beside the usual. */
export const hostImage = async (more: readonly string[] = []): Promise<string> =>
  join(await cached(recipe(more)), 'root');

export const hasHostImage = (): boolean => cachedPath(recipe([])) !== undefined;
