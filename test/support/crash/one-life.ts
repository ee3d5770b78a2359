/** One life of a crash child: from its start to its death, or its end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import type { Orders } from './crash-child.ts';
import type { DeskLook } from './desks.ts';
import type { History } from './history.ts';

export interface Life {
  readonly orders: Orders;
  /** The root of the source tree whose child it is. */
  readonly tree: string;
  /** Kills it when so many turns were started, or acknowledged. */
  readonly killAfter?: { readonly what: 'started' | 'done'; readonly count: number };
  /** Where its modules are compiled, by an earlier one. */
  readonly cache: string;
}

export interface Ending {
  /** Undefined if it died before it had looked. */
  readonly problems: readonly string[] | undefined;
  readonly calls: readonly string[];
  readonly killed: boolean;
}

/** Rejects if it ended otherwise than by SIGKILL or, with nothing wrong, by itself. */
export const liveOnce = async ({ orders, tree, killAfter, cache }: Life, history: History): Promise<Ending> => {
  const program = join(tree, 'test/support/crash/crash-child.ts');
  const environment = { ...process.env, NODE_COMPILE_CACHE: cache };
  const child = spawn(process.execPath, [program, JSON.stringify(orders)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: environment,
  });
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
  let problems: readonly string[] | undefined;
  let calls: readonly string[] = [];
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const body = (): unknown => JSON.parse(line.slice(line.indexOf(' ') + 1)) as unknown;
      if (line.startsWith('looked ')) problems = history.check(body() as readonly DeskLook[]);
      else if (line.startsWith('calls ')) calls = body() as readonly string[];
      else history.hear(line);
      if (killAfter !== undefined && problems !== undefined && history.told()[killAfter.what] >= killAfter.count) {
        child.kill('SIGKILL');
      }
    }
  } finally {
    child.kill('SIGKILL');
  }
  const [code, signal] = await exited;
  if (signal !== 'SIGKILL' && code !== 0) throw Error(`the child ended with ${code ?? signal}`);
  return { problems, calls, killed: signal === 'SIGKILL' };
};
