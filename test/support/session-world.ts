/**
 * Sessions without peers around them: two honest ones joined by a pipe, or one with a stranger at the other end who writes
 * whatever a test likes.
 */
import { duplexPair, type Duplex } from 'node:stream';
import { Far } from '@endo/far';
import { expect } from 'vitest';
import { encodeFrames, makeFrameReader } from '../../src/captp/framing.ts';
import { helloText, type Hello } from '../../src/captp/hello.ts';
import { defaultLimits, type Limits } from '../../src/captp/limits.ts';
import type { PeerId } from '../../src/captp/peer-id.ts';
import { makeSession, type Session, type SessionOptions } from '../../src/captp/session.ts';
import { makeFakeClock, type FakeClock } from './fake-clock.ts';

export const [aliceId, bobId] = ['a'.repeat(52), 'b'.repeat(52)] as const;

const helloOf = (peerId: PeerId, more: Partial<Hello> = {}): Hello => ({
  versions: { lowest: 1, highest: 1 },
  peerId,
  epoch: 1,
  software: `test of ${peerId.charAt(0)}`,
  durable: false,
  ...more,
});

export interface SideOptions {
  readonly bootstrap?: object;
  readonly limits?: Partial<Limits>;
  readonly hello?: Partial<Hello>;
  readonly clock?: FakeClock;
  readonly admit?: SessionOptions['admit'];
  readonly messages?: SessionOptions['messages'];
  /** What the transport says of the other side. */
  readonly provenPeer?: PeerId | undefined;
  readonly dialled?: PeerId | undefined;
}

/** Alice's, unless the options say otherwise. */
export const makeSide = (stream: Duplex, self: PeerId, options: SideOptions): Session => {
  const {
    bootstrap = Far('Nothing', {}),
    limits,
    hello,
    clock = makeFakeClock(),
    admit = async () => {},
    dialled,
  } = options;
  return makeSession({
    connection: { stream, provenPeer: options.provenPeer, remoteAddress: 'a pipe' },
    dialled,
    ours: helloOf(self, hello),
    limits: { ...defaultLimits, ...limits },
    powers: {
      now: clock.now,
      setTimer: clock.setTimer,
      soon: (callback) => void setImmediate(callback),
      randomBytes: (count) => new Uint8Array(count),
    },
    // The clock stands still here: nobody would ever have rested. effort.test.ts has those that rest.
    effort: { rest: () => 0, rested: () => {} },
    admit,
    messages: options.messages,
    makeBootstrap: () => bootstrap,
    makeDurable: () => {
      throw Error('no durable references here');
    },
  });
};

/** Alice dials Bob. */
export const makeSessionPair = (
  alice: SideOptions = {},
  bob: SideOptions = {},
): readonly [alice: Session, bob: Session] => {
  const [near, far] = duplexPair();
  return [
    makeSide(near, aliceId, { dialled: bobId, provenPeer: bobId, ...alice }),
    makeSide(far, bobId, { provenPeer: aliceId, ...bob }),
  ];
};

export interface Stranger {
  readonly session: Session;
  readonly stream: Duplex;
  /** Whole frames. */
  say(...texts: readonly string[]): void;
  sayBytes(bytes: Buffer): void;
  /** What the session said so far. */
  readonly heard: readonly Readonly<Record<string, unknown>>[];
  /** Resolves when something like this was said; rejects when the session has gone without. */
  hear(type: string): Promise<Readonly<Record<string, unknown>>>;
  /** From now on nothing is read. */
  stopReading(): void;
}

/** Somebody connects to Bob's session and has said nothing yet. */
export const makeStranger = (bob: SideOptions = {}): Stranger => {
  const [stream, far] = duplexPair();
  const session = makeSide(far, bobId, { provenPeer: aliceId, ...bob });
  const heard: Readonly<Record<string, unknown>>[] = [];
  const waiting = new Set<() => void>();
  const reader = makeFrameReader(1 << 30);
  stream.on('data', (chunk: Buffer) => {
    reader.push(chunk);
    for (let text = reader.next(); text !== undefined; text = reader.next()) heard.push(JSON.parse(text) as never);
    for (const look of [...waiting]) look();
  });
  stream.on('error', () => {});
  return {
    session,
    stream,
    say: (...texts) => void stream.write(encodeFrames(texts)),
    sayBytes: (bytes) => void stream.write(bytes),
    heard,
    hear: (type) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = heard.find((message) => message.type === type);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
        void session.gone.then(() => reject(Error(`${type} was never said: ${JSON.stringify(heard)}`)));
      }),
    stopReading: () => void stream.pause(),
  };
};

export const strangersHello = (more: Partial<Hello> = {}): string => helloText(helloOf(aliceId, more));

/** A stranger that has said hello, and nothing else. */
export const makeVisitor = async (bob: SideOptions = {}): Promise<Stranger> => {
  const stranger = makeStranger(bob);
  stranger.say(strangersHello());
  await stranger.session.opened;
  return stranger;
};

/** One that is trusted with the full limits. */
export const makeGuest = async (bob: SideOptions = {}): Promise<Stranger> => {
  const guest = await makeVisitor(bob);
  guest.session.trust();
  return guest;
};

/** Nothing is left of a session that has ended. */
export const expectEmpty = (session: Session): void =>
  expect(session.counts()).toEqual({ questions: 0, answers: 0, exports: 0, imports: 0 });
