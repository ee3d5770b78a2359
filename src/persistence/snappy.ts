/**
 * Reads what Snappy packed: LevelDB's blocks are. A packed block is its unpacked length, then pieces: bytes as they are, or a copy of bytes
 * that came before.
 *
 *   tag & 3   0: bytes as they are    1: copy, 11 bits of distance    2: copy, 16 bits    3: copy, 32 bits
 */
import { Buffer } from 'node:buffer';
import { makeVarintReader } from './varint-reader.ts';

interface Copy {
  readonly length: number;
  readonly distance: number;
  /** Bytes of tag and distance. */
  readonly size: number;
}

const copyAt = (packed: Buffer, at: number): Copy => {
  const tag = packed[at]!;
  const length = (tag >> 2) + 1;
  if ((tag & 3) === 1) return { length: ((tag >> 2) & 7) + 4, distance: (tag >> 5) * 256 + packed[at + 1]!, size: 2 };
  if ((tag & 3) === 2) return { length, distance: packed.readUInt16LE(at + 1), size: 3 };
  return { length, distance: packed.readUInt32LE(at + 1), size: 5 };
};

/** Where the bytes as they are begin and end. */
const bytesAt = (packed: Buffer, at: number): { readonly from: number; readonly to: number } => {
  const short = packed[at]! >> 2;
  if (short < 60) return { from: at + 1, to: at + 2 + short };
  const size = short - 59;
  const from = at + 1 + size;
  return { from, to: from + packed.readUIntLE(at + 1, size) + 1 };
};

/** Throws for what was not packed so. */
export const unpackSnappy = (packed: Buffer): Buffer => {
  const head = makeVarintReader(packed);
  const unpacked = Buffer.alloc(head.number());
  let to = 0;
  for (let at = head.at; at < packed.length;) {
    if ((packed[at]! & 3) === 0) {
      const bytes = bytesAt(packed, at);
      to += packed.copy(unpacked, to, bytes.from, bytes.to);
      at = bytes.to;
    } else {
      const { length, distance, size } = copyAt(packed, at);
      // A copy may reach into itself, and repeats it then.
      for (let byte = 0; byte < length; byte += 1) unpacked[to + byte] = unpacked[to + byte - distance]!;
      to += length;
      at += size;
    }
  }
  if (to !== unpacked.length) throw Error(`${unpacked.length} bytes expected, ${to} unpacked`);
  return unpacked;
};
harden(unpackSnappy);
