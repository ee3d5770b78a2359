/**
 * What is tried to be let in at one host, in order: the key that was named, or else the keys of the agent and those of the ssh configuration; last the password.
 * Everything is read when it is needed and kept by nobody.
 */
import type { AnyAuthMethod, ParsedKey } from 'ssh2';
import { makeError } from '../../errors/gobs-error.ts';
import { expandHome } from './home-path.ts';
import type { HostOptions, HostSecrets } from './options.ts';
import type { SshConfig } from './ssh-config.ts';

export interface Attempt {
  readonly method: AnyAuthMethod;
  /** For the message that nothing helped. */
  readonly words: string;
}

export interface CredentialPowers {
  readonly fs: Pick<typeof import('node:fs/promises'), 'readFile' | 'stat'>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly parseKey: typeof import('ssh2').utils.parseKey;
}

export interface CredentialOptions {
  /** For messages. */
  readonly where: string;
  readonly user: string;
  readonly options: Pick<HostOptions, 'identity' | 'agent'>;
  readonly secrets: HostSecrets;
  readonly config: SshConfig;
}

const LARGEST = 64 * 1024;

const keyIn = (
  text: string,
  passphrase: string | undefined,
  parse: CredentialPowers['parseKey'],
): ParsedKey | Error => {
  const parsed = parse(text, passphrase);
  return Array.isArray(parsed) ? (parsed as ParsedKey[])[0]! : parsed;
};

const homeOf = ({ environment }: CredentialPowers): string => environment['HOME'] ?? '';

/** Undefined if there is no agent. */
const agentSocket = ({ identityAgent }: SshConfig, powers: CredentialPowers): string | undefined => {
  if (identityAgent === 'none') return undefined;
  const named = identityAgent === undefined || identityAgent === 'SSH_AUTH_SOCK' ? undefined : identityAgent;
  return named === undefined ? powers.environment['SSH_AUTH_SOCK'] : expandHome(named, homeOf(powers));
};

/** The one that was named must be usable. Throws HOST_LOGIN_REFUSED. */
const namedKey = async (path: string, given: CredentialOptions, powers: CredentialPowers): Promise<Attempt> => {
  const { where, user, secrets } = given;
  const refuse = (why: string, hint: string): Error =>
    makeError('HOST_LOGIN_REFUSED', `${where}: ${path}: ${why}`, { hint });
  const text = await readKey(path, powers);
  if (text === undefined) throw refuse('there is no private key that can be read', 'set the option identity');
  const key = keyIn(text, secrets.passphrase, powers.parseKey);
  if (key instanceof Error) {
    const isLocked = /encrypted|passphrase|decrypt|integrity/i.test(key.message);
    throw isLocked
      ? refuse(
          secrets.passphrase === undefined ? 'the key has a passphrase' : 'the passphrase is not that of the key',
          'gobs secret set NAME, and the setting passphrase of the provider names it (one that is set again counts once the boss was restarted); or put the key into an agent and set agent=true without identity',
        )
      : refuse('this is no private key that can be used', 'make one with ssh-keygen -t ed25519');
  }
  if (!key.isPrivateKey()) throw refuse('this is the public half of a key', 'name the file without .pub');
  return {
    method: { type: 'publickey', username: user, key: text, passphrase: secrets.passphrase } as AnyAuthMethod,
    words: `key ${path}`,
  };
};

const readKey = async (path: string, { fs }: CredentialPowers): Promise<string | undefined> => {
  try {
    const { size } = await fs.stat(path);
    return size > LARGEST ? undefined : await fs.readFile(path, 'utf8');
  } catch {
    return undefined;
  }
};

/** Those of the configuration that are there and are not locked. */
const usualKeys = async (
  { user, secrets, config }: CredentialOptions,
  powers: CredentialPowers,
): Promise<readonly Attempt[]> => {
  const found: Attempt[] = [];
  for (const path of config.identityFiles) {
    const text = await readKey(path, powers);
    const key = text === undefined ? undefined : keyIn(text, secrets.passphrase, powers.parseKey);
    if (key === undefined || key instanceof Error || !key.isPrivateKey()) continue;
    const method = { type: 'publickey', username: user, key: text, passphrase: secrets.passphrase } as AnyAuthMethod;
    found.push({ method, words: `key ${path}` });
  }
  return found;
};

const passwordAttempts = (user: string, password: string): readonly Attempt[] => [
  { method: { type: 'password', username: user, password }, words: 'the password' },
  {
    method: {
      type: 'keyboard-interactive',
      username: user,
      prompt: (_name, _instructions, _language, prompts, finish) => finish(prompts.map(() => password)),
    },
    words: 'the password, when asked',
  },
];

/** Throws HOST_LOGIN_REFUSED for a key that was named and cannot be used. */
export const findCredentials = async (
  given: CredentialOptions,
  powers: CredentialPowers,
): Promise<readonly Attempt[]> => {
  const { user, options, secrets, config } = given;
  const { identity, agent = identity === undefined && !config.identitiesOnly } = options;
  const socket = agent ? agentSocket(config, powers) : undefined;
  return [
    ...(identity === undefined ? [] : [await namedKey(expandHome(identity, homeOf(powers)), given, powers)]),
    ...(socket === undefined
      ? []
      : [
          {
            method: { type: 'agent', username: user, agent: socket } as AnyAuthMethod,
            words: `the agent at ${socket}`,
          },
        ]),
    ...(identity === undefined ? await usualKeys(given, powers) : []),
    ...(secrets.password === undefined ? [] : passwordAttempts(user, secrets.password)),
  ];
};
harden(findCredentials);
