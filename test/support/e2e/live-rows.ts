/** The rows of a boss that runs, as long as nobody asks it to write anything. */
import { cp, mkdtemp } from 'node:fs/promises';
import { rowsOf } from './rows-of.ts';
import type { Sandbox } from './sandbox.ts';

export const liveRowsOf = async (sandbox: Sandbox, state: string): Promise<Readonly<Record<string, string>>> => {
  const copy = await mkdtemp(sandbox.at('copy-'));
  await cp(`${state}/store`, `${copy}/store`, { recursive: true });
  return rowsOf(copy);
};
