/**
 * `gobs exec`: a command on a machine, as if it ran here. Its output is written as it comes, byte for byte, to a terminal too, as ssh does. Nothing that
 * it says is kept: the next piece is asked for when the one before was taken.
 */
import { Buffer } from 'node:buffer';
import type { Readable } from 'node:stream';
import { E } from '@endo/far';
import { makeError } from '../../errors/gobs-error.ts';
import type { MachineAdmin, MachineExecutor } from '../../protocol/remotes.ts';
import { pieceBytes, type CommandEnd, type RunningCommand } from '../../protocol/running-commands.ts';
import { machinesAt } from '../chosen-machines.ts';
import { readCommand } from '../command-output.ts';
import { withConnection, type Connection } from '../connect.ts';
import { execExits, type ExecExit } from '../exit-codes.ts';
import type { CliPowers } from '../powers.ts';
import type { Action } from './action.ts';

/** What was shared may be the executor itself: it has no status. */
const executorAt = async (name: string, connection: Connection): Promise<MachineExecutor> => {
  if (connection.methods.has('exec')) return connection.machine as unknown as MachineExecutor;
  const [found] = await machinesAt({ names: [name] }, connection);
  if (connection.boss !== undefined || connection.methods.has('asExecutor')) {
    return E(found!.machine as MachineAdmin).asExecutor();
  }
  throw makeError('BAD_USAGE', `${name}: what was shared does not let commands be run`);
};

/** Until it ends, or nobody reads any more. */
const feed = async (stdin: Readable, command: RunningCommand): Promise<void> => {
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk as Uint8Array);
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      if ((await E(command).write(bytes.toString('base64', at, at + pieceBytes))) !== true) return;
    }
  }
  await E(command).endInput();
};

const exitOf = ({ code, signal }: CommandEnd, signals: CliPowers['signals']): ExecExit => {
  if (code !== null) return code;
  const number = Object.hasOwn(signals, signal ?? '') ? signals[signal ?? ''] : undefined;
  return number === undefined ? execExits.gobsFailed : execExits.signalled + number;
};

export const execOnMachine: Action<'exec'> = ({ at, name, argv }, { powers, output }) =>
  withConnection(at, powers, output, async (connection) => {
    const executor = await executorAt(name, connection);
    // Never settled: it breaks when the session ends, and so the command does.
    const asking = Promise.withResolvers<never>();
    const command = await E(executor).exec(argv, { by: powers.userName }, asking.promise);
    const given = Promise.withResolvers<never>();
    let interrupts = 0;
    const leave = powers.onInterrupt(() => {
      interrupts += 1;
      // Whoever asks twice does not wait for it.
      if (interrupts > 1) {
        given.reject(makeError('WAIT_INTERRUPTED', `${name}: the command was given up, and is ended`));
      } else {
        E(command)
          .interrupt()
          .catch(() => {});
      }
    });
    given.promise.catch(() => {});
    // What is not taken any more is of no interest: how it ended is.
    feed(powers.stdin, command).catch(() => {});
    try {
      return exitOf(await Promise.race([readCommand(name, command, powers.writeBytes), given.promise]), powers.signals);
    } finally {
      leave();
    }
  });
harden(execOnMachine);
