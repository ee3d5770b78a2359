/**
 * What known_hosts files say of a host, as sshd(8) describes them: names and patterns, negated ones, hashed names, `[host]:port`, `@revoked`. Read here
 * and not by `ssh-keygen -F`, so that it works where there is no ssh program, and a line that nobody understands is skipped as ssh skips it.
 *
 * Certificate authorities (`@cert-authority`) are not supported; that there was one is told, so that an error can say so.
 */
import { Buffer } from 'node:buffer';
import { createHmac } from 'node:crypto';
import { parseKeyLine } from './host-key.ts';

/** The keys that are said to be a host's, those that are said to be stolen, and whether a certificate authority speaks for it. */
export interface KnownKeys {
  readonly keys: readonly Uint8Array[];
  readonly revoked: readonly Uint8Array[];
  readonly hasAuthority: boolean;
}

/** How a host is called in such files: with its port, unless it is the usual one. */
export const knownName = (host: string, port: number): string => {
  const name = host.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
};
harden(knownName);

const escape = (text: string): string => text.replace(/[.+^${}()|[\]\\]/g, '\\$&');

/** `*` and `?` as in file names, but over dots too. */
const matchesPattern = (name: string, pattern: string): boolean =>
  new RegExp(`^${escape(pattern.toLowerCase()).replaceAll('*', '.*').replaceAll('?', '.')}$`).test(name);

/** `|1|salt|hash` */
const matchesHash = (name: string, pattern: string): boolean => {
  const [, , salt = '', hash = ''] = pattern.split('|');
  const found = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64');
  return hash !== '' && found === hash;
};

const matchesNames = (name: string, names: string): boolean => {
  if (names.startsWith('|1|')) return matchesHash(name, names);
  let isNamed = false;
  for (const pattern of names.split(',')) {
    const isNegated = pattern.startsWith('!');
    if (!matchesPattern(name, isNegated ? pattern.slice(1) : pattern)) continue;
    if (isNegated) return false;
    isNamed = true;
  }
  return isNamed;
};

interface Line {
  readonly marker: string;
  readonly names: string;
  readonly key: string;
}

const parseLine = (text: string): Line | undefined => {
  const [, marker = '', names, key] = /^\s*(?:(@\S+)\s+)?([^\s#@]\S*)\s+(\S.*)$/.exec(text) ?? [];
  return names === undefined || key === undefined ? undefined : { marker, names, key };
};

/** `text`: all files, one after the other. `name`: of `knownName`. Pure. */
export const findKnownKeys = (text: string, name: string): KnownKeys => {
  const found = { keys: [] as Uint8Array[], revoked: [] as Uint8Array[], hasAuthority: false };
  for (const line of text.split('\n').map(parseLine)) {
    if (line === undefined || !matchesNames(name, line.names)) continue;
    const key = parseKeyLine(line.key);
    if (line.marker === '@cert-authority') found.hasAuthority = true;
    else if (key !== undefined && line.marker === '@revoked') found.revoked.push(key);
    else if (key !== undefined && line.marker === '') found.keys.push(key);
  }
  return found;
};
harden(findKnownKeys);
