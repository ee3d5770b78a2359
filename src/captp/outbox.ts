/**
 * What waits to be written to a stream. Frames of one moment leave in one write; frames that must not leave before something is
 * durable wait for it, and so does everything behind them, because order is what makes a session's tables agree.
 *
 * A side that does not read makes this grow. It may grow up to a limit.
 */
import type { Duplex } from 'node:stream';
import { makeError } from '../errors/gobs-error.ts';
import { encodeFrames } from './framing.ts';

export interface OutboxOptions {
  readonly stream: Duplex;
  /** Bytes. */
  readonly limit: number;
  /** The limit is passed, or what was waited for failed. The outbox is of no more use; the owner closes the session. */
  readonly onFailure: (reason: Error) => void;
}

export interface Outbox {
  send(text: string): void;
  /** What is sent from now on leaves after this is fulfilled, never if it is rejected. */
  hold(until: Promise<void>): void;
  /** Writes what is not held, then these last words, and ends the stream. */
  end(lastWords?: string): void;
}

export const makeOutbox = ({ stream, limit, onFailure }: OutboxOptions): Outbox => {
  let queue: (string | Promise<void>)[] = [];
  let queued = 0;
  let scheduled = false;
  let waiting = false;
  let ended = false;

  const schedule = (): void => {
    if (scheduled || waiting || ended) return;
    scheduled = true;
    queueMicrotask(() => {
      scheduled = false;
      if (!waiting && !ended) flush();
    });
  };

  const goOn = (): void => {
    waiting = false;
    schedule();
  };

  const takeTexts = (): string[] => {
    const held = queue.findIndex((item) => typeof item !== 'string');
    const texts = (held < 0 ? queue : queue.slice(0, held)) as string[];
    queue = held < 0 ? [] : queue.slice(held);
    for (const text of texts) queued -= text.length;
    return texts;
  };

  const flush = (): void => {
    const texts = takeTexts();
    if (texts.length > 0 && !stream.write(encodeFrames(texts))) {
      waiting = true;
      stream.once('drain', goOn);
    } else if (queue.length > 0) {
      waiting = true;
      // It stays at the head until it is over: what is behind it is not to be taken for something that may leave.
      void (queue[0] as Promise<void>).then(() => {
        queue.shift();
        goOn();
      }, onFailure);
    }
  };

  return harden({
    send: (text) => {
      if (ended) return;
      queue.push(text);
      queued += text.length;
      if (queued + stream.writableLength > limit) {
        onFailure(makeError('LIMIT_EXCEEDED', `the other side has left more than ${limit} bytes unread`));
        return;
      }
      schedule();
    },
    hold: (until) => {
      if (!ended) queue.push(until);
    },
    end: (lastWords) => {
      if (ended) return;
      ended = true;
      const texts = takeTexts();
      if (lastWords !== undefined) texts.push(lastWords);
      queue = [];
      if (stream.writable) stream.end(texts.length > 0 ? encodeFrames(texts) : undefined);
    },
  } satisfies Outbox);
};
harden(makeOutbox);
