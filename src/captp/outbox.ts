/**
 * What waits to be written to a stream. Frames of one moment leave in one write; frames that must not leave before something is
 * durable wait for it, and so does everything behind them, because order is what makes a session's tables agree. A frame that nobody
 * waits for leaves with the next one that somebody does, so that a call costs one write and not two: writes are what costs most.
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
  /** Calls back soon, after input and output of others had their chance. */
  readonly soon: (callback: () => void) => void;
}

export interface Outbox {
  send(text: string): void;
  /** In order with all else, but it need not leave at once: it goes with what is sent next, or by itself before long. */
  sendLazily(text: string): void;
  /** What is sent from now on leaves after this is fulfilled, never if it is rejected. */
  hold(until: Promise<void>): void;
  /** Writes what is not held, then these last words, and ends the stream. */
  end(lastWords?: string): void;
}

export const makeOutbox = ({ stream, limit, onFailure, soon }: OutboxOptions): Outbox => {
  let queue: (string | Promise<void>)[] = [];
  let queued = 0;
  let scheduled = false;
  let lazilyScheduled = false;
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

  const scheduleLazily = (): void => {
    if (lazilyScheduled || scheduled || waiting || ended) return;
    lazilyScheduled = true;
    soon(() => {
      lazilyScheduled = false;
      if (queue.length > 0) schedule();
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
        void queue.shift();
        goOn();
      }, onFailure);
    }
  };

  /** True if it may be written. */
  const enqueue = (text: string): boolean => {
    if (ended) return false;
    queue.push(text);
    queued += text.length;
    if (queued + stream.writableLength <= limit) return true;
    onFailure(makeError('LIMIT_EXCEEDED', `the other side has left more than ${limit} bytes unread`));
    return false;
  };

  return harden({
    send: (text) => {
      if (enqueue(text)) schedule();
    },
    sendLazily: (text) => {
      if (enqueue(text)) scheduleLazily();
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
