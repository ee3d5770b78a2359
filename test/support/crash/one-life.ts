/** One life of a crash child: from its start to its death, or its end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import type { RowsLook } from './check-rows.ts';
import type { Orders } from './crash-child.ts';
import type { DeskLook } from './desk-look.ts';
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
  /** With which it began; undefined if it died before it had seen them. */
  readonly rows: RowsLook | undefined;
  readonly problems: readonly string[];
  readonly calls: readonly string[];
  readonly killed: boolean;
  /** What it had begun, and did not tell the end of. */
  readonly upgrading: boolean;
  readonly collecting: boolean;
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
  const problems: string[] = [];
  let rows: RowsLook | undefined;
  let calls: readonly string[] = [];
  const told = new Set<string>();
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const what = line.split(' ', 1)[0]!;
      const body = (): unknown => JSON.parse(line.slice(what.length + 1)) as unknown;
      if (what === 'rows') problems.push(...(rows = body() as RowsLook).problems);
      // What it was telling when it was killed may be cut short.
      else if (what === 'looked' && child.killed) continue;
      else if (what === 'looked') problems.push(...history.check(body() as readonly DeskLook[], orders.version));
      else if (what === 'calls') calls = body() as readonly string[];
      else history.hear(line);
      told.add(what);
      if (what === 'collecting') told.delete('collected');
      if (killAfter !== undefined && told.has('working') && history.told()[killAfter.what] >= killAfter.count) {
        child.kill('SIGKILL');
      }
    }
  } finally {
    child.kill('SIGKILL');
  }
  const [code, signal] = await exited;
  if (signal !== 'SIGKILL' && code !== 0) throw Error(`the child ended with ${code ?? signal}`);
  return {
    rows,
    problems,
    calls,
    killed: signal === 'SIGKILL',
    upgrading: told.has('upgrading') && !told.has('upgraded'),
    collecting: told.has('collecting') && !told.has('collected'),
  };
};
