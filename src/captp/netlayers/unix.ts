/**
 * A Unix socket: for clients on the same host. The file's mode is the proof that somebody may speak, so nobody's key is proven; the
 * directory should belong to the same user and be closed to others.
 */
import type { Server, Socket } from 'node:net';
import { makeError } from '../../errors/gobs-error.ts';
import type { Address, Connection, Netlayer } from './contract.ts';

export interface UnixNetlayerPowers {
  readonly net: Pick<typeof import('node:net'), 'createServer' | 'connect'>;
  readonly fs: Pick<typeof import('node:fs'), 'lstatSync' | 'unlinkSync'>;
  /** Sets the mode bits that new files do not get; returns the old ones. `process.umask`. */
  readonly umask: (mask: number) => number;
}

/** What the system's address structure holds; longer paths fail, on some systems without a word. */
export const longestSocketPath = 107;
harden(longestSocketPath);

/** So that the socket file has mode 0600 from its first moment. */
const OWNER_ONLY = 0o177;

const reasonOf = (error: unknown): string => String((error as { code?: unknown }).code ?? error);

const connectionOf = (socket: Socket, path: string): Connection => ({
  stream: socket,
  provenPeer: undefined,
  remoteAddress: `unix ${path}`,
});

const whyNot = ({ path }: Address): string | undefined => {
  if (path === undefined || path === '') return 'a path is needed';
  const bytes = Buffer.byteLength(path);
  return bytes > longestSocketPath ? `its path has ${bytes} bytes, where ${longestSocketPath} are allowed` : undefined;
};

export const makeUnixNetlayer = ({ net, fs, umask }: UnixNetlayerPowers): Netlayer => {
  const connect = (path: string): Promise<Socket> =>
    new Promise((resolve, reject) => {
      const socket = net.connect({ path });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.removeListener('error', reject);
        resolve(socket);
      });
    });

  const bind = (path: string, accept: (connection: Connection) => void): Promise<Server> =>
    new Promise((resolve, reject) => {
      const server = net.createServer((socket) => accept(connectionOf(socket, path)));
      server.once('error', reject);
      const before = umask(OWNER_ONLY);
      try {
        server.listen(path, () => {
          server.removeListener('error', reject);
          server.on('error', () => {});
          resolve(server);
        });
      } finally {
        umask(before);
      }
    });

  /** Is the file that is in the way a socket of a process that is gone? Then it is removed. */
  const removeStale = async (path: string): Promise<boolean> => {
    if (!fs.lstatSync(path).isSocket()) return false;
    try {
      (await connect(path)).destroy();
      return false;
    } catch (error) {
      if (reasonOf(error) !== 'ECONNREFUSED') return false;
    }
    fs.unlinkSync(path);
    return true;
  };

  const listen: Netlayer['listen'] = async (address, accept) => {
    const { path = '?' } = address;
    const unusable = (why: string) =>
      makeError('ADDRESS_UNUSABLE', `unix socket ${path} cannot be listened on: ${why}`);
    const wrong = whyNot(address);
    if (wrong !== undefined) throw unusable(wrong);
    let server: Server;
    try {
      server = await bind(path, accept).catch(async (error: unknown) => {
        if (reasonOf(error) !== 'EADDRINUSE' || !(await removeStale(path))) throw error;
        return bind(path, accept);
      });
    } catch (error) {
      const why = reasonOf(error);
      throw unusable(why === 'EADDRINUSE' ? 'another process listens there, or the file is no socket' : why);
    }
    return harden({
      address: { path },
      close: async () => {
        if (server.listening) server.close();
      },
    });
  };

  const dial: Netlayer['dial'] = async (address) => {
    const { path = '?' } = address;
    const unreachable = (why: string) => makeError('PEER_UNREACHABLE', `unix socket ${path} cannot be reached: ${why}`);
    const wrong = whyNot(address);
    if (wrong !== undefined) throw unreachable(wrong);
    try {
      return connectionOf(await connect(path), path);
    } catch (error) {
      throw unreachable(reasonOf(error));
    }
  };

  return harden({ scheme: 'unix', listen, dial } satisfies Netlayer);
};
harden(makeUnixNetlayer);
