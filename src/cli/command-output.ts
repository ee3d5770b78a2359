/** Reading what a command on a machine says, to its end. A hob may have been taken over: whatever it answers is looked at first. */
import { Buffer } from 'node:buffer';
import { E } from '@endo/far';
import { makeError } from '../errors/gobs-error.ts';
import {
  isCommandEnd,
  longestPiece,
  type CommandEnd,
  type CommandPiece,
  type RunningCommand,
} from '../protocol/running-commands.ts';

type Output = Extract<CommandPiece, { readonly stream: unknown }>;

const isOutput = (piece: unknown): piece is Output => {
  const { stream, bytes } = (piece ?? {}) as Partial<Output>;
  const isStream = stream === 'stdout' || stream === 'stderr';
  return isStream && typeof bytes === 'string' && bytes.length > 0 && bytes.length <= longestPiece;
};

/** How it ended. The next piece is asked for when `take` has taken the one before. Rejects PROTOCOL_ERROR for a hob that answers with anything else. */
export const readCommand = async (
  name: string,
  command: RunningCommand,
  take: (stream: 'stdout' | 'stderr', bytes: Buffer) => Promise<void>,
): Promise<CommandEnd> => {
  for (;;) {
    const piece: unknown = await E(command).read();
    if (isOutput(piece)) {
      await take(piece.stream, Buffer.from(piece.bytes, 'base64'));
      continue;
    }
    const end: unknown = (piece as Partial<{ readonly end: unknown }> | undefined)?.end;
    if (isCommandEnd(end)) return end;
    throw makeError('PROTOCOL_ERROR', `${name}: its hob answered with something that is no output of a command`);
  }
};
harden(readCommand);
