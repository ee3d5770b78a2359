/**
 * TLS 1.3 over TCP. Both ends show a self-signed certificate and prove its key; the peer's id is computed from that key, and
 * is all that is looked at: no CA, no names, no dates.
 *
 * Sessions are not resumed: a resumed one would rest on a proof that was given to an earlier connection.
 */
import type { Server, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { makeError } from '../../errors/gobs-error.ts';
import { peerIdOf, type PeerId } from '../peer-id.ts';
import type { Address, Connection, Netlayer } from './contract.ts';

export interface TlsNetlayerPowers {
  readonly tls: typeof import('node:tls');
  /** Calls back once after so many milliseconds, unless the function that it returns was called before. */
  readonly setTimer: (callback: () => void, milliseconds: number) => () => void;
}

export interface TlsNetlayerOptions {
  readonly privateKeyPem: string;
  readonly certificatePem: string;
  /** Milliseconds for connecting and proving. Default 10,000. */
  readonly handshakeDeadline?: number;
}

/** Connections whose handshake is not done. */
const MOST_SILENT = 128;

const reasonOf = (error: unknown): string => {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return typeof code === 'string' ? code : String(message);
};

const readAddress = ({ host, port }: Address): { host: string; port: number } | undefined =>
  host !== undefined && host !== '' && port !== undefined && /^[0-9]{1,5}$/.test(port) && Number(port) <= 65_535
    ? { host, port: Number(port) }
    : undefined;

const textOf = ({ host = '?', port = '?' }: Address): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** The id that the other end has proven, or undefined if it has proven none. */
const provenBy = (socket: TLSSocket): PeerId | undefined => {
  if (socket.isSessionReused()) return undefined;
  const key = socket.getPeerX509Certificate()?.publicKey;
  return key?.asymmetricKeyType === 'ed25519' ? peerIdOf(key.export({ type: 'spki', format: 'der' })) : undefined;
};

const connectionOf = (socket: TLSSocket, provenPeer: PeerId): Connection => {
  socket.setNoDelay(true);
  const { remoteAddress: host = '?', remotePort: port = '?' } = socket;
  return { stream: socket, provenPeer, remoteAddress: textOf({ host, port: String(port) }) };
};

export const makeTlsNetlayer = (
  { tls, setTimer }: TlsNetlayerPowers,
  { privateKeyPem, certificatePem, handshakeDeadline = 10_000 }: TlsNetlayerOptions,
): Netlayer => {
  const secret = {
    key: privateKeyPem,
    cert: certificatePem,
    // Or Node would read all that it trusts, for nothing.
    ca: [] as string[],
    minVersion: 'TLSv1.3',
    rejectUnauthorized: false,
  } as const;

  const listen: Netlayer['listen'] = (address, accept) =>
    new Promise((resolve, reject) => {
      const unusable = (why: string) =>
        makeError('ADDRESS_UNUSABLE', `tls ${textOf(address)} cannot be listened on: ${why}`);
      const where = readAddress(address);
      if (where === undefined) {
        reject(unusable('host and port are needed'));
        return;
      }
      const server = tls.createServer(
        { ...secret, requestCert: true, handshakeTimeout: handshakeDeadline },
        (socket) => {
          const proven = provenBy(socket);
          if (proven === undefined) socket.destroy();
          else accept(connectionOf(socket, proven));
        },
      );
      // Descriptors are few, and a socket that says nothing has one until the handshake's deadline: the oldest makes room.
      const silent = new Set<Socket>();
      server.on('connection', (socket: Socket) => {
        silent.add(socket);
        socket.once('close', () => silent.delete(socket));
        const [oldest] = silent;
        if (silent.size > MOST_SILENT) oldest?.destroy();
      });
      server.on('secureConnection', ({ remotePort, remoteAddress }: TLSSocket) => {
        for (const socket of silent) {
          if (socket.remotePort === remotePort && socket.remoteAddress === remoteAddress) silent.delete(socket);
        }
      });
      // Whoever breaks off or fails the handshake is nobody's concern. Node has destroyed the socket.
      server.on('tlsClientError', () => {});
      server.once('error', (error) => reject(unusable(reasonOf(error))));
      server.listen(where.port, where.host, () => {
        server.on('error', () => {});
        resolve(
          harden({
            address: { host: where.host, port: String((server.address() as { port: number }).port) },
            close: async () => stopListening(server),
          }),
        );
      });
    });

  const dial: Netlayer['dial'] = (address, expected) =>
    new Promise((resolve, reject) => {
      const unreachable = (why: string) =>
        makeError('PEER_UNREACHABLE', `tls ${textOf(address)} cannot be reached: ${why}`);
      const where = readAddress(address);
      if (where === undefined) {
        reject(unreachable('host and port are needed'));
        return;
      }
      const socket = tls.connect({ ...secret, ...where, servername: '' });
      const fail = (reason: Error): void => {
        cancel();
        socket.on('error', () => {});
        socket.destroy();
        reject(reason);
      };
      const cancel = setTimer(() => fail(unreachable(`no answer within ${handshakeDeadline} ms`)), handshakeDeadline);
      const broke = (error: Error): void => fail(unreachable(reasonOf(error)));
      socket.once('error', broke);
      socket.once('secureConnect', () => {
        const proven = provenBy(socket);
        if (proven !== expected) {
          const whose = proven === undefined ? 'proves no key of a peer' : `is peer ${proven}`;
          fail(makeError('PEER_MISMATCH', `tls ${textOf(address)} ${whose}, where peer ${expected} is expected`));
          return;
        }
        cancel();
        socket.removeListener('error', broke);
        resolve(connectionOf(socket, proven));
      });
    });

  return harden({ scheme: 'tls', listen, dial } satisfies Netlayer);
};
harden(makeTlsNetlayer);

/** Resolves when the port is free. Connections that were accepted live on, so the server's own end is not waited for. */
const stopListening = (server: Server): void => {
  if (server.listening) server.close();
};
