/** Bytes from somebody who is told when each piece was taken, to somebody who reads them one after the other. */
import { makeError } from '../errors/gobs-error.ts';

export interface Conduit {
  /** Resolves when the reader comes for what is next. Rejects with the reason of a break, and LIMIT_EXCEEDED if too many wait. */
  write(bytes: Uint8Array): Promise<void>;
  /** After what was written, the reader is at the end. */
  end(): void;
  /** The reader, and whoever writes, hear why. Idempotent. */
  fail(reason: Error): void;
  readonly source: AsyncIterable<Uint8Array>;
}

interface Offer {
  readonly bytes: Uint8Array;
  readonly taken: () => void;
  readonly refused: (reason: Error) => void;
}

const MOST_WAITING = 8;

export const makeConduit = (): Conduit => {
  const waiting: Offer[] = [];
  let current: Offer | undefined;
  let ended = false;
  let failure: Error | undefined;
  let wake = (): void => {};

  async function* read(): AsyncGenerator<Uint8Array> {
    for (;;) {
      if (failure !== undefined) throw failure;
      current = waiting.shift();
      if (current !== undefined) {
        yield current.bytes;
        current.taken();
        current = undefined;
        continue;
      }
      if (ended) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  return harden({
    write: (bytes: Uint8Array) =>
      new Promise<void>((taken, refused) => {
        if (failure !== undefined) refused(failure);
        else if (ended) refused(makeError('BAD_ARGUMENTS', 'it was said to be at its end'));
        else if (waiting.length >= MOST_WAITING) refused(makeError('LIMIT_EXCEEDED', 'too much is on its way'));
        else waiting.push({ bytes, taken, refused });
        wake();
      }),
    end: () => {
      ended = true;
      wake();
    },
    fail: (reason: Error) => {
      failure ??= reason;
      current?.refused(failure);
      for (const { refused } of waiting.splice(0)) refused(failure);
      wake();
    },
    source: { [Symbol.asyncIterator]: read },
  });
};
harden(makeConduit);
