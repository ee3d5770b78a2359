/**
 * The loopback network, with a hand on its wires: a test can cut them, or let them go dead as when a host loses its power, when
 * nobody hears an end.
 */
import { duplexPair, type Duplex } from 'node:stream';
import { makeLoopbackNetwork } from '../../src/captp/netlayers/loopback.ts';
import type { Connection, Netlayer } from '../../src/captp/netlayers/contract.ts';
import type { PeerId } from '../../src/captp/peer-id.ts';

export interface Wire {
  /** Both ends see the end, at once. */
  cut(): void;
  /** From now on nothing passes, and neither end is told. */
  goDead(): void;
  /** Texts that passed, in both directions: what was written at once is one. */
  readonly passed: readonly Buffer[];
}

export interface BreakableNetwork {
  netlayerOf(peerId: PeerId): Netlayer;
  /** In the order in which they were dialled. */
  readonly wires: readonly Wire[];
  /** Dialling fails as if nobody listened, or works again. */
  setReachable(reachable: boolean): void;
}

const lay = (connection: Connection): { readonly connection: Connection; readonly wire: Wire } => {
  const [end, middle] = duplexPair();
  const other = connection.stream;
  const passed: Buffer[] = [];
  let dead = false;
  const pass = (from: Duplex, to: Duplex): void => {
    from.on('data', (chunk: Buffer) => {
      passed.push(chunk);
      if (!dead && to.writable) to.write(chunk);
    });
    from.on('end', () => void (dead || to.end()));
    from.on('close', () => void (dead || from.writableFinished || to.destroy()));
    from.on('error', () => {});
  };
  end.once('close', () => void (end.writableFinished || middle.destroy()));
  pass(middle, other);
  pass(other, middle);
  const wire = {
    cut: () => {
      middle.destroy();
      end.destroy();
      other.destroy();
    },
    goDead: () => {
      dead = true;
    },
    passed,
  };
  return { connection: { ...connection, stream: end }, wire };
};

export const makeBreakableNetwork = (): BreakableNetwork => {
  const network = makeLoopbackNetwork();
  const wires: Wire[] = [];
  let reachable = true;
  return {
    netlayerOf: (peerId) => {
      const { scheme, listen, dial } = network.netlayerOf(peerId);
      return {
        scheme,
        listen,
        dial: async (address, expected) => {
          const { connection, wire } = lay(await dial(reachable ? address : { name: 'nobody' }, expected));
          wires.push(wire);
          return connection;
        },
      };
    },
    wires,
    setReachable: (value) => {
      reachable = value;
    },
  };
};
