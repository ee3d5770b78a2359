/** The root of one host: what it changes, over the image that all have. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { command } from './commands.ts';

export interface OverlayRoot {
  /** The host's own files: `root` as it sees it, `upper` what it changed. */
  readonly directory: string;
  readonly root: string;
  readonly upper: string;
}

const rootIn = (directory: string): OverlayRoot => ({
  directory,
  root: join(directory, 'root'),
  upper: join(directory, 'disk', 'upper'),
});

/**
 * `disk`: how much it may hold beyond the image, as mount takes a size: `64m`. It is in memory then. Without, it is the disk of the
 * machine that runs the tests. `from`: what another changed, which this one has, too.
 */
export const mountOverlay = async (
  directory: string,
  image: string,
  { disk, from }: { readonly disk?: string | undefined; readonly from?: OverlayRoot | undefined },
): Promise<OverlayRoot> => {
  const made = rootIn(directory);
  const work = join(directory, 'disk', 'work');
  await mkdir(made.root, { recursive: true });
  await mkdir(join(directory, 'disk'));
  if (disk !== undefined) {
    await command('mount', '-t', 'tmpfs', '-o', `size=${disk}`, 'gobs-lab', join(directory, 'disk'));
  }
  // Attributes too: the overlay marks in them what was removed.
  if (from === undefined) await mkdir(made.upper);
  else await command('cp', '-a', from.upper, made.upper);
  await mkdir(work);
  const options = `lowerdir=${image},upperdir=${made.upper},workdir=${work},index=off,metacopy=off,redirect_dir=off`;
  await command('mount', '-t', 'overlay', '-o', options, 'overlay', made.root);
  return made;
};

const ballast = '/var/ballast';

/** Writes into the disk of a host until nothing more goes in. */
export const fillDisk = async ({ root }: OverlayRoot): Promise<void> => {
  await command(
    'sh',
    '-c',
    'cat /dev/zero > "$1" 2>/dev/null; sync; cat /dev/zero >> "$1" 2>/dev/null; true',
    'sh',
    join(root, ballast),
  );
};

export const makeRoom = ({ root }: OverlayRoot): Promise<void> => rm(join(root, ballast));

export interface HostKey {
  /** As in known_hosts, without the host: `ssh-ed25519 AAAA…`. */
  readonly line: string;
  /** `SHA256:…`. */
  readonly fingerprint: string;
}

const keyPath = 'etc/ssh/ssh_host_ed25519_key';

export const readHostKey = async (root: string): Promise<HostKey> => {
  const path = join(root, `${keyPath}.pub`);
  const [type, key] = (await readFile(path, 'utf8')).split(' ');
  const [, fingerprint = ''] = (await command('ssh-keygen', '-l', '-E', 'sha256', '-f', path)).split(' ');
  return { line: `${type} ${key!.trim()}`, fingerprint };
};

/** Another than it had, if it had one. sshd reads it when it starts. */
export const makeHostKey = async (root: string): Promise<void> => {
  const path = join(root, keyPath);
  for (const name of [path, `${path}.pub`]) await rm(name, { force: true });
  await command('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', path);
};

/** What makes a fresh root the root of this host, and nobody else's. */
export const makeIdentity = async (root: string, authorized: string): Promise<void> => {
  await writeFile(join(root, 'etc/machine-id'), `${randomBytes(16).toString('hex')}\n`);
  await mkdir(join(root, 'root/.ssh'), { mode: 0o700, recursive: true });
  await writeFile(join(root, 'root/.ssh/authorized_keys'), `${authorized}\n`, { mode: 0o600 });
  await makeHostKey(root);
};

/** What a clone has of its own, too. */
export const nameHost = async (root: string, name: string, address: string, gateway: string): Promise<void> => {
  await writeFile(join(root, 'etc/hostname'), `${name}\n`);
  await writeFile(join(root, 'etc/hosts'), `127.0.0.1 localhost\n127.0.1.1 ${name}\n`);
  await writeFile(
    join(root, 'etc/systemd/network/10-host0.network'),
    `[Match]\nName=host0\n\n[Network]\nAddress=${address}/24\nGateway=${gateway}\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n`,
  );
};
