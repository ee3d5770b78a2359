/**
 * One connection with one other peer, from the first byte to the last.
 *
 *   greeting   the dialling side says hello; the listening side checks it, asks whether to let it in, and says hello too
 *      │       over the hello deadline, a wrong key, no common version, a second session with one key: closed
 *   open       CapTP messages, pings and pongs
 *      │       bye, end of the stream, silence, a message that makes no sense, a limit: closed
 *   closed     who waits for an answer hears SESSION_CLOSED at once; the tables are empty; last words are written, for a while
 *
 * The session owns the connection. It is never left half open: every way out is through `close`.
 */
import { describeError, makeError } from '../errors/gobs-error.ts';
import type { Messages } from '../vats/messages.ts';
import { makeCapTP, type CapTP, type Counts } from './captp.ts';
import { byeText, readBye, sessionClosed } from './farewell.ts';
import type { Effort } from './effort.ts';
import { makeHeartbeat, type Heartbeat } from './heartbeat.ts';
import { agreedVersion, checkIdentity, helloText, readHello, type Hello } from './hello.ts';
import { makeInbox } from './inbox.ts';
import { limitsForStranger, type Limits } from './limits.ts';
import { countField, parseMessage, type Message } from './message.ts';
import type { Connection } from './netlayers/contract.ts';
import { makeOutbox } from './outbox.ts';
import { shortId, type PeerId } from './peer-id.ts';
import type { PeerPowers } from './powers.ts';
import type { DurableSlots } from './session-tables.ts';
import type { Slot } from './slots.ts';

/** The other side, once its hello was accepted. */
export interface Acquaintance extends Hello {
  /** Of both, the highest version that both speak. */
  readonly version: number;
  /** Has the transport proven its key? */
  readonly proven: boolean;
  /** Both sides keep references over restarts, and have proven their keys. */
  readonly bothDurable: boolean;
  readonly remoteAddress: string;
  readonly outgoing: boolean;
}

export interface SessionOptions {
  readonly connection: Connection;
  /** The peer that was dialled, or undefined if the other side did. */
  readonly dialled: PeerId | undefined;
  readonly ours: Hello;
  readonly limits: Limits;
  readonly powers: PeerPowers;
  readonly effort: Effort;
  readonly messages?: Pick<Messages, 'take' | 'arrive'> | undefined;
  /** Asked once, when it is known who the other side is. A rejection with a code is the end of the session, and told. */
  readonly admit: (other: Acquaintance, session: Session) => Promise<void>;
  /** What the other side gets for nothing. */
  readonly makeBootstrap: (other: Acquaintance, session: Session) => object;
  /** Names of durable references in this session; `hold` keeps what is sent from then on until something is written. */
  readonly makeDurable: (other: Acquaintance, hold: (until: Promise<void>) => void) => DurableSlots;
}

export interface Session {
  /** Rejects with the reason of the end, if that comes first. */
  readonly opened: Promise<Acquaintance>;
  /** The reason of the end. Never rejects. */
  readonly closed: Promise<Error>;
  /** The connection is gone, and last words were said or given up. */
  readonly gone: Promise<void>;
  /** See captp.ts. Before it is open, and after its end, they reject. */
  ask(target: Slot, method: string, args: readonly unknown[]): Promise<unknown>;
  bootstrap(): Promise<unknown>;
  /** Does the other side answer in so many milliseconds? */
  probe(milliseconds: number): Promise<boolean>;
  /** The other side has shown that it was given something here: it may cost more than a stranger. */
  trust(): void;
  /** Ends it, and says why. Idempotent. */
  close(reason: Error): void;
  /** All zero after the end. */
  counts(): Counts;
}

const noCounts: Counts = harden({ questions: 0, answers: 0, exports: 0, imports: 0 });

