/** Runs a program of this folder in a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ConvergeAnswer, ConvergeOrder } from './converge-in-child.ts';

const program = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export interface ConvergeOutcome {
  /** Undefined if it was killed. */
  readonly answer: ConvergeAnswer | undefined;
  readonly signal: NodeJS.Signals | null;
}

/** Resolves when the process is gone. */
export const convergeInChild = async (order: ConvergeOrder): Promise<ConvergeOutcome> => {
  const child = spawn(process.execPath, [program('converge-in-child.ts')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stdin.end(JSON.stringify(order));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  if (code !== 0 && signal === null) throw new Error(`the child ended with ${code}`);
  const answer = signal === null ? (JSON.parse(Buffer.concat(output).toString('utf8')) as ConvergeAnswer) : undefined;
  return { answer, signal };
};

export interface Swapper {
  /** Ends it, and tells how often it swapped. */
  stop(): Promise<number>;
}

/** Makes `directory` a symlink to `target` and a directory again, without a pause. Resolves when it has begun. */
export const startSwapper = async (directory: string, target: string): Promise<Swapper> => {
  const child = spawn(process.execPath, [program('swap-in-child.ts'), directory, target], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  await once(child.stdout, 'data');
  return {
    stop: async () => {
      child.stdin.end();
      const [code] = (await closed) as [number | null];
      if (code !== 0) throw new Error(`the swapper ended with ${code}`);
      return Number(output.trim().split('\n').at(-1));
    },
  };
};
