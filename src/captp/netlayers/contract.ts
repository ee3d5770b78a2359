/**
 * What a transport must do, and all that a session knows of it. One file per transport beside this one;
 * `test/contracts/netlayer.ts` is run by each.
 */
import type { Duplex } from 'node:stream';
import type { PeerId } from '../peer-id.ts';

/** Where a peer can be dialled: the hint part of a locator, e.g. `{host, port}` for tls, `{path}` for unix. */
export type Address = Readonly<Record<string, string>>;

export interface Connection {
  /** Bytes both ways, in order. Ending it ends the connection. Owned by whoever got the connection. */
  readonly stream: Duplex;
  /** The id proven by the transport, or undefined where it proves none (unix): then the hello's claim is taken. */
  readonly provenPeer: PeerId | undefined;
  /** For people: `127.0.0.1:50123`, `unix`. */
  readonly remoteAddress: string;
}

export interface Listener {
  /** Where it really listens (with the port that the system chose, if it was 0). */
  readonly address: Address;
  /** Accepts no more; connections that were accepted live on. Idempotent. */
  close(): Promise<void>;
}

export interface Netlayer {
  /** The part of a locator after the peer id: `tls`, `unix`, `loopback`. */
  readonly scheme: string;
  /** Rejects with ADDRESS_UNUSABLE, naming address and reason. */
  listen(address: Address, accept: (connection: Connection) => void): Promise<Listener>;
  /** Rejects with PEER_UNREACHABLE (nobody there) or PEER_MISMATCH (somebody else). */
  dial(address: Address, expected: PeerId): Promise<Connection>;
}