export const makeSession = (options: SessionOptions): Session => {
  const { connection, dialled, limits, powers, effort, admit, makeBootstrap, makeDurable } = options;
  const { stream, provenPeer, remoteAddress } = connection;
  // Where the transport proves nothing, nobody may claim to be a peer that was given something before.
  const ours: Hello = { ...options.ours, durable: options.ours.durable && provenPeer !== undefined };
  // Whom we dialled is no stranger.
  const allowed = { ...limits, ...(dialled === undefined ? limitsForStranger(limits) : {}) };
  let state: 'greeting' | 'admitting' | 'open' | 'closed' = 'greeting';
  let whom = remoteAddress;
  let ending: Error | undefined;
  let captp: CapTP | undefined;
  let heartbeat: Heartbeat | undefined;
  const opened = Promise.withResolvers<Acquaintance>();
  const closed = Promise.withResolvers<Error>();
  const gone = Promise.withResolvers<void>();
  opened.promise.catch(() => {});

  // ------------------------------------------------------------------------------------------- the end

  const end = (reason: Error, lastWords: string | undefined): void => {
    if (state === 'closed') return;
    state = 'closed';
    ending = sessionClosed(whom, reason);
    cancelDeadline();
    heartbeat?.stop();
    inbox.stop();
    captp?.close(ending);
    outbox.end(lastWords);
    if (!stream.closed) {
      stream.once(
        'close',
        powers.setTimer(() => stream.destroy(), limits.farewell),
      );
    }
    opened.reject(reason);
    closed.resolve(reason);
  };

  const close = (reason: unknown): void => {
    const known = describeError(reason).code !== 'UNEXPECTED' && reason instanceof Error;
    const coded = known
      ? reason
      : makeError('SESSION_CLOSED', `something went wrong: ${describeError(reason).message}`);
    end(coded, byeText(coded));
  };

  const lost = (why: string): void => {
    end(makeError('SESSION_CLOSED', why), undefined);
    stream.destroy();
  };

  stream.once('end', () => lost('the other side hung up'));
  stream.on('error', (error: Error) => lost(`the connection broke: ${error.message}`));
  stream.once('close', () => {
    lost('the connection is gone');
    gone.resolve();
  });
  const cancelDeadline = powers.setTimer(
    () => close(makeError('PROTOCOL_ERROR', `no hello within ${limits.helloDeadline} ms`)),
    limits.helloDeadline,
  );

  // ------------------------------------------------------------------------------------------- greeting

  const greet = (message: Message): void => {
    if (message.type === 'bye') {
      end(readBye(message), undefined);
      return;
    }
    const hello = readHello(message);
    checkIdentity(hello.peerId, provenPeer, dialled);
    whom = `${hello.software} (peer ${shortId(hello.peerId)}, ${remoteAddress})`;
    const version = agreedVersion(ours, hello);
    if (hello.durable && provenPeer === undefined) {
      throw makeError('PROTOCOL_ERROR', `${whom} claims durable references over a connection that proves no key`);
    }
    const bothDurable = ours.durable && hello.durable;
    const proven = provenPeer !== undefined;
    const other = harden({ ...hello, version, proven, bothDurable, remoteAddress, outgoing: dialled !== undefined });
    state = 'admitting';
    inbox.pause();
    admit(other, session).then(() => open(other), close);
  };

  const open = (other: Acquaintance): void => {
    if (state !== 'admitting') return;
    state = 'open';
    cancelDeadline();
    if (!other.outgoing) outbox.send(helloText(ours));
    captp = makeCapTP({
      ...(options.messages === undefined ? {} : { messages: options.messages }),
      from: other.proven ? `peer:${other.peerId}` : 'client',
      send: outbox.send,
      sendLazily: outbox.sendLazily,
      bootstrap: makeBootstrap(other, session),
      durable: other.bothDurable ? makeDurable(other, outbox.hold) : undefined,
      onError: close,
      limits: allowed,
    });
    heartbeat = makeHeartbeat({
      setTimer: powers.setTimer,
      interval: limits.heartbeat,
      heard: inbox.heard,
      sendPing: (n) => outbox.send(`{"type":"ping","n":${n}}`),
      onSilence: () => lost(`no sign of life for ${2 * limits.heartbeat} ms`),
    });
    opened.resolve(other);
    inbox.allow(allowed.frameBytes);
    inbox.resume();
  };

  // ------------------------------------------------------------------------------------------- frames

  const receive = (text: string): void => {
    const message = parseMessage(text, limits.slots);
    if (state === 'greeting') greet(message);
    else if (message.type === 'ping') outbox.send(`{"type":"pong","n":${countField(message, 'n')}}`);
    else if (message.type === 'pong') heartbeat?.pong(countField(message, 'n'));
    else if (message.type === 'bye') end(readBye(message), undefined);
    else captp?.dispatch(message);
  };

  const outbox = makeOutbox({ stream, limit: limits.bytesWaiting, onFailure: close, soon: powers.soon });
  const inbox = makeInbox({ stream, limits, powers, effort, onText: receive, onError: close });

  const notOpen = (): Promise<never> =>
    Promise.reject(ending ?? makeError('SESSION_CLOSED', `the session with ${whom} is not open yet`));

  const session: Session = harden({
    opened: opened.promise,
    closed: closed.promise,
    gone: gone.promise,
    ask: (target, method, args) => captp?.ask(target, method, args) ?? notOpen(),
    bootstrap: () => captp?.bootstrap() ?? notOpen(),
    probe: (milliseconds) => heartbeat?.probe(milliseconds) ?? Promise.resolve(false),
    trust: () => {
      Object.assign(allowed, limits);
      if (state === 'open') inbox.allow(limits.frameBytes);
    },
    close,
    counts: () => captp?.counts() ?? noCounts,
  } satisfies Session);

  if (dialled !== undefined) outbox.send(helloText(ours));
  return session;
};
harden(makeSession);
