/** This host as one on which things are put: a `RemoteShell` that is a shell here. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { makeError } from '../../src/errors/gobs-error.ts';
import { longestOutput, type RemoteOutcome, type RemoteShell } from '../../src/providers/ssh/remote-shell.ts';

const keepEnd = (stream: Readable): { text: string } => {
  const kept = { text: '' };
  stream.setEncoding('utf8').on('data', (text: string) => {
    kept.text = (kept.text + text).slice(-longestOutput);
  });
  return kept;
};

export interface LocalShellOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `['sh', '-c']`, unless told: what runs a script. */
  readonly command?: readonly string[];
}

export const makeLocalShell = ({ environment, command = ['sh', '-c'] }: LocalShellOptions): RemoteShell => ({
  where: 'here',
  close: () => {},
  run: async (script, { input = '' } = {}): Promise<RemoteOutcome> => {
    const [program = 'sh', ...words] = command;
    const child = spawn(program, [...words, script], { env: { ...environment }, cwd: '/', stdio: 'pipe' });
    const [stdout, stderr] = [keepEnd(child.stdout), keepEnd(child.stderr)];
    // A script that does not read, or ends before the input does, is no failure of ours.
    const fed = pipeline(typeof input === 'string' ? Readable.from([input]) : Readable.from(input), child.stdin).catch(
      () => {},
    );
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    await fed;
    return {
      code,
      ...(signal === null ? {} : { signal: signal.replace('SIG', '') }),
      stdout: stdout.text,
      stderr: stderr.text,
    };
  },
});

/** Where a connection is lost: before that call (counted from 1) runs anything, in the middle of what it sends, or when it has run and nobody has heard it. */
export interface Loss {
  readonly call: number;
  readonly when: 'before' | 'within' | 'after';
}

async function* halfOf(input: AsyncIterable<Uint8Array> | string): AsyncGenerator<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of typeof input === 'string' ? [Buffer.from(input)] : input) chunks.push(chunk);
  const all = Buffer.concat(chunks);
  yield all.subarray(0, all.length / 2);
}

/** One that is lost there, and stays lost. */
export const losing = (shell: RemoteShell, { call, when }: Loss): RemoteShell & { readonly calls: () => number } => {
  let calls = 0;
  const lost = () => makeError('HOST_UNREACHABLE', `${shell.where}: the connection was lost`);
  return {
    ...shell,
    calls: () => calls,
    run: async (script, options = {}) => {
      calls += 1;
      if (calls > call || (calls === call && when === 'before')) throw lost();
      if (calls < call) return shell.run(script, options);
      await shell.run(
        script,
        when === 'within' && options.input !== undefined ? { ...options, input: halfOf(options.input) } : options,
      );
      throw lost();
    },
  };
};
