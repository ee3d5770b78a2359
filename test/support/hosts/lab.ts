/**
 * Real hosts for tests. A lab is a bridge of this machine with hosts on it; a boss that a test runs is reached by them at `address`.
 *
 * ```
 *   test process ── 10.213.N.1 ─┬─ bridge glN
 *                               ├─ b1: systemd-nspawn, boots    10.213.N.11
 *                               └─ s1: namespaces and an sshd   10.213.N.12   …
 * ```
 * Nothing outside of it is touched, and labs do not see each other: each has a number of its own (places.ts). Whatever a killed run has left is taken
 * away when the next lab is opened.
 */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { makeBootedBody } from './booted-host.ts';
import { clearAbandonedPlaces, clearPlace } from './clear-place.ts';
import { giveOwnClock } from './clock.ts';
import { command } from './commands.ts';
import { makeFaults, makeLook, type HostOptions, type TestHost } from './host.ts';
import { hostImage } from './image.ts';
import { makeIdentity, mountOverlay, nameHost, type OverlayRoot } from './overlay-root.ts';
import { claimPlace, type LabPlace } from './places.ts';
import { makeSshBody, type PoweredBody } from './ssh-host.ts';

export interface BootedHost extends TestHost {
  /** As an admin does it; resolves when sshd answers again. */
  reboot(): Promise<void>;
}

export interface HostLab {
  /** Of this machine, as the hosts see it: where a boss can listen. */
  readonly address: string;
  /** A private key that opens root's account on every host. */
  readonly identity: string;
  /** Its public key, as in authorized_keys. */
  readonly publicKey: string;
  /** Where files may lie that belong to the test; goes with the lab. */
  readonly directory: string;
  startBootedHost(options?: HostOptions): Promise<BootedHost>;
  /** At once, in the order of their names. */
  startSshHosts(count: number, options?: HostOptions): Promise<readonly TestHost[]>;
  /** Ends and removes everything that is left. Must be called. */
  close(): Promise<void>;
}

/** Ten are for what is not a host. */
const FIRST = 11;
const LAST = 254;

interface Lab {
  readonly place: LabPlace;
  readonly publicKey: string;
  nextAddress(): string;
}

type MakeBody<Body> = (place: LabPlace, name: string, address: string, root: OverlayRoot) => Body;

/** `reboot` is there if the body has it. */
type HostOf<Body> = Body extends { reboot(): Promise<void> } ? BootedHost : TestHost;

const bindNode = async (root: string): Promise<void> => {
  const path = join(root, 'usr/local/bin/node');
  await command('touch', path);
  await command('mount', '--bind', process.execPath, path);
};

const startHost = async <Body extends PoweredBody>(
  lab: Lab,
  sort: string,
  makeBody: MakeBody<Body>,
  options: HostOptions,
  from?: OverlayRoot,
): Promise<HostOf<Body>> => {
  const { place } = lab;
  const address = lab.nextAddress();
  const name = `${sort}${Number(address.split('.')[3]) - FIRST + 1}`;
  const image = await hostImage(options.packages);
  const overlay = await mountOverlay(join(place.directory, name), image, { disk: options.disk, from });
  if (from === undefined) await makeIdentity(overlay.root, lab.publicKey);
  await nameHost(overlay.root, name, address, `${place.network}.1`);
  if (from === undefined && options.ownClock === true) await giveOwnClock(overlay.root);
  if (options.node === true) await bindNode(overlay.root);
  const body = makeBody(place, name, address, overlay);
  await body.powerOn();
  const { powerOn, cutPower } = body;
  const host = {
    ...makeLook(body),
    ...makeFaults(body),
    ...('reboot' in body ? { reboot: body.reboot } : {}),
    ...{ name, address, port: 22, root: overlay.root, powerOn, cutPower },
    clone: () => startHost(lab, sort, makeBody, options, overlay),
    stop: async () => {
      if (body.pid() !== undefined) await cutPower();
      await removeOverlay(overlay);
    },
  };
  return harden(host) as unknown as HostOf<Body>;
};

const removeOverlay = async ({ directory }: OverlayRoot): Promise<void> => {
  await command('umount', '-R', '-l', join(directory, 'root'));
  await command('sh', '-c', 'umount -l "$1" 2>/dev/null || true', 'sh', join(directory, 'disk'));
  await rm(directory, { recursive: true });
};

const makeBridge = async ({ bridge, network }: LabPlace): Promise<void> => {
  await command('ip', 'link', 'add', bridge, 'type', 'bridge');
  await command('ip', 'address', 'add', `${network}.1/24`, 'dev', bridge);
  await command('ip', 'link', 'set', bridge, 'up');
};

const makeKey = async (directory: string): Promise<{ readonly identity: string; readonly publicKey: string }> => {
  const identity = join(directory, 'identity');
  await command('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'lab', '-f', identity);
  return { identity, publicKey: (await readFile(`${identity}.pub`, 'utf8')).trim() };
};

/** Needs what `hostsHere` looks for. */
export const openHostLab = async (): Promise<HostLab> => {
  await clearAbandonedPlaces();
  const place = await claimPlace();
  const directory = join(place.directory, 'test');
  let last = FIRST - 1;
  try {
    await makeBridge(place);
    await mkdir(directory);
    const { identity, publicKey } = await makeKey(directory);
    const nextAddress = () => {
      if (last === LAST) throw Error('the lab is full');
      last += 1;
      return `${place.network}.${last}`;
    };
    const lab: Lab = { place, publicKey, nextAddress };
    return harden({
      ...{ address: `${place.network}.1`, identity, publicKey, directory },
      startBootedHost: (options = {}) => startHost(lab, 'b', makeBootedBody, options),
      startSshHosts: (count, options = {}) =>
        Promise.all(Array.from({ length: count }, () => startHost(lab, 's', makeSshBody, options))),
      close: () => clearPlace(place),
    } satisfies HostLab);
  } catch (error) {
    await clearPlace(place);
    throw error;
  }
};
