/**
 * One SSH connection over a stream that is there already. The key that the host shows is judged before anything is said to it, and again whenever keys
 * are exchanged anew.
 *
 *   stream ─▶ key exchange ─▶ judge the host's key ─▶ login ─▶ connection ─▶ … ─▶ ended(why)
 *
 * The library keeps the connection alive by its own timer; all deadlines are ours.
 */
import type { Client } from 'ssh2';
import type { Duplex } from 'node:stream';
import { makeError } from '../../errors/gobs-error.ts';
import { plainText } from '../../protocol/plain-text.ts';
import type { Attempt } from './credentials.ts';

export interface ConnectRequest {
  /** For messages: `root@10.0.0.1:22`. */
  readonly where: string;
  readonly user: string;
  /** Connected; ours from now on. */
  readonly stream: Duplex;
  /** Of the host's key. */
  readonly algorithms: readonly string[];
  /** Undefined: go on. */
  readonly refuseKey: (key: Uint8Array) => Error | undefined;
  readonly attempts: readonly Attempt[];
  /** Fulfilled with why it took too long. */
  readonly late: Promise<Error>;
}

export interface Connection {
  readonly where: string;
  /** The library's own, so it is not hardened. */
  readonly client: Client;
  /** Fulfilled when it is over, with why: HOST_UNREACHABLE, HOST_KEY_CHANGED. Never rejected. */
  readonly ended: Promise<Error>;
  /** Idempotent. */
  close(): void;
}

/** Milliseconds, and how often in vain. */
const KEEPALIVE = 15_000;
const KEEPALIVES = 3;
/** Characters that a host may say before it lets somebody in. */
const LONGEST_BANNER = 64 * 1024;

const exchange = harden({
  cipher: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr', 'aes192-ctr', 'aes256-ctr'],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
});

/** Is there no key of the types that were asked for? */
export const isNoSuchKey = (error: unknown): boolean =>
  error instanceof Error && error.message.includes('it has no host key of the types that were asked for');
harden(isNoSuchKey);

const saidBy = (error: Error): string => plainText(error.message, 200);

const refusedLogin = ({ where, user, attempts }: ConnectRequest, takes: readonly string[] | undefined): Error =>
  makeError(
    'HOST_LOGIN_REFUSED',
    `${where}: nobody is let in as ${user} with ${attempts.map(({ words }) => words).join(', ') || 'nothing, for there was no key to try'}${
      takes === undefined ? '' : `; it takes ${plainText(takes.join(', '), 100)}`
    }`,
    { hint: 'set user and identity, put a key into an agent, or add the public key to authorized_keys there' },
  );

interface SshError extends Error {
  readonly level?: string;
}

/** What an error of the library means; undefined: it goes on. */
const failureOf = (
  error: SshError,
  request: ConnectRequest,
  takes: readonly string[] | undefined,
): Error | undefined => {
  const { where } = request;
  // Without its agent there may be other keys.
  if (error.level === 'agent') return undefined;
  if (error.level === 'client-authentication') {
    return error.message.startsWith('All configured') ? refusedLogin(request, takes) : undefined;
  }
  // So many keys of an agent that the right one was not among the first.
  if (/authentication failures/i.test(error.message)) return refusedLogin(request, takes);
  if (error.message.includes('no matching host key')) {
    return makeError('HOST_UNREACHABLE', `${where}: it has no host key of the types that were asked for`);
  }
  return makeError('HOST_UNREACHABLE', `${where}: the connection was lost: ${saidBy(error)}`);
};

/** Rejects HOST_UNREACHABLE, HOST_LOGIN_REFUSED, or what `refuseKey` and `late` give; then the stream is destroyed. */
export const openConnection = (request: ConnectRequest, ssh2: typeof import('ssh2')): Promise<Connection> => {
  const { where, user, stream, algorithms, refuseKey, attempts, late } = request;
  const client = new ssh2.Client();
  let reason: Error | undefined;
  let takes: readonly string[] | undefined;
  let said = 0;
  const { promise: ended, resolve: end } = Promise.withResolvers<Error>();
  const fail = (error: Error): void => {
    reason ??= error;
    client.destroy();
    stream.destroy();
    end(reason);
  };
  const rest = [...attempts];
  const nextAttempt = (methods: readonly string[] | null): Attempt['method'] | false | 'none' => {
    // The first is asked for nothing, to hear what it takes.
    if (methods === null) return 'none';
    takes = methods;
    for (;;) {
      const attempt = rest.shift();
      if (attempt === undefined) return false;
      const needed = attempt.method.type === 'agent' ? 'publickey' : attempt.method.type;
      if (methods.includes(needed)) return attempt.method;
    }
  };
  return new Promise((resolve, reject) => {
    void ended.then(reject);
    void late.then(fail);
    client
      .on('ready', () => resolve(Object.freeze({ where, client, ended, close: () => fail(closed(where)) })))
      .on('banner', (text) => {
        said += text.length;
        if (said > LONGEST_BANNER) {
          fail(makeError('HOST_UNREACHABLE', `${where}: it talks without end before it lets anybody in`));
        }
      })
      .on('error', (error) => {
        const failure = failureOf(error, request, takes);
        if (failure !== undefined) fail(failure);
      })
      .on('close', () => fail(makeError('HOST_UNREACHABLE', `${where}: the connection was lost`)));
    client.connect({
      sock: stream as never,
      username: user,
      readyTimeout: 0,
      keepaliveInterval: KEEPALIVE,
      keepaliveCountMax: KEEPALIVES,
      algorithms: { ...exchange, serverHostKey: algorithms } as never,
      hostVerifier: ((key: Uint8Array): boolean => {
        const refusal = refuseKey(key);
        if (refusal !== undefined) reason ??= refusal;
        return refusal === undefined;
      }) as never,
      authHandler: ((methods: string[] | null, _partial: boolean, next: (attempt: unknown) => void) =>
        next(nextAttempt(methods))) as never,
    });
  });
};
harden(openConnection);

const closed = (where: string): Error => makeError('HOST_UNREACHABLE', `${where}: the connection was closed`);
