/**
 * What the user's own ssh would do for a host: `ssh -G HOST` says it, with everything that its configuration can do (Include, Match, tokens). Where there is no
 * ssh program, or none that says anything, there is no configuration.
 */
import { Buffer } from 'node:buffer';
import { makeError } from '../../errors/gobs-error.ts';
import { expandHome } from './home-path.ts';

/** Of the words that `ssh -G` prints, those that are of use here. Paths are absolute. */
export interface SshConfig {
  readonly hostname?: string;
  readonly port?: number;
  readonly user?: string;
  readonly hostKeyAlias?: string;
  /** `[user@]host[:port]`, comma-separated. */
  readonly proxyJump?: string;
  /** Connections go through a program: that is not supported. */
  readonly proxyCommand?: string;
  /** Keys that are stolen: that is not supported. */
  readonly revokedHostKeys?: string;
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  /** A socket, `SSH_AUTH_SOCK` for that of the environment, or `none`. */
  readonly identityAgent?: string;
  readonly knownHostsFiles: readonly string[];
}

export interface SshConfigPowers {
  readonly spawn: typeof import('node:child_process').spawn;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly setTimer: (callback: () => void, milliseconds: number) => () => void;
}

/** Milliseconds: a `Match exec` may take a while. */
const DEADLINE = 10_000;
/** Bytes. */
const LONGEST = 256 * 1024;

/** `home`: of whom `~` is. Pure. */
export const parseSshConfig = (text: string, home: string): SshConfig => {
  const words = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [, key, value] = /^(\S+) (.*)$/.exec(line.trim()) ?? [];
    if (key !== undefined) words.set(key.toLowerCase(), [...(words.get(key.toLowerCase()) ?? []), value!]);
  }
  const one = (key: string): string | undefined => {
    const value = words.get(key)?.[0];
    return value === undefined || value === 'none' ? undefined : value;
  };
  const paths = (key: string): string[] =>
    (words.get(key) ?? [])
      .flatMap((value) => (key === 'identityfile' ? [value] : value.split(/\s+/)))
      .filter((path) => path !== 'none' && path !== '/dev/null')
      .map((path) => expandHome(path, home));
  const said = {
    hostname: one('hostname'),
    port: one('port') === undefined ? undefined : Number(one('port')),
    user: one('user'),
    hostKeyAlias: one('hostkeyalias'),
    proxyJump: one('proxyjump'),
    proxyCommand: one('proxycommand'),
    revokedHostKeys: one('revokedhostkeys'),
    identityAgent: words.get('identityagent')?.[0],
  };
  return harden({
    ...(Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)) as Partial<SshConfig>),
    identityFiles: paths('identityfile'),
    identitiesOnly: one('identitiesonly') === 'yes',
    knownHostsFiles: [...paths('userknownhostsfile'), ...paths('globalknownhostsfile')],
  });
};
harden(parseSshConfig);

/** Where ssh looks without any configuration. */
export const defaultConfig = (home: string): SshConfig =>
  harden({
    identityFiles: ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => `${home}/.ssh/${name}`),
    identitiesOnly: false,
    knownHostsFiles: [`${home}/.ssh/known_hosts`, `${home}/.ssh/known_hosts2`, '/etc/ssh/ssh_known_hosts'],
  });
harden(defaultConfig);

interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Undefined if there is no such program. */
const runSsh = (
  words: readonly string[],
  { spawn, environment, setTimer }: SshConfigPowers,
): Promise<Said | undefined> =>
  new Promise((resolve) => {
    const child = spawn('ssh', words, { env: environment as NodeJS.ProcessEnv, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].on('data', (chunk: Uint8Array) => {
        if (said[stream].length < LONGEST) said[stream] += Buffer.from(chunk).toString('utf8');
      });
    }
    const cancel = setTimer(() => child.kill('SIGKILL'), DEADLINE);
    child.once('error', () => {
      cancel();
      resolve(undefined);
    });
    child.once('close', (code) => {
      cancel();
      resolve({ code, ...said });
    });
  });

/**
 * `file`: another configuration than the user's; `none`: none at all, not the system's either. `host` begins with no hyphen. Throws BAD_SPEC if ssh does
 * not take its configuration.
 */
export const askSshConfig = async (
  host: string,
  file: string | undefined,
  powers: SshConfigPowers,
): Promise<SshConfig> => {
  const home = powers.environment['HOME'] ?? '/';
  const words = file === undefined ? ['-G', host] : ['-F', file, '-G', host];
  const said = await runSsh(words, powers);
  if (said === undefined) return defaultConfig(home);
  if (said.code === 0) return parseSshConfig(said.stdout, home);
  throw makeError('BAD_SPEC', `${host}: ssh -G says: ${said.stderr.trim().split('\n')[0]!.slice(0, 300)}`, {
    hint: 'mend the ssh configuration, or set the option config to none',
  });
};
harden(askSshConfig);
