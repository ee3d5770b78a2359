/** Programs of the machine that runs the tests: `ip`, `mount`, `nsenter`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface CommandOutcome {
  /** Null: a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Whatever its exit code is. Rejects if there is no such program. */
export const attempt = async (
  command: string,
  args: readonly string[],
  { input = '' }: { readonly input?: string } = {},
): Promise<CommandOutcome> => {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => (output[name] += chunk));
  }
  // Who does not read what he is given is no failure of ours.
  child.stdin.on('error', () => undefined).end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
};

/** What it says on stdout. Rejects with what it says on stderr if it fails. */
export const command = async (name: string, ...args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await attempt(name, args);
  if (code !== 0) throw Error(`${name} ${args.join(' ')}: ${code}: ${stderr.trim() || stdout.trim()}`);
  return stdout;
};

/** A script in which `$1`, `$2`, … are the words; it ends at the first command that fails. */
export const script = (text: string, ...words: readonly string[]): Promise<string> =>
  command('sh', '-euc', text, 'sh', ...words);
