/**
 * What a machine of this provider can be told, and what its provider's settings can say for all of them. Settings are defaults for options of the same
 * name; secrets are only in settings, by name.
 */
import { isAbsolute } from 'node:path';
import { makeError } from '../../errors/gobs-error.ts';
import { quoted } from '../../protocol/plain-text.ts';
import type { ProviderOptions, ProviderSettings } from '../contract.ts';
import { parsePin } from './host-key.ts';

export interface HostOptions {
  /** A name or address, or what the ssh configuration calls it. */
  readonly host: string;
  readonly port?: number;
  readonly user?: string;
  /** Fingerprint or public key line. */
  readonly hostKey?: string;
  /** The same of the hosts on the way, in their order, separated by commas. */
  readonly jumpKeys?: string;
  /** A file; only this one is read then. */
  readonly knownHosts?: string;
  /** A private key's file; others are not tried then. */
  readonly identity?: string;
  /** Are the keys of an agent tried? Undefined: if no identity is given. */
  readonly agent?: boolean;
  /** `[user@]host[:port]`, several with commas; `none`. */
  readonly jump?: string;
  /** Work is done by `sudo -n`. */
  readonly sudo?: boolean;
  /** The hob reaches its boss through this connection. */
  readonly reverse?: boolean;
  /** A file with the runtime. */
  readonly runtime?: string;
  /** An ssh configuration instead of the user's own; `none`. */
  readonly config?: string;
}

/** Texts that open doors; only in settings, where they are secrets. */
export interface HostSecrets {
  readonly passphrase?: string;
  readonly password?: string;
}

type Check = (value: unknown) => string | undefined;

const CONTROL = /[\u0000-\u0020\u007f]/;
const isLine = (value: unknown, most = 1_000): value is string =>
  typeof value === 'string' && value !== '' && value.length <= most && !/[\u0000-\u001f\u007f]/.test(value);

const name: Check = (value) =>
  isLine(value, 255) && !CONTROL.test(value) && /^[A-Za-z0-9_[:]/.test(value) && !value.includes('@')
    ? undefined
    : 'must be a name or address, without user and port';
const user: Check = (value) =>
  isLine(value, 255) && !CONTROL.test(value) && !value.startsWith('-') ? undefined : 'must be a name';
const port: Check = (value) =>
  Number.isInteger(value) && (value as number) > 0 && (value as number) < 65_536
    ? undefined
    : 'must be from 1 to 65535';
const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'must be true or false');
const pin: Check = (value) =>
  typeof value === 'string' && parsePin(value) !== undefined
    ? undefined
    : 'must be SHA256:… as ssh-keygen -l shows it, or the line of a public key';
const pins: Check = (value) =>
  isLine(value, 10_000) && value.split(',').every((one) => parsePin(one) !== undefined)
    ? undefined
    : 'must be SHA256:… of each host on the way, with commas between them';
const path: Check = (value) =>
  isLine(value) && (isAbsolute(value) || value.startsWith('~/')) ? undefined : 'must be an absolute path';
const pathOrNone: Check = (value) => (value === 'none' ? undefined : path(value));

const HOP = /^(?:([^\s@:,]+)@)?(\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9_][^\s@:,]*)(?::(\d{1,5}))?$/;

/** One host on the way. */
export interface Hop {
  readonly host: string;
  readonly port?: number;
  readonly user?: string;
}

/** The hosts on the way, the first one first; undefined for what is no such list. */
export const parseJumps = (text: string): readonly Hop[] | undefined => {
  if (text === 'none') return harden([]);
  const hops: Hop[] = [];
  for (const part of text.replace(/^ssh:\/\//, '').split(',')) {
    const [, login, host, number] = HOP.exec(part.trim()) ?? [];
    if (host === undefined || Number(number ?? 22) > 65_535 || hops.length === 10) return undefined;
    hops.push({
      host: host.replace(/^\[(.*)\]$/, '$1'),
      ...(login === undefined || login.startsWith('-') ? {} : { user: login }),
      ...(number === undefined ? {} : { port: Number(number) }),
    });
  }
  return harden(hops);
};
harden(parseJumps);

const jump: Check = (value) =>
  isLine(value) && parseJumps(value) !== undefined
    ? undefined
    : 'must be [USER@]HOST[:PORT], several with commas, or none';

/** Each with what is wrong with a value of it, if anything is. */
const checks: Readonly<Record<keyof HostOptions, Check>> = {
  host: name,
  port,
  user,
  hostKey: pin,
  jumpKeys: pins,
  knownHosts: path,
  identity: path,
  agent: flag,
  jump,
  sudo: flag,
  reverse: flag,
  runtime: path,
  config: pathOrNone,
};
/** What belongs to one host makes no sense for all. */
const ofOneHost: readonly string[] = harden(['host', 'hostKey', 'jumpKeys']);
const secretSettings: readonly string[] = harden(['passphrase', 'password']);

const optionNames = Object.keys(checks);
const settingNames = [...optionNames.filter((option) => !ofOneHost.includes(option)), ...secretSettings];

const unknown = (what: string, key: string, known: readonly string[]): Error =>
  makeError('BAD_SPEC', `${what} ${key.slice(0, 60)}: the provider ssh has no such ${what}`, {
    hint: `it has: ${known.join(', ')}`,
  });

/** Throws BAD_SPEC. */
export const requireSettings = (settings: ProviderSettings): void => {
  for (const [key, value] of Object.entries(settings)) {
    if (!settingNames.includes(key)) throw unknown('setting', key, settingNames);
    if (secretSettings.includes(key)) {
      if (typeof value === 'object') continue;
      throw makeError('BAD_SPEC', `setting ${key}: it is a secret, so it is given by name`, {
        hint: `gobs secret set NAME; gobs provider add … --secret ${key}=NAME`,
      });
    }
    const wrong = typeof value === 'object' ? 'is no secret' : checks[key as keyof HostOptions](value);
    if (wrong !== undefined) throw makeError('BAD_SPEC', `setting ${key}: ${wrong}`);
  }
};
harden(requireSettings);

/**
 * The options of a machine, completed by the settings. The boss hands over no others than were let through here, and each is looked at again, for
 * records can be old. Throws BAD_SPEC.
 */
export const completeOptions = (options: ProviderOptions, settings: ProviderOptions): HostOptions => {
  for (const [key, value] of Object.entries(options)) {
    if (secretSettings.includes(key)) {
      throw makeError('BAD_SPEC', `option ${key}: a secret is a setting of the provider, not an option of a machine`, {
        hint: `gobs secret set NAME; gobs provider add … --secret ${key}=NAME`,
      });
    }
    if (!optionNames.includes(key)) throw unknown('option', key, optionNames);
    const wrong = checks[key as keyof HostOptions](value);
    if (wrong !== undefined) throw makeError('BAD_SPEC', `option ${key}: ${wrong}, not ${quoted(value)}`);
  }
  if (options['host'] === undefined) {
    throw makeError('BAD_SPEC', 'option host: is missing', { hint: 'the name or address of the host' });
  }
  const defaults = Object.entries(settings).filter(([key]) => optionNames.includes(key));
  return harden({ ...Object.fromEntries(defaults), ...options }) as unknown as HostOptions;
};
harden(completeOptions);

/** Those of a driver's settings, in which they are texts by now. */
export const secretsOf = ({ passphrase, password }: ProviderOptions): HostSecrets =>
  harden({
    ...(typeof passphrase === 'string' ? { passphrase } : {}),
    ...(typeof password === 'string' ? { password } : {}),
  });
harden(secretsOf);
