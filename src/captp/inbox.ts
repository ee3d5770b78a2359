/**
 * What comes from a stream, frame by frame, and never so much at a time that other sessions have to wait.
 *
 *   chunk ──▶ frames ──▶ at most so many, so large ──▶ the stream is paused, and the event loop serves others ──▶ the next
 *
 * Frames that are much work make the session rest longer; see effort.ts. A paused stream fills the buffers of both hosts, and then the sender has to wait: whoever floods slows itself down.
 */
import type { Duplex } from 'node:stream';
import { costOf, type Effort } from './effort.ts';
import { makeFrameReader } from './framing.ts';
import type { Limits } from './limits.ts';
import type { PeerPowers } from './powers.ts';

export interface InboxOptions {
  readonly stream: Duplex;
  readonly limits: Pick<Limits, 'helloBytes' | 'framesPerTurn' | 'bytesPerTurn' | 'framesPerSecond'>;
  readonly powers: Pick<PeerPowers, 'now' | 'setTimer' | 'soon'>;
  /** Of all the sessions of this peer. */
  readonly effort: Effort;
  /** One frame. May throw, which is passed to `onError`. */
  readonly onText: (text: string) => void;
  /** The inbox has stopped; the owner closes the session. */
  readonly onError: (reason: unknown) => void;
}

export interface Inbox {
  /** From now on frames may have so many bytes; before, only those of a hello. */
  allow(frameBytes: number): void;
  /** Nothing is taken until `resume`. */
  pause(): void;
  resume(): void;
  /** What comes from now on is thrown away. */
  stop(): void;
  /** Did any byte come since this was last asked? */
  heard(): boolean;
}

const SECOND = 1_000;
const nothing = (): void => {};

export const makeInbox = ({ stream, limits, powers, effort, onText, onError }: InboxOptions): Inbox => {
  const reader = makeFrameReader(limits.helloBytes);
  let paused = false;
  let stopped = false;
  let resting = false;
  let anything = false;
  let second = powers.now();
  let framesInSecond = 0;

  /** Milliseconds to wait, because enough came in this second. */
  const tooFast = (): number => {
    const now = powers.now();
    const elapsed = now - second;
    if (elapsed >= SECOND || elapsed < 0) {
      second = now;
      framesInSecond = 0;
    }
    return framesInSecond < limits.framesPerSecond ? 0 : SECOND - elapsed;
  };

  /** Of a session that ends while it rests. */
  let endRest = nothing;
  /** Of what was taken since it last rested. */
  let cost = 0;

  /** Takes what one session may take at a time. True if there may be more. */
  const take = (): boolean => {
    let bytes = 0;
    cost = 0;
    for (let frames = 0; frames < limits.framesPerTurn && bytes < limits.bytesPerTurn; frames += 1) {
      const text = reader.next();
      if (text === undefined) return false;
      framesInSecond += 1;
      bytes += text.length;
      cost += costOf(text);
      onText(text);
      if (paused || stopped) return true;
    }
    return true;
  };

  const rest = (wake: (callback: () => void) => void): void => {
    resting = true;
    stream.pause();
    wake(() => {
      resting = false;
      work();
    });
  };

  const restLong = (milliseconds: number): void => {
    rest((callback) => {
      const cancel = powers.setTimer(() => {
        endRest = nothing;
        effort.rested();
        callback();
      }, milliseconds);
      endRest = () => {
        cancel();
        effort.rested();
      };
    });
  };

  const work = (): void => {
    if (paused || stopped || resting) return;
    const delay = tooFast();
    if (delay > 0) {
      rest((callback) => void powers.setTimer(callback, delay));
      return;
    }
    try {
      const more = take();
      if (paused || stopped) return;
      const tired = effort.rest(cost);
      if (tired > 0) restLong(tired);
      else if (more) rest(powers.soon);
      else stream.resume();
    } catch (error) {
      stop();
      onError(error);
    }
  };

  const stop = (): void => {
    stopped = true;
    endRest();
    endRest = nothing;
    stream.removeListener('data', receive);
    stream.resume();
  };

  const receive = (chunk: Buffer): void => {
    anything = true;
    reader.push(chunk);
    work();
  };
  stream.on('data', receive);

  return harden({
    allow: reader.allow,
    pause: () => {
      paused = true;
      stream.pause();
    },
    resume: () => {
      paused = false;
      work();
    },
    stop,
    heard: () => {
      const was = anything;
      anything = false;
      return was;
    },
  } satisfies Inbox);
};
harden(makeInbox);
