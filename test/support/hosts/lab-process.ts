/** The process of this machine that is a host: it dies with the tests, and keeps its last words. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const WORDS = 8_000;

export interface LabProcess {
  readonly child: ChildProcess;
  /** The end of what it said. */
  words(): string;
  hasEnded(): boolean;
  /** Resolves with the exit code, null after a signal. */
  readonly ended: Promise<number | null>;
  /** When it says so, from now on, on stdout or stderr. Rejects if it ends before. */
  says(text: string): Promise<void>;
}

/** `signal`: what the kernel sends it when the test process dies. */
export const startLabProcess = (signal: 'KILL' | 'TERM', words: readonly string[]): LabProcess => {
  const child = spawn('setpriv', ['--pdeathsig', signal, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const listeners = new Set<(chunk: string) => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      said = (said + chunk).slice(-WORDS);
      listeners.forEach((listener) => listener(chunk));
    });
  }
  const ended = once(child, 'close').then(([code]) => code as number | null);
  ended.catch(() => undefined);
  let over = false;
  void ended.finally(() => (over = true)).catch(() => undefined);
  return {
    child,
    words: () => said,
    hasEnded: () => over,
    ended,
    says: (text) =>
      new Promise((resolve, reject) => {
        let heard = '';
        const listener = (chunk: string) => {
          heard += chunk;
          if (!heard.includes(text)) return;
          listeners.delete(listener);
          resolve();
        };
        listeners.add(listener);
        ended.then((code) => reject(Error(`it ended with ${code}: ${said.trim()}`)), reject);
      }),
  };
};
