/**
 * Which key a host has to show: what the machine's options say, or else what known_hosts files say, or else nobody knows, and then nothing is
 * said to it but goodbye. There is no trust on first use. A key that those files call revoked counts for nothing, whoever pinned it.
 */
import { makeError } from '../../errors/gobs-error.ts';
import { fingerprintOf, isPinned, keyLine, keyTypes, pinOf, typeOfKey, type Pin } from './host-key.ts';
import { findKnownKeys, knownName } from './known-hosts.ts';

/** What is known of the key of one host. */
export interface Trust {
  /** None: nobody has said it. */
  readonly pins: readonly Pin[];
  /** Fingerprints. */
  readonly revoked: readonly string[];
  /** Who says so, in words. */
  readonly source: string;
  /** How a known_hosts file calls it. */
  readonly name: string;
  /** The machine option by which it can be said. */
  readonly option: 'hostKey' | 'jumpKeys';
  /** A certificate authority speaks for it, which nobody here understands. */
  readonly hasAuthority: boolean;
}

export interface TrustOptions {
  readonly host: string;
  readonly port: number;
  /** Of the ssh configuration. */
  readonly alias: string | undefined;
  readonly option: Trust['option'];
  /** As the options say; undefined: they do not. */
  readonly pinned: Pin | undefined;
  /** The text of each known_hosts file that there is, by its path. */
  readonly files: readonly (readonly [path: string, text: string])[];
}

export const findTrust = ({ host, port, alias, option, pinned, files }: TrustOptions): Trust => {
  const name = alias?.toLowerCase() ?? knownName(host, port);
  const said = files.map(([path, text]) => ({ path, ...findKnownKeys(text, name) }));
  const revoked = said.flatMap((known) => known.revoked.map(fingerprintOf));
  if (pinned !== undefined) {
    return harden({ pins: [pinned], revoked, source: `option ${option}`, name, option, hasAuthority: false });
  }
  const sources = said.filter(({ keys }) => keys.length > 0).map(({ path }) => path);
  return harden({
    pins: said.flatMap(({ keys }) => keys.map(pinOf)),
    revoked,
    source: sources.join(', '),
    name,
    option,
    hasAuthority: said.some(({ hasAuthority }) => hasAuthority),
  });
};
harden(findTrust);

/**
 * Algorithms of host keys to be offered, a list for each attempt: those of the pinned types first of all, so that a host that has several keys shows
 * the one that is meant. A fingerprint does not say its type, so each is tried.
 */
export const offersFor = ({ pins }: Pick<Trust, 'pins'>): readonly (readonly string[])[] => {
  if (pins.length === 0) return [Object.values(keyTypes).flat()];
  const types = new Set(pins.map(({ type }) => type));
  if (!types.has(undefined)) {
    return [Object.entries(keyTypes).flatMap(([type, algorithms]) => (types.has(type) ? algorithms : []))];
  }
  const { 'ssh-ed25519': edwards = [], 'ssh-rsa': rsa = [], ...elliptic } = keyTypes;
  return [edwards, Object.values(elliptic).flat(), rsa];
};
harden(offersFor);

export type Verdict = 'pinned' | 'unknown' | 'changed' | 'revoked';

export const judgeKey = (key: Uint8Array, { pins, revoked }: Pick<Trust, 'pins' | 'revoked'>): Verdict => {
  if (revoked.includes(fingerprintOf(key))) return 'revoked';
  if (pins.length === 0) return 'unknown';
  return isPinned(key, pins) ? 'pinned' : 'changed';
};
harden(judgeKey);

/** `ssh-ed25519 SHA256:…` */
const keyWords = (key: Uint8Array): string => `${typeOfKey(key)} ${fingerprintOf(key)}`;

export const unknownKey = (where: string, key: Uint8Array, trust: Trust): Error => {
  const authority = trust.hasAuthority ? ' (a certificate authority speaks for it, which is not supported)' : '';
  return makeError('HOST_KEY_UNKNOWN', `${where}: nobody has said that its key is ${keyWords(key)}${authority}`, {
    hint: `compare it with what the host itself says (ssh-keygen -lf /etc/ssh/ssh_host_${fileOf(key)}_key.pub), then ${hintFor(key, trust)}`,
  });
};
harden(unknownKey);

const fileOf = (key: Uint8Array): string => {
  const type = typeOfKey(key) ?? '';
  return type.startsWith('ecdsa') ? 'ecdsa' : type.replace('ssh-', '');
};

/** How to say it beforehand. */
export const hintFor = (key: Uint8Array, { option, name }: Trust): string =>
  `set ${option}=${fingerprintOf(key)}, or add a line to known_hosts: ${name} ${keyLine(key)}`;
harden(hintFor);

const expectedWords = ({ pins, source }: Trust): string =>
  `${[...new Set(pins.map(({ type, fingerprint }) => (type === undefined ? fingerprint : `${type} ${fingerprint}`)))].join(' or ')} (${source})`;

/** `found`: what it showed, if it showed any. */
export const changedKey = (where: string, found: readonly Uint8Array[], trust: Trust, verdict: Verdict): Error => {
  const shown = found.length === 0 ? 'none of that type' : [...new Set(found.map(keyWords))].join(', ');
  if (verdict === 'revoked') {
    return makeError('HOST_KEY_CHANGED', `${where}: it shows ${shown}, which is revoked`, {
      hint: 'somebody may stand between: nothing was said to it. Give the host a new key, and pin that',
    });
  }
  return makeError('HOST_KEY_CHANGED', `${where}: its key was to be ${expectedWords(trust)}, and it shows ${shown}`, {
    hint: `somebody may stand between: nothing was said to it. If the host was made anew, see its key there (ssh-keygen -l) and ${
      trust.source.startsWith('option')
        ? `set ${trust.option} to it`
        : `replace the line of ${trust.name} in ${trust.source}`
    }`,
  });
};
harden(changedKey);
