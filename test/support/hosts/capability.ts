/**
 * Can there be real hosts here? Tried, not guessed: a lab is opened and a host started in it. What is missing is said in words, for the
 * names of suites that are skipped.
 */
import process from 'node:process';
import { attempt } from './commands.ts';
import { hostImage } from './image.ts';
import { openHostLab, type HostLab } from './lab.ts';

const programs = [
  ...['ip', 'nft', 'mount', 'umount', 'nsenter', 'unshare', 'setpriv', 'flock', 'ssh-keygen', 'systemd-nspawn'],
  ...['mmdebstrap', 'dpkg-deb', 'apt-get', 'gpg', 'ssh'],
];

const missingPrograms = async (): Promise<readonly string[]> => {
  const missing: string[] = [];
  for (const program of programs) {
    const { code } = await attempt('sh', ['-c', 'command -v "$1"', 'sh', program]);
    if (code !== 0) missing.push(program);
  }
  return missing;
};

const lastLine = (error: unknown): string =>
  String((error as Error).message)
    .trim()
    .split('\n')
    .at(-1)!
    .slice(0, 200);

const tryHost = async (start: (lab: HostLab) => Promise<unknown>): Promise<string | undefined> => {
  try {
    const lab = await openHostLab();
    try {
      await start(lab);
      return undefined;
    } finally {
      await lab.close();
    }
  } catch (error) {
    return lastLine(error);
  }
};

/** What can be seen at once, and changes nothing. */
export const whyNoHostsAtOnce = async (): Promise<string | undefined> => {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid!() !== 0) return 'needs root, for namespaces and mounts';
  const missing = await missingPrograms();
  return missing.length === 0 ? undefined : `needs ${missing.join(', ')}`;
};

const findReason = async (): Promise<string | undefined> => {
  const atOnce = await whyNoHostsAtOnce();
  if (atOnce !== undefined) return atOnce;
  try {
    await hostImage();
  } catch (error) {
    return `the image of a host cannot be made: ${lastLine(error)}`;
  }
  const namespaced = await tryHost((lab) => lab.startSshHosts(1));
  if (namespaced !== undefined) return `a host in namespaces does not start: ${namespaced}`;
  const booted = await tryHost((lab) => lab.startBootedHost());
  return booted && `a host with systemd does not boot: ${booted}`;
};

let found: Promise<string | undefined> | undefined;

/** Why there can be no hosts here; undefined if there can. Makes the image if it is not there. */
export const whyNoHosts = (): Promise<string | undefined> => (found ??= findReason());
