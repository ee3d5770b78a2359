/** Starts a process that is to be measured, or that measures, and asks it for things; the other half is in answer-parent.ts. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Answer } from './answer-parent.ts';

export interface Child {
  readonly pid: number;
  /** Rejects if the child answers with an error, or ends. */
  ask<T>(name: string, argument?: unknown): Promise<T>;
  /** Resolves when it is gone. Idempotent. */
  end(): Promise<void>;
}

const PATIENCE = 5_000;

/** What is under way, so that an interrupted run leaves nothing behind. */
const running = new Set<Child>();
export const endChildren = async (): Promise<void> => {
  await Promise.all([...running].map((child) => child.end()));
};

export interface ChildOptions {
  /** Arguments. */
  readonly words?: readonly string[];
  /** `--expose-gc` and the like. */
  readonly nodeOptions?: readonly string[];
  /** It logs; nobody wants to read that. */
  readonly quiet?: boolean;
}

/** `file` lies in this folder. */
export const startChild = (file: string, { words = [], nodeOptions = [], quiet = false }: ChildOptions = {}): Child => {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const what = [file, ...words].join(' ');
  const output = quiet ? 'ignore' : 'inherit';
  const child = fork(path, words, { execArgv: [...nodeOptions], stdio: ['ignore', output, output, 'ipc'] });
  const waiting = new Map<number, { resolve(value: unknown): void; reject(reason: Error): void }>();
  const gone = Promise.withResolvers<void>();
  let number = 0;

  child.on('message', (answer: Answer) => {
    const asked = waiting.get(answer.number);
    waiting.delete(answer.number);
    if ('error' in answer) asked?.reject(Error(`${what}: ${answer.error}`));
    else asked?.resolve(answer.result);
  });
  child.once('exit', (code, signal) => {
    running.delete(started);
    for (const { reject } of waiting.values()) reject(Error(`${what} has ended: ${code ?? signal}`));
    gone.resolve();
  });

  const started: Child = {
    pid: child.pid!,
    ask: <T>(name: string, argument?: unknown) =>
      new Promise<T>((resolve, reject) => {
        number += 1;
        waiting.set(number, { resolve: resolve as (value: unknown) => void, reject });
        child.send({ number, name, argument });
      }),
    end: async () => {
      // It goes by itself, and may have something to take along.
      if (child.connected) child.disconnect();
      const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
      await gone.promise;
      clearTimeout(late);
    },
  };
  running.add(started);
  return started;
};
