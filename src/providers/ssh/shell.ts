/** The shell of a host over a connection: src/providers/ssh/remote-shell.ts says what whoever uses it may rely on. */
import { Buffer } from 'node:buffer';
import type { ClientChannel } from 'ssh2';
import { makeError } from '../../errors/gobs-error.ts';
import { plainText } from '../../protocol/plain-text.ts';
import type { Connection } from './connection.ts';
import { quote } from './install/sh-words.ts';
import { longestOutput, type RemoteOutcome, type RemoteRun, type RemoteShell } from './remote-shell.ts';

export interface ShellOptions {
  /** Everything is done by `sudo -n`. */
  readonly sudo: boolean;
  readonly setTimer: (callback: () => void, milliseconds: number) => () => void;
}

/** Milliseconds for a script that has no deadline of its own. */
const DEADLINE = 10 * 60_000;

/** What the login shell of the other side is told. */
export const commandLine = (script: string, sudo: boolean): string =>
  `${sudo ? 'exec sudo -n -- ' : 'exec '}sh -c ${quote(script)}`;
harden(commandLine);

/** Keeps the end of what comes. */
const makeTail = () => {
  let chunks: Buffer[] = [];
  let length = 0;
  return {
    add: (chunk: Uint8Array): void => {
      chunks.push(Buffer.from(chunk));
      length += chunk.length;
      if (length < 2 * longestOutput) return;
      const end = Buffer.concat(chunks).subarray(-longestOutput);
      [chunks, length] = [[Buffer.from(end)], end.length];
    },
    text: (): string => Buffer.concat(chunks).subarray(-longestOutput).toString('utf8'),
  };
};

/** Writes all of it, as fast as the other side takes it; ends early without a word when the channel does. */
const feed = async (channel: ClientChannel, input: RemoteRun['input'], closed: Promise<unknown>): Promise<void> => {
  let isClosed = false;
  void closed.then(() => {
    isClosed = true;
  });
  const write = async (chunk: string | Uint8Array): Promise<void> => {
    if (channel.write(chunk)) return;
    await Promise.race([new Promise((resolve) => channel.once('drain', resolve)), closed]);
  };
  if (typeof input === 'string') await write(input);
  else if (input !== undefined) {
    for await (const chunk of input) {
      if (isClosed) return;
      await write(chunk);
    }
  }
  if (!isClosed) channel.end();
};

/** Begins with the asking, not with the script: a host may never begin that. */
const beginDeadline = (where: string, deadline: number, setTimer: ShellOptions['setTimer']) => {
  const { promise: late, resolve } = Promise.withResolvers<Error>();
  const words = `${where}: a script did not end within ${deadline / 1_000} s`;
  const cancel = setTimer(() => resolve(makeError('HOST_UNREACHABLE', words)), deadline);
  return { late, cancel };
};

/** A script that has begun, to its end. `late`: fulfilled when it took too long. */
const follow = (
  { where, ended }: Pick<Connection, 'where' | 'ended'>,
  channel: ClientChannel,
  input: RemoteRun['input'],
  late: Promise<Error>,
): Promise<RemoteOutcome> =>
  new Promise((resolve, reject) => {
    const [stdout, stderr] = [makeTail(), makeTail()];
    let exit: Pick<RemoteOutcome, 'code' | 'signal'> | undefined;
    const { promise: closed, resolve: close } = Promise.withResolvers<void>();
    const giveUp = (error: unknown): void => {
      close();
      reject(error as Error);
      channel.destroy();
    };
    channel.on('data', stdout.add);
    channel.stderr.on('data', stderr.add);
    channel.on('error', giveUp);
    channel.stderr.on('error', () => {});
    channel.on('exit', (code: number | null, signal?: string) => {
      exit = harden({ code, ...(signal === undefined ? {} : { signal: signal.replace(/^SIG/, '') }) });
    });
    channel.on('close', () => {
      if (exit === undefined) giveUp(makeError('HOST_UNREACHABLE', `${where}: the connection was lost`));
      close();
      resolve(harden({ ...exit!, stdout: stdout.text(), stderr: stderr.text() }));
    });
    void ended.then(giveUp);
    void late.then(giveUp);
    feed(channel, input, closed).catch(giveUp);
  });

export const makeShell = (connection: Connection, { sudo, setTimer }: ShellOptions): RemoteShell => {
  const { where, client, ended } = connection;

  /** `begin` is called at once: a short script has ended before a promise could be awaited, and its end is said once. */
  const open = (
    script: string,
    late: Promise<Error>,
    begin: (channel: ClientChannel) => Promise<RemoteOutcome>,
  ): Promise<RemoteOutcome> =>
    new Promise((resolve, reject) => {
      let isLate = false;
      void ended.then(reject);
      void late.then((error) => {
        isLate = true;
        reject(error);
      });
      const refuse = ({ message }: Error): void =>
        reject(makeError('HOST_NOT_MANAGEABLE', `${where}: it runs no commands: ${plainText(message, 200)}`));
      try {
        client.exec(commandLine(script, sudo), (error, channel) => {
          // If it is because the connection ends, that is told first.
          if (error !== undefined && error !== null) void Promise.resolve(error).then(refuse);
          else if (isLate) channel.on('error', () => {}).destroy();
          else resolve(begin(channel));
        });
      } catch (error) {
        // It is not connected any more; why, is told first.
        void Promise.resolve(error as Error).then(refuse);
      }
    });

  const run = async (script: string, { input, deadline = DEADLINE }: RemoteRun = {}): Promise<RemoteOutcome> => {
    const { late, cancel } = beginDeadline(where, deadline, setTimer);
    try {
      return await open(script, late, (channel) => follow(connection, channel, input, late));
    } finally {
      cancel();
    }
  };

  return harden({
    where,
    run,
    close: connection.close,
  });
};
harden(makeShell);
