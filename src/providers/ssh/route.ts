/**
 * The way to a host: the hosts in between and the host itself, each with its address, its login, and what its key has to be. Nothing is connected here;
 * files and the ssh configuration are read anew each time, for they are the admin's.
 */
import { readKnownFiles, type KnownFilesFs } from './known-files.ts';
import { findCredentials, type Attempt, type CredentialPowers } from './credentials.ts';
import { expandHome } from './home-path.ts';
import { parsePin, type Pin } from './host-key.ts';
import { parseJumps, type Hop, type HostOptions, type HostSecrets } from './options.ts';
import { makeError } from '../../errors/gobs-error.ts';
import { askSshConfig, type SshConfig, type SshConfigPowers } from './ssh-config.ts';
import { findTrust, type Trust } from './trust.ts';

/** One host on the way, or the last. */
export interface Stop {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** For messages: `root@10.0.0.1:22`. */
  readonly where: string;
  readonly trust: Trust;
  readonly attempts: readonly Attempt[];
}

/** At least one; the last is the host that is meant. */
export type Route = readonly Stop[];

export interface RoutePowers extends SshConfigPowers, Omit<CredentialPowers, 'fs'> {
  readonly fs: CredentialPowers['fs'] & KnownFilesFs;
}

/** `root@10.0.0.1:22`, `root@[fd00::1]:22` */
export const whereOf = (user: string, host: string, port: number): string =>
  `${user}@${host.includes(':') ? `[${host}]` : host}:${port}`;
harden(whereOf);

interface StopRequest {
  readonly hop: Hop;
  readonly config: SshConfig;
  readonly option: Trust['option'];
  readonly pinned: Pin | undefined;
}

const refuseProgram = (host: string): Error =>
  makeError('BAD_SPEC', `${host}: its ssh configuration has a ProxyCommand, which is not supported`, {
    hint: 'use ProxyJump, or the option jump',
  });

/** What says that a key is stolen must not be passed over. */
const refuseRevoked = (host: string): Error =>
  makeError('BAD_SPEC', `${host}: its ssh configuration has RevokedHostKeys, which is not supported`, {
    hint: 'say it by @revoked lines in a known_hosts file; the option config names another ssh configuration, or none',
  });

const makeStop = async (
  { hop, config, option, pinned }: StopRequest,
  options: HostOptions,
  secrets: HostSecrets,
  powers: RoutePowers,
): Promise<Stop> => {
  if (config.revokedHostKeys !== undefined) throw refuseRevoked(hop.host);
  const host = config.hostname ?? hop.host;
  const port = hop.port ?? config.port ?? 22;
  const user = hop.user ?? config.user ?? powers.environment['USER'] ?? 'root';
  const where = whereOf(user, host, port);
  const home = powers.environment['HOME'] ?? '';
  const paths = options.knownHosts === undefined ? config.knownHostsFiles : [expandHome(options.knownHosts, home)];
  // Also for a key that is pinned, which may have been revoked since.
  const files = await readKnownFiles(paths, powers.fs);
  const trust = findTrust({ host, port, alias: config.hostKeyAlias, option, pinned, files });
  const attempts = await findCredentials({ where, user, options, secrets, config }, powers);
  return harden({ host, port, user, where, trust, attempts: [...attempts] });
};

/** Throws BAD_SPEC for a configuration that nobody understands, HOST_LOGIN_REFUSED for a named key that cannot be used. */
export const findRoute = async (options: HostOptions, secrets: HostSecrets, powers: RoutePowers): Promise<Route> => {
  const { host, port, user, hostKey, jumpKeys, jump } = options;
  const file =
    options.config === undefined || options.config === 'none'
      ? options.config
      : expandHome(options.config, powers.environment['HOME'] ?? '');
  const config = await askSshConfig(host, file, powers);
  if (config.proxyCommand !== undefined && jump === undefined) throw refuseProgram(host);
  const hops = parseJumps(jump ?? config.proxyJump ?? 'none');
  if (hops === undefined) throw makeError('BAD_SPEC', `${host}: ProxyJump ${config.proxyJump} makes no sense`);
  // A password is told to whoever asks for one, and those on the way are not whom it is for.
  const { password: _password, ...forHops } = secrets;
  const pins = jumpKeys === undefined ? [] : jumpKeys.split(',').map(parsePin);
  const stops: Stop[] = [];
  for (const [at, hop] of hops.entries()) {
    const hopConfig = await askSshConfig(hop.host, file, powers);
    stops.push(
      await makeStop({ hop, config: hopConfig, option: 'jumpKeys', pinned: pins[at] }, options, forHops, powers),
    );
  }
  const target: Hop = { host, ...(port === undefined ? {} : { port }), ...(user === undefined ? {} : { user }) };
  const pinned = hostKey === undefined ? undefined : parsePin(hostKey);
  stops.push(await makeStop({ hop: target, config, option: 'hostKey', pinned }, options, secrets, powers));
  return stops;
};
harden(findRoute);
