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
  /** What runs a script; `sh -c`, unless told. */
  readonly command?: (script: string) => readonly string[];
  readonly where?: string;
}

export const makeLocalShell = ({
  environment,
  command = (script) => ['sh', '-c', script],
  where = 'here',
}: LocalShellOptions): RemoteShell => ({
  where,
  close: () => {},
  run: async (script, { input = '' } = {}): Promise<RemoteOutcome> => {
    const [program = 'sh', ...words] = command(script);
    const child = spawn(program, words, { env: { ...environment }, cwd: '/', stdio: 'pipe' });
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

/** What changes a host in our scripts. Before and after each of these is a point. */
const effects = ['chmod', 'ln', 'mkdir', 'mv', 'rm', 'rmdir', 'sync'];

const pointWords = (counter: string, last: number): string => `
point() { printf x >>'${counter}'; [ "$(wc -c <'${counter}')" != ${last} ] || command kill -KILL $$; }
${effects.map((name) => `${name}() { point; command ${name} "$@" || return $?; point; }`).join('\n')}
`;

/**
 * One whose scripts die at a point, counted over all of them (from 1) in a file; from then on the connection is lost. `last` 0: at none.
 */
export const makeDoomedShell = (shell: RemoteShell, counter: string, last: number): RemoteShell => {
  let isLost = false;
  const lose = () => {
    isLost = true;
    return makeError('HOST_UNREACHABLE', `${shell.where}: the connection was lost`);
  };
  return {
    ...shell,
    run: async (script, options) => {
      if (isLost) throw lose();
      const outcome = await shell.run(`${pointWords(counter, last)}${script}`, options);
      if (outcome.signal === 'KILL') throw lose();
      return outcome;
    },
  };
};
