/**
 * Commands that run on a machine while somebody holds on to them: the records and guards that client, boss and hob share. Bytes travel as
 * base64, a piece for each call, and the next piece is made when it is asked for: whoever does not read slows the command down, and nobody keeps
 * more than a piece.
 */
import { M, matches } from '@endo/patterns';

/** Bytes of a piece; a third more as base64. */
export const pieceBytes = 1 << 16;
harden(pieceBytes);
/** Characters of a piece, at most: others may make them larger than we do. */
export const longestPiece = 1 << 20;
harden(longestPiece);

/** The program and its arguments, as they are: no shell looks at them. */
export const ArgvShape = M.arrayOf(M.string({ stringLengthLimit: 100_000 }), { arrayLengthLimit: 1_000 });

export const PieceShape = M.string({ stringLengthLimit: longestPiece });

/** How it ended: exactly one of the two is not null. */
export interface CommandEnd {
  /** 0 to 255. */
  readonly code: number | null;
  /** Such as `SIGTERM`. */
  readonly signal: string | null;
}
const CommandEndShape = M.splitRecord(
  { code: M.or(M.null(), M.and(M.gte(0), M.lte(255))), signal: M.or(M.null(), M.string({ stringLengthLimit: 20 })) },
  {},
  M.record({ numPropertiesLimit: 0 }),
);
/** Of what a hob says. */
export const isCommandEnd = (said: unknown): said is CommandEnd =>
  matches(said as never, CommandEndShape) &&
  ((said as CommandEnd).code === null || Number.isInteger((said as CommandEnd).code));
harden(isCommandEnd);

export type CommandPiece =
  | { readonly stream: 'stdout' | 'stderr'; /** base64, never empty. */ readonly bytes: string }
  | { readonly end: CommandEnd };

/** It ends, with all of its process group, when the session by which it was asked for does. */
export interface RunningCommand {
  /** The next piece of what it says, each stream in its order; how it ended, once it has and all is read. */
  read(): CommandPiece;
  /** More of its standard input, as base64. Answered when it has taken it; false: nobody reads that any more. */
  write(bytes: string): boolean;
  endInput(): void;
  /** As Ctrl-C does; whoever does not end by that within five seconds is killed. */
  interrupt(): void;
}

/** What a hob answers. */
export interface StartedCommand {
  readonly handle: RunningCommand;
  readonly ended: Promise<CommandEnd>;
}
