/**
 * A real sshd on the loopback interface, for tests of one connection; whole hosts are in test/support/hosts. It lets in the user of the tests, with a key of its
 * own, and is ended by `stop`.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe } from 'vitest';

const SSHD = '/usr/sbin/sshd';

/** Suites that need an sshd: where there is none, they are skipped, and their names say why. */
export const describeSsh = (name: string, suite: () => void): void => {
  if (existsSync(SSHD)) describe(name, suite);
  else describe.skip(`${name} (there is no ${SSHD})`, suite);
};

export type KeyType = 'ed25519' | 'ecdsa' | 'rsa';

export interface SshServerOptions {
  /** Of its host keys. Default: ed25519. */
  readonly keys?: readonly KeyType[];
  /** More lines of sshd_config; they count before the usual ones. */
  readonly config?: readonly string[];
}

export interface SshServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** A private key that is let in. */
  readonly identity: string;
  /** Where a test may put what goes with the server. */
  readonly directory: string;
  /** `ssh-ed25519 AAAA…` */
  keyLine(type?: KeyType): string;
  /** `SHA256:…` */
  fingerprint(type?: KeyType): string;
  /** Of a known_hosts file. */
  knownLine(type?: KeyType): string;
  /** Drops whoever is connected. */
  hangUp(): Promise<void>;
  stop(): Promise<void>;
}

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

const makeKey = (path: string, type: KeyType, passphrase = ''): void => {
  execFileSync('ssh-keygen', [
    '-q',
    '-t',
    type,
    ...(type === 'rsa' ? ['-b', '2048'] : []),
    '-N',
    passphrase,
    '-C',
    'test',
    '-f',
    path,
  ]);
};
export const makeUserKey = makeKey;

const childrenOf = async (pid: number): Promise<readonly number[]> => {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.trim().split(' ').filter(Boolean).map(Number);
};

export const startSshServer = async (options: SshServerOptions = {}): Promise<SshServer> => {
  const { keys = ['ed25519'], config = [] } = options;
  const directory = await mkdtemp(join(tmpdir(), 'gobs-sshd-'));
  const port = await freePort();
  const identity = join(directory, 'identity');
  makeKey(identity, 'ed25519');
  for (const type of keys) makeKey(join(directory, `host_${type}`), type);
  const lines = [
    ...config,
    `ListenAddress 127.0.0.1:${port}`,
    ...keys.map((type) => `HostKey ${join(directory, `host_${type}`)}`),
    `AuthorizedKeysFile ${identity}.pub`,
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'PermitRootLogin yes',
    `PidFile ${join(directory, 'pid')}`,
  ];
  await writeFile(join(directory, 'sshd_config'), `${lines.join('\n')}\n`);
  if (process.getuid!() === 0) await mkdir('/run/sshd', { recursive: true });
  const child = spawn(SSHD, ['-D', '-e', '-f', join(directory, 'sshd_config')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('Server listening')) resolve();
    });
    child.once('exit', () => reject(Error(`sshd did not start: ${said}`)));
  });
  const keyText = (type: KeyType): string =>
    execFileSync('cut', ['-d', ' ', '-f', '1,2', join(directory, `host_${type}.pub`)], { encoding: 'utf8' }).trim();
  const first = keys[0]!;
  return {
    ...{ host: '127.0.0.1', port, user: userInfo().username, identity, directory },
    keyLine: (type = first) => keyText(type),
    fingerprint: (type = first) =>
      execFileSync('ssh-keygen', ['-lf', join(directory, `host_${type}.pub`)], { encoding: 'utf8' }).split(' ')[1]!,
    knownLine: (type = first) => `[127.0.0.1]:${port} ${keyText(type)}`,
    hangUp: async () => {
      for (const pid of await childrenOf(child.pid!)) process.kill(pid, 'SIGKILL');
    },
    stop: async () => {
      const sessions = await childrenOf(child.pid!);
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      for (const pid of sessions) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It has ended with its connection.
        }
      }
      await rm(directory, { recursive: true });
    },
  };
};
