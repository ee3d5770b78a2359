/** Where the boss listens for hobs. Once chosen it is kept in the store, so that hobs find the boss again. */
import { makeError } from '../errors/gobs-error.ts';
import type { Committer } from '../vats/kernel-contract.ts';

export interface HostAndPort extends Readonly<Record<string, string>> {
  readonly host: string;
  readonly port: string;
}

const KEY = 'b/listen';
const FIRST: HostAndPort = harden({ host: '127.0.0.1', port: '0' });
/** `host:port`, `[v6]:port`. */
const SHAPE = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]]+)):([0-9]{1,5})$/;

/** Throws BAD_USAGE. */
export const parseAddress = (text: string): HostAndPort => {
  const [, six, host = six, port] = SHAPE.exec(text) ?? [];
  if (host === undefined || port === undefined || Number(port) > 65_535) {
    throw makeError('BAD_USAGE', `${JSON.stringify(text)} is no HOST:PORT`, {
      hint: 'for example 127.0.0.1:4000 or [::1]:4000',
    });
  }
  return harden({ host, port });
};
harden(parseAddress);

export const textOfAddress = ({ host, port }: HostAndPort): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
harden(textOfAddress);

export const keptAddress = (committer: Committer): HostAndPort | undefined => {
  const text = committer.get(KEY);
  return text === undefined ? undefined : parseAddress(text);
};
harden(keptAddress);

/**
 * What was asked for, or else what was kept, or else any free port of the loopback interface. Port 0 asks for any port, and the one that hobs
 * know is as good as any.
 */
export const chooseAddress = (asked: string | undefined, kept: HostAndPort | undefined): HostAndPort => {
  if (asked === undefined) return kept ?? FIRST;
  const address = parseAddress(asked);
  return address.port === '0' && kept?.host === address.host ? kept : address;
};
harden(chooseAddress);

export const keepAddress = async (address: HostAndPort, committer: Committer): Promise<void> => {
  const value = textOfAddress(address);
  if (committer.get(KEY) !== value) await committer.write([{ type: 'put', key: KEY, value }]);
};
harden(keepAddress);
