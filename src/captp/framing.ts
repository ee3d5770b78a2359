/**
 * Bytes to frames and back. A frame is its length in bytes (u32, big-endian) and that many bytes of UTF-8 text.
 *
 * The length is looked at as soon as its four bytes are there, so that a frame over the limit is refused before any of it is kept.
 * What is kept of a frame that is not whole yet grows with the bytes that came, not with the length that was promised.
 */
import { makeError } from '../errors/gobs-error.ts';

const HEADER_BYTES = 4;
const FIRST_BUFFER = 1024;

export interface FrameReader {
  /** Bytes as they came. The reader owns them from now on. */
  push(chunk: Buffer): void;
  /** The text of the next whole frame, or undefined. Throws LIMIT_EXCEEDED or PROTOCOL_ERROR; then the stream is of no more use. */
  next(): string | undefined;
  /** From now on frames may have so many bytes. */
  allow(frameBytes: number): void;
  /** Bytes that came and are in no frame that `next` gave. */
  readonly waiting: number;
}

export const makeFrameReader = (frameBytes: number): FrameReader => {
  let limit = frameBytes;
  let bytes: Buffer = Buffer.alloc(0);
  let start = 0;
  let end = 0;

  /** Makes room behind `end`; doubles, so that many small chunks cost no more than few large ones. */
  const makeRoom = (size: number): void => {
    const kept = end - start;
    if (bytes.length - end >= size) return;
    const larger = Buffer.allocUnsafe(Math.max(FIRST_BUFFER, 2 * kept, kept + size));
    bytes.copy(larger, 0, start, end);
    bytes = larger;
    start = 0;
    end = kept;
  };

  return harden({
    push: (chunk) => {
      if (start === end) {
        bytes = chunk;
        start = 0;
        end = chunk.length;
        return;
      }
      makeRoom(chunk.length);
      chunk.copy(bytes, end);
      end += chunk.length;
    },
    next: () => {
      if (end - start < HEADER_BYTES) return undefined;
      const length = bytes.readUInt32BE(start);
      if (length > limit) throw makeError('LIMIT_EXCEEDED', `a frame of ${length} bytes, where ${limit} are allowed`);
      if (length === 0) throw makeError('PROTOCOL_ERROR', 'an empty frame');
      if (end - start < HEADER_BYTES + length) return undefined;
      const from = start + HEADER_BYTES;
      start = from + length;
      return bytes.toString('utf8', from, start);
    },
    allow: (newLimit) => {
      limit = newLimit;
    },
    get waiting() {
      return end - start;
    },
  } satisfies FrameReader);
};
harden(makeFrameReader);

/** The bytes of several frames in one piece, to be written at once. */
export const encodeFrames = (texts: readonly string[]): Buffer => {
  const lengths = texts.map((text) => Buffer.byteLength(text));
  const bytes = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + HEADER_BYTES + length, 0));
  let at = 0;
  texts.forEach((text, index) => {
    at = bytes.writeUInt32BE(lengths[index]!, at);
    at += bytes.write(text, at, 'utf8');
  });
  return bytes;
};
harden(encodeFrames);
