/**
 * A host for tests: a Debian of its own with sshd, in namespaces of this kernel, on the bridge of its lab. What a provider or an
 * admin would do goes by ssh; what a test must see or break, past it.
 */
import { attempt, type CommandOutcome } from './commands.ts';
import { setClock } from './clock.ts';
import { fillDisk, makeHostKey, makeRoom, readHostKey, type HostKey, type OverlayRoot } from './overlay-root.ts';

export interface HostOptions {
  /** How much it can hold beyond its image, as mount takes a size: `200m`. Then its disk can be filled. */
  readonly disk?: string;
  /** The Node of these tests is its /usr/local/bin/node. */
  readonly node?: boolean;
  /** Packages that its image has beside the usual. The first to ask waits until it is made. */
  readonly packages?: readonly string[];
  /** Then it can be set. What it is: clock.ts. */
  readonly ownClock?: boolean;
}

export interface TestHost {
  /** Its hostname: `b1`, `s1`, … */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Its files, from outside. */
  readonly root: string;
  hostKey(): Promise<HostKey>;
  /** For a known_hosts file. */
  knownHosts(): Promise<string>;
  /** `sh -c` in it as root, not by ssh: works whatever the network does. Rejects if the host is off. */
  run(script: string, options?: { readonly input?: string }): Promise<CommandOutcome>;
  /** An ordinary one with a home, whom the lab's key lets in. */
  addUser(name: string): Promise<void>;

  /** The end of what it has said since it was switched on: sshd's log, or what a host that boots prints. */
  console(): string;

  /** From now on no packet goes in or out, and nobody is told. Until `letThrough`, or the host is off. */
  dropPackets(): Promise<void>;
  /** It can be reached, and what is connected stays so, but it reaches nobody: new connections from it are dropped. */
  dropOutgoing(): Promise<void>;
  letThrough(): Promise<void>;
  /** Another key, at once. Resolves with it. */
  changeHostKey(): Promise<HostKey>;
  /** Needs the option `disk`. */
  fillDisk(): Promise<void>;
  makeRoom(): Promise<void>;
  /** Milliseconds since 1970; it goes on from there. Needs the option `ownClock`. */
  setClock(now: number): Promise<void>;
  /** Pulls the plug: no process of it is left, its disk stays. */
  cutPower(): Promise<void>;
  /** Resolves when sshd answers. */
  powerOn(): Promise<void>;
  /** Another host with another name and address, and this one's disk as it is now: same keys, same machine-id. */
  clone(): Promise<this>;
  /** Ends it and removes its disk. Without it, the lab's `close` does. */
  stop(): Promise<void>;
}

/** How the sorts of hosts differ. */
export interface HostBody {
  readonly address: string;
  readonly root: OverlayRoot;
  /** The first process of it, while it is on. */
  pid(): number | undefined;
  words(): string;
  /** sshd reads its keys again. */
  reloadSshd(): Promise<void>;
}

/**
 * Before each program that is started in a host: it has the host's environment, and may not do to the kernel, which is that of the machine that runs the
 * tests, what a container may not: set its clock above all.
 */
export const asOnHost: readonly string[] = [
  ...['env', '-i', 'HOME=/root', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
  ...['setpriv', '--bounding-set=-sys_time,-sys_module,-sys_rawio,-sys_boot,-sys_resource'],
];

const table = 'gobs_lab';
const hook = (name: string, policy: string, rule = '') =>
  `chain ${name} {\ntype filter hook ${name} priority 0; policy ${policy};\n${rule}\n}`;
const rules = {
  drop: `table inet ${table} {\n${hook('input', 'drop')}\n${hook('output', 'drop')}\n}`,
  // The first packet of a connection is the one that opens it and acknowledges nothing.
  dropOutgoing: `table inet ${table} {\n${hook('output', 'accept', 'oifname != "lo" tcp flags & (syn | ack) == syn drop')}\n}`,
};

type Faults = Pick<
  TestHost,
  'dropPackets' | 'dropOutgoing' | 'letThrough' | 'changeHostKey' | 'fillDisk' | 'makeRoom' | 'setClock'
>;

const pidOf = (body: HostBody): number => {
  const pid = body.pid();
  if (pid === undefined) throw Error('the host is off');
  return pid;
};

const inside = async (body: HostBody, namespaces: readonly string[], command: readonly string[], input = '') =>
  attempt('nsenter', ['-t', String(pidOf(body)), ...namespaces, '--', ...command], { input });

const filter = async (body: HostBody, wanted: string): Promise<void> => {
  // Removing a table that is not there is an error; adding one that is there is none.
  const text = `table inet ${table} {}\ndelete table inet ${table}\n${wanted}\n`;
  const { code, stderr } = await inside(body, ['-n'], ['nft', '-f', '-'], text);
  if (code !== 0) throw Error(`nft: ${stderr.trim()}`);
};

export const makeFaults = (body: HostBody): Faults => ({
  dropPackets: () => filter(body, rules.drop),
  dropOutgoing: () => filter(body, rules.dropOutgoing),
  letThrough: () => filter(body, ''),
  changeHostKey: async () => {
    await makeHostKey(body.root.root);
    await body.reloadSshd();
    return readHostKey(body.root.root);
  },
  fillDisk: () => fillDisk(body.root),
  makeRoom: () => makeRoom(body.root),
  setClock: (now) => setClock(body.root.root, now),
});

const addUser = `
useradd --create-home --shell /bin/bash "$1"
install -d -o "$1" -g "$1" -m 700 "/home/$1/.ssh"
install -o "$1" -g "$1" -m 600 /root/.ssh/authorized_keys "/home/$1/.ssh/authorized_keys"
`;

export const makeLook = (body: HostBody): Pick<TestHost, 'hostKey' | 'knownHosts' | 'run' | 'addUser' | 'console'> => ({
  hostKey: () => readHostKey(body.root.root),
  knownHosts: async () => `${body.address} ${(await readHostKey(body.root.root)).line}`,
  run: (script, { input } = {}) => inside(body, ['-a', '-r', '-w'], [...asOnHost, 'sh', '-c', script], input),
  console: () => body.words(),
  addUser: async (name) => {
    const { code, stderr } = await inside(body, ['-a', '-r', '-w'], [...asOnHost, 'sh', '-euc', addUser, 'sh', name]);
    if (code !== 0) throw Error(`useradd ${name}: ${stderr.trim()}`);
  },
});
