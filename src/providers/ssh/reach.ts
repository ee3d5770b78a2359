/**
 * Goes a route: connects to its first host, from there to the next, and so on. Each host on the way proves its key as the last one does, and hands on
 * bytes that only the two ends can read.
 */
import type { Duplex } from 'node:stream';
import { makeError } from '../../errors/gobs-error.ts';
import { plainText } from '../../protocol/plain-text.ts';
import { isNoSuchKey, openConnection, type Connection } from './connection.ts';
import type { Route, Stop } from './route.ts';
import { changedKey, judgeKey, offersFor, unknownKey, type Verdict } from './trust.ts';
import { keyTypes } from './host-key.ts';

export interface ReachPowers {
  readonly net: Pick<typeof import('node:net'), 'connect'>;
  readonly ssh2: typeof import('ssh2');
  readonly setTimer: (callback: () => void, milliseconds: number) => () => void;
}

/** Milliseconds for one host: to answer, to prove its key, to let us in. */
export const CONNECT_DEADLINE = 30_000;
harden(CONNECT_DEADLINE);

/** Called with the key of a host that nobody has pinned. `before`: the keys that the hosts before it on the way have shown, which are. */
export type OnUnknownKey = (key: Uint8Array, stop: Stop, before: readonly Uint8Array[]) => void;

const reasonOf = (error: unknown): string => {
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  const known: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'nobody listens there',
    EHOSTUNREACH: 'there is no way to it',
    ENETUNREACH: 'there is no way to its network',
    ENOTFOUND: 'nobody knows that name',
    EAI_AGAIN: 'nobody answers what its address is',
    ETIMEDOUT: 'it does not answer',
    ECONNRESET: 'it hung up',
  };
  return code !== undefined && Object.hasOwn(known, code) ? known[code]! : String(code ?? message);
};

const dial = ({ host, port, where }: Stop, { net }: ReachPowers, late: Promise<Error>): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    const socket = net.connect({ host, port });
    socket.setNoDelay(true);
    socket.once('connect', () => resolve(socket));
    socket.once('error', (error) => reject(makeError('HOST_UNREACHABLE', `${where}: ${reasonOf(error)}`)));
    void late.then((error) => {
      // Nothing happens if it is connected by now: whoever has it gives up by itself.
      reject(error);
      if (socket.connecting) socket.destroy();
    });
  });

const dialThrough = (from: Connection, { host, port, where }: Stop, late: Promise<Error>): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    void late.then(reject);
    void from.ended.then(reject);
    from.client.forwardOut('127.0.0.1', 0, host, port, (error, stream) => {
      if (error === undefined || error === null) resolve(stream);
      else {
        const why = plainText(error.message, 200);
        reject(makeError('HOST_UNREACHABLE', `${where}: ${from.where} does not get there: ${why}`));
      }
    });
  });

/** One stop, with one attempt for each list of key types until the pinned key was shown. */
const reachStop = async (
  stop: Stop,
  from: Connection | undefined,
  powers: ReachPowers,
  onKey: { readonly pinned: (key: Uint8Array) => void; readonly unknown: (key: Uint8Array) => void },
): Promise<Connection> => {
  const { where, user, trust, attempts } = stop;
  const found: Uint8Array[] = [];
  let verdict: Verdict = 'changed';
  const { promise: late, resolve: tooLate } = Promise.withResolvers<Error>();
  const cancel = powers.setTimer(
    () => tooLate(makeError('HOST_UNREACHABLE', `${where}: it did not let us in within ${CONNECT_DEADLINE / 1_000} s`)),
    CONNECT_DEADLINE,
  );
  const refuseKey = (key: Uint8Array): Error | undefined => {
    verdict = judgeKey(key, trust);
    if (verdict === 'pinned') {
      onKey.pinned(key);
      return undefined;
    }
    found.push(key);
    if (verdict === 'unknown') onKey.unknown(key);
    return verdict === 'unknown' ? unknownKey(where, key, trust) : changedKey(where, found, trust, verdict);
  };
  const attempt = async (algorithms: readonly string[]): Promise<Connection | Error> => {
    const stream = await (from === undefined ? dial(stop, powers, late) : dialThrough(from, stop, late));
    const seen = found.length;
    try {
      return await openConnection({ where, user, stream, algorithms, refuseKey, attempts, late }, powers.ssh2);
    } catch (error) {
      // Another key, or none of the types: the next types are tried.
      if ((found.length > seen && verdict === 'changed') || isNoSuchKey(error)) return error as Error;
      throw error;
    }
  };
  try {
    for (const algorithms of offersFor(trust)) {
      const outcome = await attempt(algorithms);
      if (!(outcome instanceof Error)) return outcome;
    }
    // For the message: what does it show by itself?
    const shown = found.length === 0 ? await attempt(Object.values(keyTypes).flat()) : undefined;
    if (shown !== undefined && !(shown instanceof Error)) return shown;
    throw changedKey(where, found, trust, 'changed');
  } finally {
    cancel();
  }
};

/**
 * Rejects HOST_UNREACHABLE, HOST_KEY_UNKNOWN, HOST_KEY_CHANGED, HOST_LOGIN_REFUSED; then nothing is connected any more. Whoever closes what it gives closes the
 * whole way.
 */
export const reach = async (route: Route, powers: ReachPowers, onUnknownKey?: OnUnknownKey): Promise<Connection> => {
  const way: Connection[] = [];
  const shown: Uint8Array[] = [];
  const closeAll = (): void => [...way].reverse().forEach((connection) => connection.close());
  try {
    for (const [at, stop] of route.entries()) {
      const onKey = {
        pinned: (key: Uint8Array) => void (shown[at] = key),
        unknown: (key: Uint8Array) => onUnknownKey?.(key, stop, shown),
      };
      way.push(await reachStop(stop, way.at(-1), powers, onKey));
    }
  } catch (error) {
    closeAll();
    throw error;
  }
  const last = way.at(-1)!;
  void last.ended.then(closeAll);
  return last;
};
harden(reach);
