/**
 * What anybody would write to send JSON over a stream: length (u32) and text. All that is sent in one moment leaves in one write, as
 * src/captp does it, so that what is compared is what is around the frames. No limits, no checks.
 */
import type { Duplex } from 'node:stream';

/** Returns the function that sends. */
export const linkFrames = (stream: Duplex, onText: (text: string) => void): ((text: string) => void) => {
  let rest: Buffer = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE(0)) {
      const end = 4 + bytes.readUInt32BE(0);
      onText(bytes.toString('utf8', 4, end));
      bytes = bytes.subarray(end);
    }
    rest = bytes;
  });
  let frames: Buffer[] = [];
  const flush = (): void => {
    const bytes = Buffer.concat(frames);
    frames = [];
    stream.write(bytes);
  };
  return (text) => {
    const length = Buffer.byteLength(text);
    const frame = Buffer.allocUnsafe(4 + length);
    frame.writeUInt32BE(length, 0);
    frame.write(text, 4);
    if (frames.push(frame) === 1) queueMicrotask(flush);
  };
};
