/** What a process says on one stream: all of it, and a way to wait until it has said something. */
import type { Readable } from 'node:stream';

export interface Transcript {
  /** So far. */
  readonly text: string;
  /** Resolves with the first match, also if it was said before. Rejects, with all that was said, if the stream ends without one. */
  said(pattern: RegExp | string): Promise<string>;
}

interface Waiter {
  readonly pattern: RegExp | string;
  readonly resolve: (match: string) => void;
  readonly reject: (error: Error) => void;
}

const matchIn = (text: string, pattern: RegExp | string): string | undefined =>
  typeof pattern === 'string' ? (text.includes(pattern) ? pattern : undefined) : pattern.exec(text)?.[0];

export const makeTranscript = (stream: Readable): Transcript => {
  let text = '';
  let ended = false;
  let waiters: readonly Waiter[] = [];

  const serve = (): void => {
    waiters = waiters.filter(({ pattern, resolve, reject }) => {
      const match = matchIn(text, pattern);
      if (match !== undefined) resolve(match);
      else if (ended) reject(Error(`it ended without saying ${String(pattern)}, but: ${text || '(nothing)'}`));
      return match === undefined && !ended;
    });
  };
  const end = (): void => {
    ended = true;
    serve();
  };
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    text += chunk;
    serve();
  });
  stream.once('close', end).once('error', end);

  return {
    get text() {
      return text;
    },
    said: (pattern) =>
      new Promise((resolve, reject) => {
        waiters = [...waiters, { pattern, resolve, reject }];
        serve();
      }),
  };
};
