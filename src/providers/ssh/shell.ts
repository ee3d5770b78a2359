/** The shell of a host over a connection: src/providers/ssh/remote-shell.ts says what whoever uses it may rely on. */
import { Buffer } from 'node:buffer';
import type { ClientChannel } from 'ssh2';
import { makeError } from '../../errors/gobs-error.ts';
import { plainText } from '../../protocol/plain-text.ts';
import type { Connection } from './connection.ts';
import { longestOutput, type RemoteOutcome, type RemoteRun, type RemoteShell } from './remote-shell.ts';

export interface ShellOptions {
  /** Everything is done by `sudo -n`. */
  readonly sudo: boolean;
  readonly setTimer: (callback: () => void, milliseconds: number) => () => void;
}

/** Milliseconds for a script that has no deadline of its own. */
const DEADLINE = 10 * 60_000;

/** As one word of a POSIX shell, whatever is in it. */
export const quoteWord = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
harden(quoteWord);

/** What the login shell of the other side is told. */
export const commandLine = (script: string, sudo: boolean): string =>
  `${sudo ? 'exec sudo -n -- ' : 'exec '}sh -c ${quoteWord(script)}`;
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

export const makeShell = (connection: Connection, { sudo, setTimer }: ShellOptions): RemoteShell => {
  const { where, client, ended } = connection;

  /** `begin` is called at once: a short script has ended before a promise could be awaited, and its end is said once. */
  const open = (script: string, begin: (channel: ClientChannel) => Promise<RemoteOutcome>): Promise<RemoteOutcome> =>
    new Promise((resolve, reject) => {
      void ended.then(reject);
      const refuse = ({ message }: Error): void =>
        reject(makeError('HOST_NOT_MANAGEABLE', `${where}: it runs no commands: ${plainText(message, 200)}`));
      try {
        client.exec(commandLine(script, sudo), (error, channel) => {
          if (error === undefined || error === null) resolve(begin(channel));
          // If it is because the connection ends, that is told first.
          else void Promise.resolve(error).then(refuse);
        });
      } catch (error) {
        // It is not connected any more; why, is told first.
        void Promise.resolve(error as Error).then(refuse);
      }
    });

  const follow = (channel: ClientChannel, { input, deadline = DEADLINE }: RemoteRun): Promise<RemoteOutcome> =>
    new Promise((resolve, reject) => {
      const [stdout, stderr] = [makeTail(), makeTail()];
      let exit: Pick<RemoteOutcome, 'code' | 'signal'> | undefined;
      const { promise: closed, resolve: close } = Promise.withResolvers<void>();
      const cancel = setTimer(() => {
        const seconds = deadline / 1_000;
        giveUp(makeError('HOST_UNREACHABLE', `${where}: a script did not end within ${seconds} s`));
      }, deadline);
      const giveUp = (error: unknown): void => {
        cancel();
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
        cancel();
        close();
        resolve(harden({ ...exit!, stdout: stdout.text(), stderr: stderr.text() }));
      });
      void ended.then(giveUp);
      feed(channel, input, closed).catch(giveUp);
    });

  return harden({
    where,
    run: (script: string, options: RemoteRun = {}) => open(script, (channel) => follow(channel, options)),
    close: connection.close,
  });
};
harden(makeShell);
