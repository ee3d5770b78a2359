/**
 * Files that go to or from a machine (`gobs cp`): the records that client, boss and hob share. Bytes travel as base64, a piece for each call, and nobody
 * keeps more than a piece. Paths are as in documents: absolute below the machine's root, in one spelling, without symlinks on the way.
 */
import { M, matches } from '@endo/patterns';

/** Bytes of a piece that we send; a third more as base64. */
export const copyPieceBytes = 1 << 18;
harden(copyPieceBytes);
/** Permissions that a copy has: never setuid, setgid or sticky. */
export const copiedMode = 0o777;
harden(copiedMode);

export interface FoundFile {
  readonly type: string;
  readonly mode: number;
  /** Bytes. */
  readonly size: number;
}
const count = M.and(M.gte(0), M.lte(Number.MAX_SAFE_INTEGER));
const FoundFileShape = M.splitRecord(
  { type: M.string({ stringLengthLimit: 60 }), mode: count, size: count },
  {},
  M.record({ numPropertiesLimit: 0 }),
);
/** Of what a hob says. */
export const isFoundFile = (said: unknown): said is FoundFile => matches(said as never, FoundFileShape);
harden(isFoundFile);

/** A file of a machine, read from its beginning. */
export interface Download {
  about(): FoundFile;
  /** The next bytes, as base64; '' at the end. */
  read(): string;
}

/** A file on its way to a machine. It has its name when `finish` is answered, whole, or never. */
export interface Upload {
  /** Answered when it is written. */
  write(bytes: string): void;
  finish(): void;
}

export interface CopyEnd {
  readonly bytes: number;
}
const CopyEndShape = M.splitRecord({ bytes: count }, {}, M.record({ numPropertiesLimit: 0 }));
export const isCopyEnd = (said: unknown): said is CopyEnd => matches(said as never, CopyEndShape);
harden(isCopyEnd);

export interface StartedCopy<Handle> {
  readonly handle: Handle;
  /** Rejected if it was given up. */
  readonly ended: Promise<CopyEnd>;
}
