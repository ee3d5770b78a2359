/**
 * For a host that cannot reach its boss: a port of the host's own loopback interface that leads here, over a connection that the boss opened. It is kept up
 * as long as the boss runs, and opened again with pauses that grow when it is lost.
 *
 *   hob ─▶ 127.0.0.1:port on its host ══ ssh ══▶ this process ─▶ the door where hobs come in
 *
 * The port must stay the same for ever, because the hob remembers it; so must who may use it: nobody beyond the host itself.
 */
import type { Duplex } from 'node:stream';
import { makeError } from '../../errors/gobs-error.ts';
import { plainText } from '../../protocol/plain-text.ts';
import type { Connection } from './connection.ts';
import { makeShell } from './shell.ts';

export interface ForwardingPowers {
  readonly connect: () => Promise<Connection>;
  /** A stream to the door. */
  readonly dialBoss: () => Duplex;
  readonly setTimer: (callback: () => void, milliseconds: number) => () => void;
  /** From 0 to 1. */
  readonly random: () => number;
  /** It was lost, or could not be opened; it will be tried again. */
  readonly tell: (reason: Error, retryIn: number) => void;
}

export interface Forwarding {
  /** Fulfilled when it is up; rejected with why the first attempt failed. */
  readonly opened: Promise<void>;
  /** For ever. Idempotent. */
  close(): void;
}

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;
const JITTER = 0.2;
/** Milliseconds for a host to open a port. */
const BIND_DEADLINE = 20_000;
/** Streams at once: a hob needs one, and one more while it changes over. */
const MOST_STREAMS = 16;

const joinStreams = (one: Duplex, other: Duplex): void => {
  one.pipe(other);
  other.pipe(one);
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  }
};

/** Who listens on that port, as Linux tells it in /proc. */
const listenersScript = (port: number): string => {
  const digits = port.toString(16).toUpperCase().padStart(4, '0');
  return `cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -i ':${digits} 0*:0000 0A'`;
};

/** And where else than on the loopback interface. */
const lookScript = (port: number): string =>
  `${listenersScript(port)} | grep -v -i -e ' 0100007F:' -e ' 00000000000000000000000001000000:' || :`;

/** sshd says the same of a port that is held and of one that it is not to open. */
const notOpened = async (
  connection: Connection,
  port: number,
  why: string,
  setTimer: ForwardingPowers['setTimer'],
): Promise<Error> => {
  const { where } = connection;
  const shell = makeShell(connection, { sudo: false, setTimer });
  const { stdout } = await shell.run(`${listenersScript(port)} || :`, { deadline: BIND_DEADLINE });
  return stdout.trim() === ''
    ? makeError('HOST_NOT_MANAGEABLE', `${where}: its sshd opens no port 127.0.0.1:${port} for its hob: ${why}`, {
        hint: 'set AllowTcpForwarding yes (or remote) in its sshd_config',
      })
    : makeError('HOST_NOT_MANAGEABLE', `${where}: something there holds the port ${port}, which is for its hob`, {
        hint: `see who: ss -ltnp 'sport = ${port}'. An sshd of a connection whose loss the host did not notice can be ended; ClientAliveInterval in its sshd_config makes it end by itself`,
      });
};

/** Rejects HOST_NOT_MANAGEABLE if others than the host itself could come in. */
const requireLoopback = async (
  connection: Connection,
  port: number,
  setTimer: ForwardingPowers['setTimer'],
): Promise<void> => {
  const { stdout } = await makeShell(connection, { sudo: false, setTimer }).run(lookScript(port), {
    deadline: BIND_DEADLINE,
  });
  if (stdout.trim() === '') return;
  throw makeError(
    'HOST_NOT_MANAGEABLE',
    `${connection.where}: its sshd opens forwarded ports to everybody (GatewayPorts yes)`,
    {
      hint: 'set GatewayPorts to no or clientspecified in its sshd_config',
    },
  );
};

/** Rejects HOST_NOT_MANAGEABLE, HOST_UNREACHABLE. */
export const bindPort = async (
  connection: Connection,
  port: number,
  { dialBoss, setTimer }: Pick<ForwardingPowers, 'dialBoss' | 'setTimer'>,
): Promise<void> => {
  const { where, client, ended } = connection;
  let refusal: string | undefined;
  let streams = 0;
  client.on('tcp connection', (details, accept, reject) => {
    if (details.destPort !== port || streams >= MOST_STREAMS) {
      reject();
      return;
    }
    streams += 1;
    const channel = accept();
    channel.once('close', () => {
      streams -= 1;
    });
    joinStreams(channel, dialBoss());
  });
  await new Promise<void>((resolve, reject) => {
    void ended.then(reject);
    const cancel = setTimer(
      () => reject(makeError('HOST_UNREACHABLE', `${where}: it did not open a port within ${BIND_DEADLINE / 1_000} s`)),
      BIND_DEADLINE,
    );
    client.forwardIn('127.0.0.1', port, (error) => {
      cancel();
      if (error !== undefined && error !== null) refusal = plainText(error.message, 100);
      resolve();
    });
  });
  if (refusal !== undefined) throw await notOpened(connection, port, refusal, setTimer);
  await requireLoopback(connection, port, setTimer);
};
harden(bindPort);

/** Begins at once, and goes on until it is closed. */
export const keepForwarding = (port: number, powers: ForwardingPowers): Forwarding => {
  const { connect, setTimer, random, tell } = powers;
  const { promise: opened, resolve, reject } = Promise.withResolvers<void>();
  // Nobody may be waiting.
  opened.catch(() => {});
  let isClosed = false;
  let current: Connection | undefined;
  let cancel = (): void => {};

  /** Fulfilled with why, when it is lost. */
  const once = async (): Promise<Error> => {
    const connection = await connect();
    if (isClosed) connection.close();
    current = connection;
    try {
      await bindPort(connection, port, powers);
    } catch (error) {
      connection.close();
      throw error;
    }
    resolve();
    return connection.ended;
  };

  const run = async (pause: number): Promise<void> => {
    let reason: Error;
    let wasUp = false;
    try {
      const lost = once();
      reason = await lost;
      wasUp = true;
    } catch (error) {
      reason = error as Error;
      reject(reason);
    }
    if (isClosed) return;
    const next = wasUp ? FIRST_PAUSE : pause;
    const retryIn = Math.round(next * (1 - JITTER + 2 * JITTER * random()));
    tell(reason, retryIn);
    cancel = setTimer(() => void run(Math.min(LONGEST_PAUSE, 2 * next)), retryIn);
  };
  void run(FIRST_PAUSE);

  return harden({
    opened,
    close: () => {
      isClosed = true;
      cancel();
      current?.close();
      reject(makeError('HOST_UNREACHABLE', 'the forwarding was closed'));
    },
  });
};
harden(keepForwarding);
